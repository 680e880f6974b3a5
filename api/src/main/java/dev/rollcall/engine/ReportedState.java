package dev.rollcall.engine;

import dev.rollcall.InstanceKey;
import dev.rollcall.Registration.State;
import dev.rollcall.RegistryException;
import dev.rollcall.RegistryObserver.Transition;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The state of one registration as the application is told it: by its status, by the listeners, and
 * by the log and the observer. Guarded by the registration's lock, but for {@link #tell} and {@link
 * #signal}, which any thread calls without it.
 */
final class ReportedState {
  private final InstanceKey key;
  private final RegistrationContext context;
  private final Observation observation;
  private final List<StateSubscriber> subscribers = new CopyOnWriteArrayList<>();

  /** What the log and the observer are to be told; taken without the lock. */
  private final Queue<Runnable> lines = new ConcurrentLinkedQueue<>();

  private State state = State.PENDING;
  private long sinceNanos;
  private String lostBecause = "";

  /** Whether the store has refused the first registration. */
  private boolean refused;

  /** Of the last call; null where it was answered as it should be. */
  private @Nullable RegistryException lastFailure;

  ReportedState(InstanceKey key, RegistrationContext context) {
    this.key = key;
    this.context = context;
    this.observation = context.dispatcher().observation();
    this.sinceNanos = context.timer().nanoTime();
  }

  State get() {
    return state;
  }

  boolean is(State which) {
    return state == which;
  }

  /** Returns for how long the state has been what it is. */
  Duration age() {
    return new Timestamp(context.timer(), sinceNanos).age();
  }

  @Nullable RegistryException lastFailure() {
    return lastFailure;
  }

  /** Notes how the last call has ended; null where it was answered as it should be. */
  void lastFailure(@Nullable RegistryException failure) {
    lastFailure = failure;
  }

  /** The store has refused the first registration; what follows is not why that was. */
  void refused(RegistryException failure) {
    lastFailure = failure;
    refused = true;
  }

  boolean isRefused() {
    return refused;
  }

  /** The store does not hold the instance any more. */
  void lost(String why) {
    lostBecause = why;
    become(State.LOST);
  }

  void become(State next) {
    if (state == next) {
      return;
    }
    if (observation.isNews(next)) {
      Transition<State> change =
          new Transition<>(state, next, age(), next == State.LOST ? lostBecause : "");
      lines.add(() -> observation.registrationChanged(key, change));
    }
    state = next;
    sinceNanos = context.timer().nanoTime();
    subscribers.forEach(subscriber -> subscriber.add(next));
  }

  /** Says why the state is as it is. */
  String reason(CompletableFuture<?> gone) {
    return switch (state) {
      case PENDING ->
          lastFailure == null ? "the store has not answered yet" : "the store has not taken it yet";
      case ACTIVE -> lastFailure == null ? "" : "the last renewal or update has failed";
      case LOST -> lostBecause;
      case FENCED -> "another owner has taken it over";
      case CLOSED -> {
        if (refused) {
          yield "the store has refused it";
        }
        if (!gone.isDone()) {
          yield "being deregistered";
        }
        yield gone.isCompletedExceptionally()
            ? "the store has not confirmed that it is gone"
            : "deregistered";
      }
    };
  }

  /** Adds a listener, which is to be told the present state first; the caller signals it. */
  StateSubscriber subscribe(Consumer<State> listener) {
    StateSubscriber subscriber =
        new StateSubscriber(context.dispatcher(), key, listener, subscribers, context.listening());
    subscribers.add(subscriber);
    context.listening().add(subscriber);
    subscriber.add(state);
    return subscriber;
  }

  /** Tells the log and the observer of what has changed. */
  void tell() {
    for (Runnable line = lines.poll(); line != null; line = lines.poll()) {
      line.run();
    }
  }

  /** Has the listeners told of what has changed. */
  void signal() {
    subscribers.forEach(Subscriber::signal);
  }
}
