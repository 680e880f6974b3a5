package dev.rollcall.consul;

import dev.rollcall.RegistryException;

/**
 * Hears of Consul's user events, each once, in the order in which the agent received them. Calls
 * are made one at a time, by threads that belong to the {@link ConsulWatches}. What a listener
 * throws is logged, and it goes on being called.
 *
 * @since 0.1.0
 */
@FunctionalInterface
public interface ConsulEventListener {

  /**
   * Is told of an event.
   *
   * @param event what was fired
   */
  void fired(ConsulEvent event);

  /**
   * Is told that events may have been missed before the next one: an agent keeps the last 256 only,
   * and none across its restart.
   */
  default void missed() {}

  /**
   * Is told that the agent cannot be asked; the watch goes on trying by itself.
   *
   * @param cause why
   */
  default void interrupted(RegistryException cause) {}

  /** Is told that the agent answers again, after what was fired meanwhile. */
  default void resumed() {}
}
