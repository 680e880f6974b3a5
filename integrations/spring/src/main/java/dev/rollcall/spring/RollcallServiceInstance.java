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
  private final PicksInFlight.@Nullable InFlight request;

  RollcallServiceInstance(ServiceInstance instance, PicksInFlight.@Nullable InFlight request) {
    this.instance = instance;
    this.request = request;
  }

  static List<org.springframework.cloud.client.ServiceInstance> all(List<ServiceInstance> of) {
    return of.stream()
        .<org.springframework.cloud.client.ServiceInstance>map(
            each -> new RollcallServiceInstance(each, null))
        .toList();
  }

  /** Says that the request for which this was chosen is over, if there was one. Idempotent. */
  void requestEnded(boolean failed) {
    if (request != null) {
      request.end(failed);
    }
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
