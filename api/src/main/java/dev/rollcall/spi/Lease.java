package dev.rollcall.spi;

import java.time.Duration;
import java.util.concurrent.CompletionStage;

/**
 * The store's promise to keep an instance for a while. The engine renews it; a backend sends what
 * it is asked to send. Thread-safe.
 *
 * @since 0.1.0
 */
public interface Lease {

  /**
   * Returns how long the store keeps the instance passing without a renewal.
   *
   * @return the store's own figure, which may differ from what was asked for; for what the store
   *     keeps by itself, three times as long as the engine may go without looking whether it is
   *     still there, by {@link #renew()}; {@link Duration#ZERO} where that is told without asking
   */
  Duration ttl();

  /**
   * Extends the lease by its TTL. Never blocks. A lease that has ended is not revived: that takes a
   * new registration.
   *
   * <p>A client may take a lease for ended by its own clock, once the TTL has passed since the last
   * renewal that the store confirmed: the store may not have let go yet, or not be reachable, and
   * {@code CONFLICT} is a fair answer all the same, since only a new registration can tell. Before
   * that a store that does not answer makes it {@code UNAVAILABLE}.
   *
   * @return completes when the store has extended it; with {@code CONFLICT} where the lease has
   *     ended, in the store or by the client's own clock (its listener is told as well); with
   *     {@code UNAVAILABLE} where that is not known
   */
  CompletionStage<Void> renew();
}
