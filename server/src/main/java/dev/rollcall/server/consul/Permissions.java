package dev.rollcall.server.consul;

import com.linecorp.armeria.server.ServiceRequestContext;

/** Asked before somebody's registration is made, changed or removed. */
@FunctionalInterface
public interface Permissions {

  /**
   * Tells whether the sender of a request may register, change and remove instances of a service.
   *
   * @param ctx the request
   * @param service the service's name
   * @return whether he may
   */
  boolean mayRegister(ServiceRequestContext ctx, String service);

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
