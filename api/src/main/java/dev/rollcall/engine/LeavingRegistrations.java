package dev.rollcall.engine;

import dev.rollcall.Registry;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The registrations of a registry that is being closed. Thread-safe. */
final class LeavingRegistrations {
  private static final Logger LOG = LoggerFactory.getLogger(Registry.class);

  /** What a store that does not answer is waited for, to hear of what it removes by itself. */
  private static final long LAST_CHANCE_NANOS = TimeUnit.SECONDS.toNanos(2);

  private final List<StoreRegistration> all;
  private final List<StoreRegistration> lasting;
  private final RegistrationContext context;
  private final long deadlineNanos;

  LeavingRegistrations(List<StoreRegistration> all, RegistrationContext context) {
    this.all = all;
    this.lasting = all.stream().filter(StoreRegistration::staysByItself).toList();
    this.context = context;
    this.deadlineNanos = context.machine().nanoTime() + context.deadline().toNanos();
  }

  void begin() {
    all.forEach(StoreRegistration::leave);
  }

  /** Tells whether the store has confirmed them all, or refused. */
  boolean areGone() {
    return gone(all).isDone();
  }

  /**
   * Waits until the store has confirmed all departures, but no longer than that is of use: once the
   * store is known not to answer, and has had a moment more, only for what it would keep for ever.
   * The rest goes when its lease runs out, about as late as it would after a longer wait.
   */
  void await() throws InterruptedException {
    Machine machine = context.machine();
    CompletableFuture<?> awaited = gone(all);
    for (boolean last = false; !last; ) {
      long left = deadlineNanos - machine.nanoTime();
      last = left <= LAST_CHANCE_NANOS;
      try {
        machine.await(awaited, Math.min(left, LAST_CHANCE_NANOS));
        last = true;
      } catch (ExecutionException refused) {
        last = true;
      } catch (TimeoutException silent) {
        awaited = gone(context.contact().isDown() ? lasting : all);
      }
    }
    long unconfirmed = all.stream().filter(LeavingRegistrations::isUnconfirmed).count();
    if (unconfirmed > 0) {
      LOG.warn(
          "closing: {} of {} registrations were not confirmed gone; they go when their leases run"
              + " out",
          unconfirmed,
          all.size());
    }
    if (!gone(lasting).isDone()) {
      LOG.warn("closing: permanent registrations are among them, and may stay in the store");
    }
  }

  private static boolean isUnconfirmed(StoreRegistration registration) {
    return !registration.gone().isDone() || registration.gone().isCompletedExceptionally();
  }

  private static CompletableFuture<?> gone(List<StoreRegistration> some) {
    return CompletableFuture.allOf(
        some.stream().map(StoreRegistration::gone).toArray(CompletableFuture[]::new));
  }

  /** The backend is closed: nothing more can be done or waited for. */
  void abandon() {
    all.forEach(StoreRegistration::abandon);
  }
}
