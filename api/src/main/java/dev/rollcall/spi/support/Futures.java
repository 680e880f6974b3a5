package dev.rollcall.spi.support;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What every user of {@link CompletableFuture} needs and the JDK does not have. Stateless.
 *
 * @since 0.1.0
 */
public final class Futures {
  private Futures() {}

  /**
   * Returns what a stage really failed with.
   *
   * @param failed what a dependent of the stage was given
   * @return the same without the wrappers that stages put around it
   */
  public static Throwable cause(Throwable failed) {
    Throwable cause = failed;
    while (cause instanceof CompletionException && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause;
  }

  /**
   * Begins a task so that a failure is always found in the stage.
   *
   * @param task begins the work
   * @param <T> the kind of result
   * @return the task's stage, or a failed one with what the task has thrown
   */
  public static <T extends @Nullable Object> CompletionStage<T> call(
      Supplier<? extends CompletionStage<T>> task) {
    try {
      return task.get();
    } catch (Throwable thrown) {
      return CompletableFuture.failedFuture(thrown);
    }
  }

  /**
   * Ends a future as a stage has ended: the two values are those that {@link
   * CompletionStage#whenComplete} gives.
   *
   * @param future to be ended; one that is done stays as it is
   * @param value the stage's result
   * @param failed the stage's failure, null where it has none
   * @param <T> the kind of result
   */
  @SuppressWarnings("NullAway") // null where that is what the stage completed with
  public static <T extends @Nullable Object> void complete(
      CompletableFuture<T> future, @Nullable T value, @Nullable Throwable failed) {
    if (failed == null) {
      future.complete(value);
    } else {
      future.completeExceptionally(cause(failed));
    }
  }
}
