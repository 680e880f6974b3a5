package dev.rollcall.server.consul;

import com.linecorp.armeria.server.ServiceRequestContext;

/**
 * Asked before a registration is made, changed or removed: whether the client may do that, its name
 * in counts, and how many registrations it may have.
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
   * @return whether it may
   */
  boolean mayRegister(ServiceRequestContext ctx, String service);

  /**
   * Returns the name of the sender of a request in counts.
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
   * @return 1 or more; without a limit where nothing else is said
   */
  default int maxRegistrations() {
    return Integer.MAX_VALUE;
  }

  /**
   * Returns permissions that let every client do everything.
   *
   * @return the permissions
   */
  static Permissions everything() {
    return (ctx, service) -> true;
  }

  /**
   * Refuses a client that may not.
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
