package dev.rollcall.consul;

import dev.rollcall.RegistryException;

/**
 * Receives the states of something in Consul. Calls are made one at a time, by threads that belong
 * to the {@link ConsulWatches}; a slow listener delays no other one, may skip states in between,
 * and is always given the last one. An exception that it throws is logged, and it is called again
 * for the next state.
 *
 * @param <T> what a state is
 * @since 0.1.0
 */
@FunctionalInterface
public interface ConsulListener<T> {

  /**
   * Is told the complete state: once at the beginning, then each time that it differs from the last
   * one told.
   *
   * @param now the state, immutable
   */
  void changed(T now);

  /**
   * Is told that Consul cannot be read; the last state told may be out of date from now on. The
   * watch goes on trying by itself.
   *
   * @param cause why; of kind {@code DENIED} where the token may not read it
   */
  default void interrupted(RegistryException cause) {}

  /** Is told that Consul can be read again, after the present state was told where it differs. */
  default void resumed() {}
}
