package dev.rollcall.engine;

import dev.rollcall.RegistryException;
import dev.rollcall.spi.Timer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Completes the futures that an application is given, each by its deadline, on threads of their
 * own. What an application has made to follow on its future runs on the thread that completes it:
 * on the timer's thread it would hold up all deadlines and heartbeats, on a client's thread all
 * answers of the store. Here it may block: that delays the others by a few milliseconds once
 * ({@link Dispatcher}).
 *
 * <p>Not the threads of listeners, since a listener on the only thread of a given executor may wait
 * for such a future. After {@link #close} the completing thread does it by itself. Thread-safe.
 */
final class Answers implements AutoCloseable {
  private final Timer timer;
  private final Dispatcher dispatcher;

  /** Creates one on a dispatcher that it closes. */
  Answers(Timer timer, Dispatcher dispatcher) {
    this.timer = timer;
    this.dispatcher = dispatcher;
  }

  /** Creates those of one registry or store. */
  static Answers on(Timer timer, Machine machine) {
    return new Answers(timer, new Dispatcher(timer, machine.answerPool(), null));
  }

  /** Returns a future that ends as another one does. */
  <T extends @Nullable Object> CompletableFuture<T> of(CompletableFuture<T> source) {
    if (source.isDone()) {
      return source.copy(); // whatever follows on it runs on the thread that adds it
    }
    Answer<T> answer = new Answer<>(dispatcher);
    source.whenComplete(answer::settle);
    return answer.future;
  }

  /**
   * Returns a future that ends as another one does, or fails when that is not done in time.
   *
   * @param late called once, on the timer's thread, and only where the deadline has passed first
   */
  <T extends @Nullable Object> CompletableFuture<T> of(
      CompletableFuture<T> source, Duration deadline, Supplier<RegistryException> late) {
    if (source.isDone()) {
      return source.copy();
    }
    Answer<T> answer = new Answer<>(dispatcher);
    Timer.Scheduled end = timer.schedule(() -> answer.settle(late), deadline);
    answer.future.whenComplete((value, failed) -> end.cancel());
    source.whenComplete(answer::settle);
    return answer.future;
  }

  @Override
  public void close() {
    dispatcher.close();
  }

  /** The first outcome counts: the thread that claims it writes the fields, before this is due. */
  private static final class Answer<T extends @Nullable Object> extends Dispatchable {
    private final CompletableFuture<T> future = new CompletableFuture<>();
    private final AtomicBoolean claimed = new AtomicBoolean();
    private @Nullable T value;
    private @Nullable Throwable failure;

    Answer(Dispatcher dispatcher) {
      super(dispatcher);
    }

    void settle(@Nullable T result, @Nullable Throwable failed) {
      if (claimed.compareAndSet(false, true)) {
        value = result;
        failure = failed;
        signal();
      }
    }

    void settle(Supplier<RegistryException> late) {
      if (claimed.compareAndSet(false, true)) {
        failure = late.get();
        signal();
      }
    }

    @Override
    @SuppressWarnings("NullAway") // null where that is what the source completed with
    void deliver(Dispatcher.Worker worker) {
      if (failure == null) {
        future.complete(value);
      } else {
        future.completeExceptionally(failure);
      }
    }

    @Override
    int subscribers() {
      return 1;
    }
  }
}
