package dev.rollcall;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * An instance's stay in the registry. What is desired (the instance, or its absence) is compared
 * with what the store holds, and made so again whenever the two part: a failed first registration
 * is retried, a lost lease is restored with the latest fields, and closing is final, whatever is
 * still under way. Thread-safe; no method but {@link #close()} blocks.
 *
 * @since 0.1.0
 */
public interface Registration extends AutoCloseable {

  /**
   * Returns the instance as it is desired to be.
   *
   * @return the latest fields
   */
  ServiceInstance instance();

  /**
   * Returns where this registration stands.
   *
   * @return the present state
   */
  State state();

  /**
   * Returns where this registration stands, and why: what keeps it pending, what has lost it, who
   * has closed it, what a probe has found. Asks the store nothing.
   *
   * @return the present status
   */
  RegistrationStatus status();

  /**
   * Replaces all fields of the instance at once; watchers see one update.
   *
   * @param instance the new fields, with the same service and id
   * @return completes when the store shows them; with {@code CONFLICT} where this registration was
   *     fenced or closed, with {@code INVALID} where the key differs
   */
  CompletableFuture<Void> update(ServiceInstance instance);

  /**
   * Shows the instance in another health: {@link Health#WARNING} or {@link Health#CRITICAL} for
   * maintenance, {@link Health#PASSING} to come back.
   *
   * @param health the best health to show
   * @return completes when the store shows it
   */
  default CompletableFuture<Void> health(Health health) {
    return update(instance().withHealth(health));
  }

  /**
   * Deregisters, then waits until watchers have had time to see it: the right order for a restart
   * is to drain first and to stop serving afterwards.
   *
   * @param wait how long to wait after the deregistration, zero or more
   * @return completes when both are done, or when the registry is closed
   */
  CompletableFuture<Void> drain(Duration wait);

  /**
   * Deregisters. Final: nothing that is still under way brings the instance back. Removes only what
   * this registration put there: where another owner has taken over, that one stays.
   *
   * @return completes when the instance is gone; as unavailable where the store could not be told
   *     by the registry's deadline: the attempts go on in the background, until the store confirms
   *     or the registry is closed, and without renewals the instance is gone once its lease runs
   *     out
   */
  CompletableFuture<Void> deregister();

  /**
   * {@link #deregister()}, waiting for it; not on a thread that is interrupted, whose flag stays
   * set while the deregistration goes on. A failure is logged, not thrown. Idempotent.
   */
  @Override
  void close();

  /**
   * Hears of each change of state from now on, beginning with the present one. Calls are serial, on
   * the registry's listener executor.
   *
   * @param listener what to call
   * @return closes the subscription
   */
  Subscription onState(Consumer<State> listener);

  /** Where a registration stands. */
  enum State {
    /** The store has not taken the instance yet; attempts go on. */
    PENDING,
    /** The store holds the instance. */
    ACTIVE,
    /** The store has lost the instance; it is being registered again. */
    LOST,
    /** Another owner has taken the key: this registration does nothing more. */
    FENCED,
    /** Deregistered, or being deregistered. */
    CLOSED
  }
}
