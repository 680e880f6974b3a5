package dev.rollcall.stork;

import io.smallrye.stork.api.ServiceRegistrar;
import io.smallrye.stork.api.config.ConfigWithType;
import io.smallrye.stork.spi.StorkInfrastructure;
import io.smallrye.stork.spi.internal.ServiceRegistrarLoader;

/**
 * How Stork finds {@link RollcallServiceRegistrarProvider}.
 *
 * @since 0.1.0
 */
public final class RollcallServiceRegistrarProviderLoader
    implements ServiceRegistrarLoader<RollcallMetadataKey> {
  private final RollcallServiceRegistrarProvider provider = new RollcallServiceRegistrarProvider();

  /** Creates a loader, as Stork does. */
  public RollcallServiceRegistrarProviderLoader() {}

  @Override
  public ServiceRegistrar<RollcallMetadataKey> createServiceRegistrar(
      ConfigWithType config, String serviceName, StorkInfrastructure infrastructure) {
    return provider.createServiceRegistrar(
        new RollcallAttributes(config.parameters()), serviceName, infrastructure);
  }

  @Override
  public String type() {
    return RollcallStork.TYPE;
  }
}
