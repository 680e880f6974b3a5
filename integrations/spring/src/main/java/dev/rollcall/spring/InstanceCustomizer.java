package dev.rollcall.spring;

import dev.rollcall.ServiceInstance;

/**
 * A bean that changes how this application registers itself, after all properties were applied and
 * the ports are known. Several are called in Spring's order.
 *
 * @since 0.1.0
 */
@FunctionalInterface
public interface InstanceCustomizer {

  /**
   * Changes the instance.
   *
   * @param instance the builder; it is built after this
   */
  void customize(ServiceInstance.Builder instance);
}
