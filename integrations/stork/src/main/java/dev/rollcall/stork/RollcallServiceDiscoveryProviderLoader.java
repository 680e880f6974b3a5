package dev.rollcall.stork;

import io.smallrye.stork.api.ServiceDiscovery;
import io.smallrye.stork.api.config.ConfigWithType;
import io.smallrye.stork.api.config.ServiceConfig;
import io.smallrye.stork.spi.StorkInfrastructure;
import io.smallrye.stork.spi.internal.ServiceDiscoveryLoader;

/**
 * How Stork finds {@link RollcallServiceDiscoveryProvider}.
 *
 * @since 0.1.0
 */
public final class RollcallServiceDiscoveryProviderLoader implements ServiceDiscoveryLoader {
  private final RollcallServiceDiscoveryProvider provider = new RollcallServiceDiscoveryProvider();

  /** Creates a loader, as Stork does. */
  public RollcallServiceDiscoveryProviderLoader() {}

  @Override
  public ServiceDiscovery createServiceDiscovery(
      ConfigWithType config,
      String serviceName,
      ServiceConfig serviceConfig,
      StorkInfrastructure infrastructure) {
    return provider.createServiceDiscovery(
        new RollcallAttributes(config.parameters()), serviceName, serviceConfig, infrastructure);
  }

  @Override
  public String type() {
    return RollcallStork.TYPE;
  }
}
