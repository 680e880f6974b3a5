package dev.rollcall.stork;

import dev.rollcall.Balancer;
import io.smallrye.stork.api.LoadBalancer;
import io.smallrye.stork.api.ServiceDiscovery;
import io.smallrye.stork.api.config.LoadBalancerAttribute;
import io.smallrye.stork.api.config.LoadBalancerType;
import io.smallrye.stork.spi.LoadBalancerProvider;

/**
 * Selects by what the registry knows: weights, zones, and which instances have failed. An instance
 * of which a call was recorded as failed is left alone for a second and longer, by {@link
 * dev.rollcall.ServiceView#failed}. Only for services that are discovered by Rollcall.
 *
 * @since 0.1.0
 */
@LoadBalancerType(RollcallStork.TYPE)
@LoadBalancerAttribute(
    name = "balancer",
    defaultValue = "weighted",
    description = "How to select: weighted, round-robin or random.")
@LoadBalancerAttribute(
    name = "zone",
    description = "The zone to prefer, as long as it has instances; without it, none.")
public final class RollcallLoadBalancerProvider
    implements LoadBalancerProvider<RollcallAttributes> {

  /** Creates a provider, as Stork does. */
  public RollcallLoadBalancerProvider() {}

  /**
   * Makes a load balancer of a service.
   *
   * @throws IllegalArgumentException where the service is discovered otherwise, or there is no such
   *     balancer
   */
  @Override
  public LoadBalancer createLoadBalancer(
      RollcallAttributes attributes, ServiceDiscovery discovery) {
    if (!(discovery instanceof RollcallServiceDiscovery ours)) {
      throw new IllegalArgumentException(
          "load balancer rollcall: given for "
              + discovery.getClass().getName()
              + " (expected: the service discovery rollcall)");
    }
    Balancer balancer = balancer(attributes.text("balancer", "weighted"));
    String zone = attributes.text("zone", "");
    return new RollcallLoadBalancer(
        ours.view().balancedBy(zone.isEmpty() ? balancer : Balancer.preferZone(zone, balancer)));
  }

  private static Balancer balancer(String name) {
    return switch (name) {
      case "weighted" -> Balancer.weighted();
      case "round-robin" -> Balancer.roundRobin();
      case "random" -> Balancer.random();
      default ->
          throw new IllegalArgumentException(
              "balancer: " + name + " (expected: weighted, round-robin or random)");
    };
  }
}
