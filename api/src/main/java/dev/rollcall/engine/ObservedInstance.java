package dev.rollcall.engine;

import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.Lease;
import dev.rollcall.spi.LeaseListener.LeaseEnd;
import dev.rollcall.spi.Owner;
import org.jspecify.annotations.Nullable;

/**
 * What the store holds of one registration, as far as its answers and the ends of its leases tell:
 * which fields, by which lease, under which epoch, and what may have arrived without an answer.
 * Guarded by the registration's lock; calls nobody.
 *
 * <p>Each registering call has a generation, one more than the one before. The end of a lease names
 * the call that gave it, and may be heard before that call's answer, or after a later one's.
 */
final class ObservedInstance {
  private final String ownerId;
  private long epoch = 1;

  /** The fields that the store has taken last; null where it has never taken any. */
  private @Nullable ServiceInstance accepted;

  /** The same in the health in which the store shows them; null where that is not known. */
  private @Nullable ServiceInstance shown;

  private @Nullable Lease lease;
  private long renewedNanos;
  private int generation;
  private int endedGeneration = -1;

  /** Of the call that gave the lease; later ones may have been refused, and changed nothing. */
  private int heldGeneration = -1;

  /** How the lease has ended while a later call was under way, whose answer may say better. */
  private @Nullable LeaseEnd missed;

  /** Whether anything was sent that may stand in the store. */
  private boolean sent;

  /** Whether a registration was not answered, after the last that was taken and counts. */
  private boolean doubted;

  /**
   * A registering call.
   *
   * @param generation grows with each call
   * @param said the fields as they were desired
   * @param wanted the same in the health that was to be shown
   * @param updates how many waiting updates it contains
   * @param atNanos when it was sent
   */
  record Sending(
      int generation, ServiceInstance said, ServiceInstance wanted, int updates, long atNanos) {}

  ObservedInstance(String ownerId) {
    this.ownerId = ownerId;
  }

  Owner owner() {
    return new Owner(ownerId, epoch);
  }

  long epoch() {
    return epoch;
  }

  @Nullable ServiceInstance accepted() {
    return accepted;
  }

  boolean hasLease() {
    return lease != null;
  }

  /** Tells whether this lease is the present one. */
  boolean isHeldBy(Lease one) {
    return lease == one;
  }

  /** Tells whether the store is known to hold the instance in this form. */
  boolean shows(ServiceInstance wanted) {
    return lease != null && wanted.equals(shown);
  }

  boolean wasSent() {
    return sent;
  }

  boolean isDoubted() {
    return doubted;
  }

  /** A call is about to be sent. */
  Sending sending(ServiceInstance said, ServiceInstance wanted, int updates, long nowNanos) {
    sent = true;
    return new Sending(++generation, said, wanted, updates, nowNanos);
  }

  /** A call was answered with a lease; returns whether that has ended already. */
  boolean taken(Sending call, Lease granted) {
    doubted = false;
    accepted = call.said;
    shown = call.wanted;
    lease = granted;
    heldGeneration = call.generation;
    missed = null;
    renewedNanos = call.atNanos;
    return endedGeneration == call.generation;
  }

  /** A call was not answered: it may have arrived, or arrive yet. */
  void unanswered() {
    doubted = true;
    shown = null;
  }

  /** After another owner has come: a call was granted or not answered, and may stand there. */
  void takenAfterEnd(Sending call) {
    doubted |= endedGeneration != call.generation; // unless it was itself what was superseded
  }

  /**
   * The store has refused the first registration. Nothing of this owner's stands there, unless an
   * earlier call was not answered, or the refusal may hide an answer.
   */
  void refused(boolean mayStand) {
    sent = doubted || mayStand;
  }

  /**
   * A lease is said to have ended.
   *
   * @param of the generation of the call that gave it
   * @param callUnderWay whether a call is, whose answer may say better
   * @return whether that counts now
   */
  boolean ends(int of, LeaseEnd how, boolean callUnderWay) {
    // Superseded is believed of an earlier call too, unless a later one was granted since.
    boolean late =
        lease != null ? of < heldGeneration : of != generation && how != LeaseEnd.SUPERSEDED;
    if (late) {
      return false;
    }
    if (callUnderWay && lease != null && of != generation) {
      missed = missed == LeaseEnd.SUPERSEDED ? missed : how;
      return false;
    }
    endedGeneration = of;
    return true;
  }

  /** Returns how the lease has ended while a call was under way that was then refused. */
  @Nullable LeaseEnd missed() {
    return lease == null ? null : missed;
  }

  void renewed(long sinceNanos) {
    renewedNanos = sinceNanos;
  }

  /** Tells whether no renewal was answered for the lease's TTL. */
  boolean hasRunOut(Lease one, long nowNanos) {
    return nowNanos - renewedNanos > one.ttl().toNanos();
  }

  /** The instance was taken out, or another owner has come: nothing of the lease's counts. */
  void withoutLease() {
    lease = null;
  }

  /** The lease is lost: what is registered next is so in the next epoch. */
  void lost() {
    lease = null;
    missed = null;
    epoch++;
  }
}
