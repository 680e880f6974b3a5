package dev.rollcall.spi;

import static java.util.Objects.requireNonNull;

import dev.rollcall.Liveness;
import dev.rollcall.ServiceInstance;

/**
 * What {@link RegistryBackend#register} is asked to do.
 *
 * @param instance what to put
 * @param liveness how the store learns that it is alive
 * @param owner whose it is
 * @param claim what to do where the key is another owner's
 * @since 0.1.0
 */
public record RegisterRequest(
    ServiceInstance instance, Liveness liveness, Owner owner, Claim claim) {

  /**
   * Checks that nothing is null.
   *
   * @param instance as the record says
   * @param liveness as the record says
   * @param owner as the record says
   * @param claim as the record says
   */
  public RegisterRequest {
    requireNonNull(instance, "instance");
    requireNonNull(liveness, "liveness");
    requireNonNull(owner, "owner");
    requireNonNull(claim, "claim");
  }

  /** What to do where the key is another owner's. */
  public enum Claim {
    /** The newcomer takes over: a restarted process must not wait for its own ghost. */
    TAKE_OVER,
    /** The newcomer is refused with {@code CONFLICT} while the other one lives. */
    EXCLUSIVE,
    /**
     * The owner goes on (an update, or a lease that was lost): refused with {@code CONFLICT} where
     * another owner has the key by now, whether that one lives or not.
     */
    CONTINUE
  }
}
