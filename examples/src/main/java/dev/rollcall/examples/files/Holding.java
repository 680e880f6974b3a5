package dev.rollcall.examples.files;

import dev.rollcall.spi.LeaseListener;
import dev.rollcall.spi.Owner;
import java.time.Duration;

/**
 * An instance that this client has registered and not taken out again.
 *
 * @param version of the file that the client has written
 * @param owner whose it is
 * @param ttl how long it is kept without a renewal; zero for ever
 * @param renewedNanos when it was registered or renewed last, by the client's timer
 * @param listener told when it has ended
 */
record Holding(
    String version, Owner owner, Duration ttl, long renewedNanos, LeaseListener listener) {

  Holding renewedAt(long nowNanos) {
    return new Holding(version, owner, ttl, nowNanos, listener);
  }

  boolean isOf(Owner other) {
    return owner.id().equals(other.id());
  }

  boolean isOverdue(long nowNanos) {
    return !ttl.isZero() && nowNanos - renewedNanos > ttl.toNanos();
  }
}
