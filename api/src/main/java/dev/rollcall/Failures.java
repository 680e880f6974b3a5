package dev.rollcall;

import dev.rollcall.spi.BrokenClassPath;
import dev.rollcall.spi.Timer;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/** Makes whatever a backend throws or completes with one of the four kinds. */
final class Failures {
  private Failures() {}

  static RegistryException of(Throwable thrown) {
    Throwable cause = thrown;
    while (cause instanceof CompletionException && cause.getCause() != null) {
      cause = cause.getCause();
    }
    RegistryException known = cause instanceof RegistryException ours ? ours : null;
    if (known != null && known.kind() != RegistryException.Kind.UNAVAILABLE) {
      return known;
    }
    Optional<RegistryException> broken = BrokenClassPath.in(cause);
    if (broken.isPresent()) {
      return broken.get(); // whatever the backend calls it: the next attempt would fail as well
    }
    return known != null
        ? known
        : RegistryException.unavailable("the backend failed: " + cause, cause);
  }

  /** Has a future fail when it is not done by a deadline; returns that future. */
  static <T> CompletableFuture<T> byDeadline(
      CompletableFuture<T> answer,
      Timer timer,
      Duration deadline,
      Supplier<RegistryException> late) {
    if (!answer.isDone()) {
      Timer.Scheduled end =
          timer.schedule(() -> answer.completeExceptionally(late.get()), deadline);
      answer.whenComplete((done, failed) -> end.cancel());
    }
    return answer;
  }

  /** Calls a backend so that a failure is always found in the stage. */
  static <T> CompletionStage<T> call(Supplier<CompletionStage<T>> backend) {
    try {
      return backend.get();
    } catch (Throwable thrown) {
      return CompletableFuture.failedFuture(thrown);
    }
  }
}
