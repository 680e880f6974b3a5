package dev.rollcall.stork;

import io.smallrye.stork.api.LoadBalancer;
import io.smallrye.stork.api.ServiceDiscovery;
import io.smallrye.stork.api.config.ConfigWithType;
import io.smallrye.stork.spi.internal.LoadBalancerLoader;

/**
 * How Stork finds {@link RollcallLoadBalancerProvider}.
 *
 * @since 0.1.0
 */
public final class RollcallLoadBalancerProviderLoader implements LoadBalancerLoader {
  private final RollcallLoadBalancerProvider provider = new RollcallLoadBalancerProvider();

  /** Creates a loader, as Stork does. */
  public RollcallLoadBalancerProviderLoader() {}

  @Override
  public LoadBalancer createLoadBalancer(ConfigWithType config, ServiceDiscovery discovery) {
    return provider.createLoadBalancer(new RollcallAttributes(config.parameters()), discovery);
  }

  @Override
  public String type() {
    return RollcallStork.TYPE;
  }
}
