package dev.rollcall.stork;

import io.smallrye.stork.api.config.ServiceConfig;
import io.smallrye.stork.spi.config.ConfigProvider;
import java.util.List;

/** What a configuration file is to a program: Stork finds it by {@code ServiceLoader}. */
public final class TestConfig implements ConfigProvider {
  private static volatile List<ServiceConfig> services = List.of();

  static void set(ServiceConfig... services) {
    TestConfig.services = List.of(services);
  }

  @Override
  public List<ServiceConfig> getConfigs() {
    return services;
  }

  @Override
  public int priority() {
    return Integer.MAX_VALUE;
  }
}
