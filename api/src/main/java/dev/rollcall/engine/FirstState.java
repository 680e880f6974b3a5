package dev.rollcall.engine;

import dev.rollcall.Arguments;
import dev.rollcall.Freshness;
import dev.rollcall.RegistryException;
import dev.rollcall.spi.support.Futures;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** How the first state of something is waited for, with a thread or without. Stateless. */
final class FirstState {
  static final String SILENT = "the store has neither answered nor failed yet";

  private FirstState() {}

  /**
   * Returns a future of the first state, for an application. Once the application has ended the
   * future by itself, nothing here leads to the state any more.
   *
   * @param answers completes the future
   * @param arrived done with the first state or when none will come; fails where nothing is watched
   *     any more
   * @param what is waited for, for the message
   * @param freshness its own, {@link Freshness.Loading} as long as there is no state
   * @param state the present one
   */
  static <T> CompletableFuture<T> of(
      Answers answers,
      CompletableFuture<? extends @Nullable Object> arrived,
      String what,
      Supplier<Freshness> freshness,
      Supplier<T> state) {
    CompletableFuture<T> first = new CompletableFuture<>();
    CompletableFuture<? extends @Nullable Object> own = arrived.copy(); // "arrived" is shared
    own.whenComplete(
        (done, ended) -> {
          if (first.isDone()) {
            return;
          }
          if (ended != null) {
            first.completeExceptionally(ended(what, ended));
          } else if (freshness.get() instanceof Freshness.Loading loading) {
            first.completeExceptionally(missing(what + ": no state", loading));
          } else {
            first.complete(state.get());
          }
        });
    CompletableFuture<T> answer = answers.of(first);
    answer.whenComplete(
        (given, ended) -> {
          first.cancel(false);
          own.cancel(false);
        });
    return answer;
  }

  /** Waits on the calling thread; throws as {@link #of} fails, and when the time is over. */
  static <T> T await(
      CompletableFuture<? extends @Nullable Object> arrived,
      String what,
      Duration timeout,
      Supplier<Freshness> freshness,
      Supplier<T> state) {
    Arguments.between("timeout", timeout, Duration.ZERO, Arguments.MAX_TTL);
    String late = "";
    try {
      arrived.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException over) {
      late = " within " + timeout;
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
      throw RegistryException.unavailable(what + ": interrupted while waiting", stop);
    } catch (ExecutionException ended) {
      throw ended(what, ended.getCause() == null ? ended : ended.getCause());
    }
    if (freshness.get() instanceof Freshness.Loading loading) {
      throw missing(what + ": no state" + late, loading);
    }
    return state.get();
  }

  private static RegistryException ended(String what, Throwable failed) {
    Throwable why = Futures.cause(failed);
    return RegistryException.unavailable(what + ": " + why.getMessage(), why);
  }

  private static RegistryException missing(String what, Freshness.Loading loading) {
    RegistryException cause = loading.cause().orElse(null);
    return new RegistryException(
        cause == null ? RegistryException.Kind.UNAVAILABLE : cause.kind(),
        what + ": " + (cause == null ? SILENT : cause.getMessage()),
        cause);
  }
}
