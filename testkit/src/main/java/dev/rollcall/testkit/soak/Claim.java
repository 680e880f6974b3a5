package dev.rollcall.testkit.soak;

import dev.rollcall.InstanceKey;
import dev.rollcall.Registration;
import dev.rollcall.Registration.State;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * One registration of an instance by one client, from the call to the end, as the soak knows it.
 * The fields that change are written by the soak's thread and by callbacks of the registry, hence
 * volatile; {@code fate} is written by the thread that knows better, under {@code this}.
 */
final class Claim {
  /** What is known of it. */
  enum Fate {
    /** It stands, or is on its way. */
    OPEN,
    /** Its end was asked for, or its registration has failed: nothing of it may stay. */
    ENDING,
    /** Its client has died, or was closed without the store's word: it stays as long as it may. */
    ORPHAN,
    /** The store has confirmed its end: nothing of it is there, or comes back. */
    GONE
  }

  final int number;
  final InstanceKey key;
  final Client client;
  final boolean permanent;

  /** Completes with the registration. */
  final CompletableFuture<Registration> registered;

  private Fate fate = Fate.OPEN;

  /** When the fate became what it is, by {@link System#nanoTime()}. */
  private long sinceNanos = System.nanoTime();

  /** What was heard last; written by one call at a time. */
  private volatile Optional<State> heard = Optional.empty();

  Claim(
      int number,
      InstanceKey key,
      Client client,
      boolean permanent,
      CompletableFuture<Registration> registered) {
    this.number = number;
    this.key = key;
    this.client = client;
    this.permanent = permanent;
    this.registered = registered;
  }

  /** Returns the registration once there is one. */
  Optional<Registration> registration() {
    return registered.isDone() && !registered.isCompletedExceptionally()
        ? Optional.of(registered.join())
        : Optional.empty();
  }

  Optional<State> state() {
    return registration().map(Registration::state);
  }

  synchronized Fate fate() {
    return fate;
  }

  synchronized long sinceNanos() {
    return sinceNanos;
  }

  /** Changes the fate, which only goes forward. */
  synchronized void becomes(Fate next) {
    if (next.compareTo(fate) > 0) {
      fate = next;
      sinceNanos = System.nanoTime();
    }
  }

  /** Notes a state that was told; returns the one before. */
  Optional<State> hears(State state) {
    Optional<State> before = heard;
    heard = Optional.of(state);
    return before;
  }

  @Override
  public String toString() {
    return "claim " + number + " of " + client + (permanent ? ", permanent" : "");
  }
}
