package dev.rollcall.engine;

import dev.rollcall.Arguments;
import dev.rollcall.InstanceKey;
import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.RegistrationStatus;
import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.Subscription;
import dev.rollcall.spi.HealthChecker;
import dev.rollcall.spi.RegisterRequest.Claim;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@link Registration} as the application and the registry see it: it checks what it is given, and
 * gives each caller a future of its own. What becomes of the instance is the {@link
 * RegistrationReconciler}'s. Thread-safe; it has no state of its own.
 */
final class StoreRegistration implements Registration {
  private static final Logger LOG = LoggerFactory.getLogger(Registry.class);

  private final InstanceKey key;
  private final Liveness liveness;
  private final RegistrationContext context;
  private final RegistrationReconciler reconciler;

  /**
   * Creates one that has not begun.
   *
   * @param ownerId unlike any other registration's
   * @param firstClaim made until the store has taken the instance once
   * @param whenDone run once there is nothing more to do
   */
  StoreRegistration(
      RegistrationContext context,
      String ownerId,
      ServiceInstance instance,
      Liveness liveness,
      Claim firstClaim,
      Runnable whenDone) {
    this.key = instance.key();
    this.liveness = liveness;
    this.context = context;
    this.reconciler =
        new RegistrationReconciler(
            context, ownerId, instance, liveness, firstClaim, this, whenDone);
  }

  /** Begins: called once, by the registry. */
  void start(HealthChecker checker) {
    reconciler.start(checker);
  }

  /** Completes when the store holds the instance for the first time. */
  CompletableFuture<Registration> active() {
    return reconciler.active();
  }

  /** Completes when the instance is gone, whenever that is. */
  CompletableFuture<@Nullable Void> gone() {
    return reconciler.gone();
  }

  /** Tells whether the store would keep the instance for ever if it were never told. */
  boolean staysByItself() {
    return liveness instanceof Liveness.Permanent;
  }

  /** Returns the failure of something that took too long, with what the store said last. */
  RegistryException late(String what) {
    return reconciler.late(what);
  }

  /** Takes note that the store answers again: the next attempt is brought forward. */
  void storeAnswers() {
    reconciler.storeAnswers();
  }

  /** Leaves with the registry: what waits for its next attempt makes it now. */
  void leave() {
    reconciler.leave();
  }

  /** The registry is closed and its backend with it: nothing more can be done or waited for. */
  void abandon() {
    reconciler.abandon();
  }

  @Override
  public ServiceInstance instance() {
    return reconciler.desired();
  }

  @Override
  public State state() {
    return reconciler.state();
  }

  @Override
  public RegistrationStatus status() {
    return reconciler.status();
  }

  @Override
  public Subscription onState(Consumer<State> listener) {
    return reconciler.onState(listener);
  }

  @Override
  public CompletableFuture<Void> update(ServiceInstance instance) {
    Arguments.notNull("instance", instance, "");
    if (!instance.key().equals(key)) {
      return CompletableFuture.failedFuture(
          RegistryException.invalid(
              "instance: " + instance.key() + " (expected: the registered key " + key + ")"));
    }
    CompletableFuture<@Nullable Void> taken = reconciler.update(instance);
    return taken.isCompletedExceptionally() ? taken : context.answers().of(taken);
  }

  @Override
  public CompletableFuture<Void> drain(Duration wait) {
    Arguments.between("wait", wait, Duration.ZERO, Arguments.MAX_TTL);
    return context
        .answers()
        .of(
            deregister()
                .thenCompose(
                    done -> {
                      CompletableFuture<@Nullable Void> waited = new CompletableFuture<>();
                      context.timer().schedule(() -> waited.complete(null), wait);
                      return CompletableFuture.anyOf(waited, context.contact().closed())
                          .thenApply(over -> null);
                    }));
  }

  @Override
  public CompletableFuture<Void> deregister() {
    reconciler.beginClosing();
    Duration deadline = context.deadline();
    return context
        .answers()
        .of(
            reconciler.gone(),
            deadline,
            () -> late("not confirmed gone within " + deadline + ", being undone"));
  }

  @Override
  public void close() {
    boolean interrupted = Thread.interrupted(); // which is none of the backend's business
    CompletableFuture<Void> told =
        deregister()
            .exceptionally(
                failed -> {
                  LOG.warn("closing: {}", Failures.of(failed).getMessage());
                  return null;
                });
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    try {
      context.machine().await(told);
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt(); // it goes on without this thread
    } catch (ExecutionException logFailed) {
      throw new IllegalStateException(key + ": its end could not be logged", logFailed);
    }
  }
}
