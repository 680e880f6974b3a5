package dev.rollcall.spring;

import dev.rollcall.Health;

/**
 * What the application says of its own health, for how it is registered.
 *
 * @since 0.1.0
 */
@FunctionalInterface
public interface ApplicationHealth {

  /**
   * Finds out. May block; called by one thread at a time, every {@code
   * rollcall.registration.health-interval}. An exception counts as {@link Health#CRITICAL}.
   *
   * @return the present health
   */
  Health current();
}
