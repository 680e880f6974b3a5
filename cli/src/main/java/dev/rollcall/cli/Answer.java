package dev.rollcall.cli;

import dev.rollcall.RegistryException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Waits for what the library answers. */
final class Answer {
  private Answer() {}

  /** Returns the answer, or throws the failure as the library has reported it. */
  static <T> T of(CompletableFuture<T> answer) {
    try {
      return answer.join();
    } catch (CompletionException failed) {
      if (failed.getCause() instanceof RegistryException known) {
        throw known;
      }
      throw failed;
    }
  }

  /** Tells whether an answer came in time and was no failure. */
  static boolean within(Duration time, CompletableFuture<?> answer) {
    try {
      answer.get(time.toNanos(), TimeUnit.NANOSECONDS);
      return true;
    } catch (ExecutionException | TimeoutException failed) {
      return false;
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
