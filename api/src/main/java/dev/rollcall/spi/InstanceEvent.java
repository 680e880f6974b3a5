package dev.rollcall.spi;

import static java.util.Objects.requireNonNull;

import dev.rollcall.InstanceKey;
import dev.rollcall.ServiceInstance;

/**
 * One change of one instance.
 *
 * @since 0.1.0
 */
public sealed interface InstanceEvent {

  /**
   * Returns whose event this is.
   *
   * @return the instance's key
   */
  InstanceKey key();

  /**
   * The instance is new, or all its fields are now these.
   *
   * @param instance the instance
   */
  record Put(ServiceInstance instance) implements InstanceEvent {
    /**
     * Checks that nothing is null.
     *
     * @param instance as the record says
     */
    public Put {
      requireNonNull(instance, "instance");
    }

    @Override
    public InstanceKey key() {
      return instance.key();
    }
  }

  /**
   * The instance is gone.
   *
   * @param key which
   * @param departure how it went
   */
  record Remove(InstanceKey key, Departure departure) implements InstanceEvent {
    /**
     * Checks that nothing is null.
     *
     * @param key as the record says
     * @param departure as the record says
     */
    public Remove {
      requireNonNull(key, "key");
      requireNonNull(departure, "departure");
    }
  }

  /** How an instance went. Only a clean departure is never held back by mass-loss protection. */
  enum Departure {
    /** Its owner, or an operator, deregistered it. */
    DEREGISTERED,
    /** Its lease ran out. */
    EXPIRED,
    /** The store does not tell. */
    UNKNOWN
  }
}
