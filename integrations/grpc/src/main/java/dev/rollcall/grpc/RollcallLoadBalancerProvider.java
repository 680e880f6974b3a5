package dev.rollcall.grpc;

import io.grpc.LoadBalancer;
import io.grpc.LoadBalancerProvider;

/**
 * The policy {@code rollcall}, which lets the balancer of a {@link dev.rollcall.ServiceView} choose
 * among the instances that are connected. It works with targets of the scheme {@code rollcall}
 * alone, and has no configuration: how to choose stands in the target, see {@link RollcallGrpc}.
 * gRPC finds it by {@link java.util.ServiceLoader}. Stateless.
 *
 * @since 0.1.0
 */
public final class RollcallLoadBalancerProvider extends LoadBalancerProvider {
  /** Creates it. */
  public RollcallLoadBalancerProvider() {}

  @Override
  public boolean isAvailable() {
    return true;
  }

  @Override
  public int getPriority() {
    return 5; // the usual
  }

  @Override
  public String getPolicyName() {
    return RollcallGrpc.NAME;
  }

  @Override
  public LoadBalancer newLoadBalancer(LoadBalancer.Helper helper) {
    return new RollcallLoadBalancer(helper);
  }
}
