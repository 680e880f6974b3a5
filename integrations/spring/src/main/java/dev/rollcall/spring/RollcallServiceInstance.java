package dev.rollcall.spring;

import dev.rollcall.ServiceInstance;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An instance that was found, as Spring Cloud sees it. Immutable; equal to another one of the same
 * instance with the same fields.
 *
 * @since 0.1.0
 */
public final class RollcallServiceInstance extends InstanceView {
  private final ServiceInstance instance;

  /** What this was chosen for, if anything. Set before others see this. */
  PicksInFlight.@Nullable InFlight request;

  RollcallServiceInstance(ServiceInstance instance) {
    this.instance = instance;
  }

  static List<org.springframework.cloud.client.ServiceInstance> all(List<ServiceInstance> of) {
    return of.stream()
        .<org.springframework.cloud.client.ServiceInstance>map(RollcallServiceInstance::new)
        .toList();
  }

  @Override
  public ServiceInstance instance() {
    return instance;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof RollcallServiceInstance that && instance.equals(that.instance);
  }

  @Override
  public int hashCode() {
    return instance.hashCode();
  }

  @Override
  public String toString() {
    return instance.toString();
  }
}
