package dev.rollcall.spring;

import dev.rollcall.RegistryBuilder;

/**
 * A bean that changes how the registry is built, after all properties were applied. Several are
 * called in Spring's order.
 *
 * @since 0.1.0
 */
@FunctionalInterface
public interface RegistryCustomizer {

  /**
   * Changes the settings.
   *
   * @param builder the builder; it is built after this
   */
  void customize(RegistryBuilder builder);
}
