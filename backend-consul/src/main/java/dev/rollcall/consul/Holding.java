package dev.rollcall.consul;

import dev.rollcall.Health;
import dev.rollcall.InstanceKey;
import dev.rollcall.spi.LeaseListener;
import dev.rollcall.spi.LeaseListener.LeaseEnd;
import dev.rollcall.spi.Owner;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * One instance that one owner has registered through this client. All its leases share it. Its own
 * monitor guards the fields that are not final; any thread of the backend calls.
 */
final class Holding {
  private final InstanceKey key;
  private final String ownerId;
  private RegistrationBody body;
  private LeaseListener listener;
  private long renewedNanos;
  private boolean over;

  Holding(
      InstanceKey key, Owner owner, RegistrationBody body, LeaseListener listener, long nowNanos) {
    this.key = key;
    this.ownerId = owner.id();
    this.body = body;
    this.listener = listener;
    this.renewedNanos = nowNanos;
  }

  InstanceKey key() {
    return key;
  }

  String ownerId() {
    return ownerId;
  }

  synchronized RegistrationBody body() {
    return body;
  }

  synchronized boolean isOver() {
    return over;
  }

  /** The same owner has registered again: earlier leases stand for the new one. */
  synchronized void replaced(RegistrationBody body, LeaseListener listener, long nowNanos) {
    this.body = body;
    this.listener = listener;
    this.renewedNanos = nowNanos;
  }

  synchronized void renewed(long sinceNanos) {
    renewedNanos = sinceNanos;
  }

  /** Tells whether Consul must have found the heartbeat missing by now. */
  synchronized boolean hasExpired(long nowNanos) {
    Duration ttl = body.ttl();
    return !ttl.isZero() && nowNanos - renewedNanos > ttl.toNanos();
  }

  /** Returns for how long a heartbeat may be held back: until two thirds of the TTL have passed. */
  synchronized Duration patience(long nowNanos) {
    long left = body.ttl().toNanos() / 3 * 2 - (nowNanos - renewedNanos);
    return left <= 0 ? Duration.ZERO : Duration.ofNanos(left);
  }

  /** Ends it because its owner deregisters; the listener is not told. */
  synchronized void release() {
    over = true;
  }

  /** Ends it and tells the listener, once. Called under no lock. */
  void end(LeaseEnd why) {
    LeaseListener told;
    synchronized (this) {
      if (over) {
        return;
      }
      over = true;
      told = listener;
    }
    told.ended(why);
  }

  /** Returns the health that a heartbeat states: the owner lives, whatever health it states. */
  static Health alive() {
    return Health.PASSING;
  }

  /** Returns the owner of an entry, null for another tool's. */
  static @Nullable String ownerOf(ConsulServiceEntry entry) {
    return entry.meta().get(Names.OWNER);
  }
}
