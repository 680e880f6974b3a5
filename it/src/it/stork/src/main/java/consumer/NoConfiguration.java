package consumer;

import io.smallrye.stork.api.config.ServiceConfig;
import io.smallrye.stork.spi.config.ConfigProvider;
import java.util.List;

/** The program says by itself where services are; Stork wants a provider all the same. */
public final class NoConfiguration implements ConfigProvider {
  @Override
  public List<ServiceConfig> getConfigs() {
    return List.of();
  }

  @Override
  public int priority() {
    return 0;
  }
}
