package dev.rollcall.etcd;

import dev.rollcall.InstanceKey;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.LeaseListener;
import dev.rollcall.spi.LeaseListener.LeaseEnd;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.support.KeyedSequencer;
import io.etcd.jetcd.ByteSequence;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one owner has in one key, as far as this process knows. Writes to the key come one at a time
 * (see {@link KeyedSequencer}), renewals at any time; all fields are guarded by {@code this}.
 */
final class Tenancy {
  final InstanceKey key;
  final ByteSequence storeKey;
  private Owner owner;

  /** 0 where there is none. */
  private long leaseId;

  private Duration ttl = Duration.ZERO;
  private long askedSeconds;

  /** Of the key as it was last written; 0 where it is to be absent, or was never written. */
  private long modRevision;

  /** Leases that may still hold the key, by a write whose answer was lost, and old fences. */
  private final List<Long> formerLeases = new ArrayList<>();

  /** Whether a write of the key was ever sent, and whether one without a lease can have been. */
  private boolean mayStand;

  private boolean permanent;

  private @Nullable ServiceInstance instance;
  private LeaseListener listener = end -> {};
  private boolean held;

  /** What a renewal or a departure needs to know, at one moment. */
  record View(
      Owner owner,
      long leaseId,
      Duration ttl,
      long modRevision,
      boolean held,
      @Nullable ServiceInstance instance) {}

  Tenancy(InstanceKey key, ByteSequence storeKey, Owner owner) {
    this.key = key;
    this.storeKey = storeKey;
    this.owner = owner;
  }

  synchronized View view() {
    return new View(owner, leaseId, ttl, modRevision, held, instance);
  }

  /** Returns the lease of the last registration where it serves for the next one; else 0. */
  synchronized long leaseFor(Owner next, long seconds) {
    return held && askedSeconds == seconds && owner.epoch() == next.epoch() ? leaseId : 0;
  }

  /** Takes a new lease, before the key is written with it. */
  synchronized void granted(long id, Duration granted, long seconds) {
    dropLease();
    leaseId = id;
    ttl = granted;
    askedSeconds = seconds;
  }

  /** Puts the lease aside: it is lost, or not wanted any more. */
  synchronized void dropLease() {
    if (leaseId != 0) {
      formerLeases.add(leaseId);
    }
    leaseId = 0;
    ttl = Duration.ZERO;
    askedSeconds = 0;
  }

  /** Takes a lease that serves as a fence for the first write of a permanent instance. */
  synchronized void fence(long id) {
    dropLease();
    formerLeases.add(id);
  }

  /** A write of the key is about to be sent. */
  synchronized void sending() {
    mayStand = true;
    permanent |= leaseId == 0;
  }

  synchronized boolean mayStand() {
    return mayStand;
  }

  /** Tells whether the key may hang on no lease. */
  synchronized boolean mayStandAlone() {
    return permanent;
  }

  /** The key was written. */
  synchronized void wrote(
      Owner by, ServiceInstance what, long revision, LeaseListener newListener) {
    owner = by;
    instance = what;
    modRevision = revision;
    listener = newListener;
    held = true;
  }

  /** The key turned out to have been written by this owner after all. */
  synchronized void adopt(View seen, long revision) {
    if (held && modRevision == seen.modRevision) {
      modRevision = revision;
    }
  }

  /** Its owner leaves: nothing that is under way counts from now on. */
  synchronized void leave() {
    held = false;
  }

  synchronized List<Long> formerLeases() {
    return List.copyOf(formerLeases);
  }

  /** The store has confirmed that a lease is gone, and with it all that is written with it. */
  synchronized void revoked(long id) {
    formerLeases.remove(id);
  }

  /** Ends what a renewal saw, unless it was written again since; tells the listener. */
  void end(View seen, LeaseEnd how) {
    LeaseListener told;
    synchronized (this) {
      if (!held || leaseId != seen.leaseId || modRevision != seen.modRevision) {
        return;
      }
      held = false;
      dropLease();
      told = listener;
    }
    told.ended(how);
  }
}
