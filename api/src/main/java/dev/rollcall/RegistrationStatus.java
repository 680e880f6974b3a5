package dev.rollcall;

import java.time.Duration;
import java.util.Optional;

/**
 * Where a registration stands at one moment, and why. Immutable.
 *
 * @since 0.1.0
 */
public interface RegistrationStatus {

  /**
   * Returns which instance this is of.
   *
   * @return the key
   */
  InstanceKey key();

  /**
   * Returns the state.
   *
   * @return the state
   */
  Registration.State state();

  /**
   * Returns for how long it has been in this state, by the monotonic clock.
   *
   * @return zero or more
   */
  Duration age();

  /**
   * Returns why it is in this state.
   *
   * @return a sentence; empty where it is {@link Registration.State#ACTIVE} and its last call went
   *     well
   */
  String reason();

  /**
   * Returns why the last call of the store has failed.
   *
   * @return empty where the last call went well, or none was answered yet
   */
  Optional<RegistryException> cause();

  /**
   * Returns the health in which the store is to show the instance: the one that the application has
   * set, or a worse one that a probe or a check of this process has found. What a check of the
   * store's own finds is known to the store alone.
   *
   * @return the health
   */
  Health health();

  /**
   * Returns the epoch, which grows with each re-registration after a loss.
   *
   * @return 1 or more
   */
  long epoch();

  /**
   * Returns in how long the next attempt is made, where the last one has failed. It is made earlier
   * where the store is found to answer again.
   *
   * @return empty where none is planned, or one is under way
   */
  Optional<Duration> nextAttempt();
}
