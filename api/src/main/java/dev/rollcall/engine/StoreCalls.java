package dev.rollcall.engine;

import dev.rollcall.InstanceKey;
import dev.rollcall.RegistryException;
import dev.rollcall.RegistryObserver.Verb;
import dev.rollcall.spi.Lease;
import dev.rollcall.spi.LeaseListener;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.support.Futures;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Makes the calls of one registration to the backend. What the end of a call says of the store, it
 * tells the observer and the {@link StoreContact} before it tells the caller. Thread-safe; no lock
 * is held, and what it tells the caller comes on the thread that ends the call.
 */
final class StoreCalls {
  private final InstanceKey key;
  private final RegistryBackend backend;
  private final Observation observation;
  private final StoreContact contact;
  private final CompletableFuture<?> gone;
  private final Runnable whenDone;

  /** Takes a lease, or the failure in its place. */
  interface Granted {
    void answered(@Nullable Lease lease, @Nullable RegistryException failure);
  }

  /**
   * Creates one.
   *
   * @param gone ends with the registration
   * @param whenDone to be run once more where it has ended before the end of a call was noted
   */
  StoreCalls(
      InstanceKey key, RegistrationContext context, CompletableFuture<?> gone, Runnable whenDone) {
    this.key = key;
    this.backend = context.backend();
    this.observation = context.dispatcher().observation();
    this.contact = context.contact();
    this.gone = gone;
    this.whenDone = whenDone;
  }

  void register(RegisterRequest request, LeaseListener listener, long sentNanos, Granted then) {
    Futures.call(() -> backend.register(request, listener))
        .whenComplete(
            (lease, thrown) -> {
              RegistryException failure = told(Verb.REGISTER, sentNanos, thrown);
              note(failure);
              then.answered(lease, failure);
            });
  }

  /** Deregisters what is an owner's; gives what that has failed of, null where it has not. */
  void deregister(Owner owner, long sentNanos, Consumer<@Nullable RegistryException> then) {
    // An answer that is there at once is the backend's own, and no word of the store's.
    AtomicBoolean asked = new AtomicBoolean();
    Futures.call(() -> backend.deregister(key, owner))
        .whenComplete(
            (nothing, thrown) -> {
              RegistryException failure = told(Verb.DEREGISTER, sentNanos, thrown);
              if (asked.get() || failure != null) {
                note(failure);
              }
              then.accept(failure);
            });
    asked.set(true);
  }

  /** Renews a lease; gives what that has failed of, null where it has not. */
  void renew(Lease lease, long sentNanos, Consumer<@Nullable RegistryException> then) {
    Futures.call(lease::renew)
        .whenComplete(
            (nothing, thrown) -> {
              RegistryException failure = told(Verb.RENEW, sentNanos, thrown);
              note(failure);
              then.accept(failure);
            });
  }

  private @Nullable RegistryException told(Verb verb, long sentNanos, @Nullable Throwable thrown) {
    RegistryException failure = thrown == null ? null : Failures.of(thrown);
    observation.storeCalled(verb, key.service(), sentNanos, failure);
    return failure;
  }

  private void note(@Nullable RegistryException failure) {
    if (failure == null || !Failures.isUnavailable(failure)) {
      contact.answered();
    } else if (!gone.isDone()) { // else a renewal's that ends late: no call would take it back
      contact.failed(failure);
      if (gone.isDone()) {
        whenDone.run(); // it has ended meanwhile
      }
    }
  }
}
