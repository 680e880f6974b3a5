package dev.rollcall.server.consul;

import com.linecorp.armeria.server.ServiceRequestContext;

/**
 * Asked before somebody's registration is made, changed or removed: whether he may, who he is in
 * counts, and how many he may have.
 *
 * @since 0.1.0
 */
@FunctionalInterface
public interface Permissions {

  /**
   * Tells whether the sender of a request may register, change and remove instances of a service.
   *
   * @param ctx the request
   * @param service the service's name; empty for what bears on all of them
   * @return whether he may
   */
  boolean mayRegister(ServiceRequestContext ctx, String service);

  /**
   * Returns who the sender of a request is in counts.
   *
   * @param ctx the request
   * @return a short text without secrets; the address where nothing else is said
   */
  default String clientOf(ServiceRequestContext ctx) {
    return ctx.remoteAddress().getAddress().getHostAddress();
  }

  /**
   * Returns how many services and nodes one client may have registered at a time.
   *
   * @return 1 or more; as many as he likes where nothing else is said
   */
  default int maxRegistrations() {
    return Integer.MAX_VALUE;
  }

  /**
   * Returns what lets everybody do everything.
   *
   * @return the permissions
   */
  static Permissions everything() {
    return (ctx, service) -> true;
  }

  /**
   * Refuses who may not.
   *
   * @param ctx the request
   * @param service the service's name
   */
  default void requireRegister(ServiceRequestContext ctx, String service) {
    if (!mayRegister(ctx, service)) {
      throw new RefusedException(403, "Permission denied");
    }
  }
}
