package dev.rollcall.spi;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/**
 * What a store can and cannot do, where the contract lets stores differ. The contract's tests read
 * it: a promise that is not made here is tested in its nearest form, never skipped in silence.
 *
 * @param runsChecks whether the store itself runs checks; where not, the engine runs them in the
 *     registering process and lets the lease follow. A store that runs some kinds only refuses the
 *     others as {@code INVALID}
 * @param atomicClaims whether {@link RegisterRequest.Claim#EXCLUSIVE} and {@code CONTINUE} are
 *     decided by the store at once; where not, the last writer wins and the loser finds out within
 *     a heartbeat
 * @param tellsDepartures whether a watch can tell a clean deregistration from a loss
 * @param keepsCritical whether an instance whose lease ran out is kept as critical until {@code
 *     deregisterAfter}; where not, it is removed at once
 * @param expirySlack how much later than a TTL after the last renewal an instance may still be
 *     shown as passing
 * @since 0.1.0
 */
public record Capabilities(
    boolean runsChecks,
    boolean atomicClaims,
    boolean tellsDepartures,
    boolean keepsCritical,
    Duration expirySlack) {
  /**
   * Checks that nothing is null.
   *
   * @param runsChecks as the record says
   * @param atomicClaims as the record says
   * @param tellsDepartures as the record says
   * @param keepsCritical as the record says
   * @param expirySlack as the record says
   */
  public Capabilities {
    requireNonNull(expirySlack, "expirySlack");
  }
}
