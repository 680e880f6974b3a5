package dev.rollcall.testkit.server;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Waits for a condition that is not signalled. */
final class Poll {
  private static final long INTERVAL_NANOS = Duration.ofMillis(20).toNanos();

  private Poll() {}

  /** Returns whether the condition came true in time; an interrupt is a {@link ServerException}. */
  static boolean until(Duration timeout, BooleanSupplier condition) {
    return find(timeout, () -> condition.getAsBoolean() ? Optional.of(true) : Optional.empty())
        .isPresent();
  }

  /** Returns what was found, or empty where nothing was in time. */
  static <T> Optional<T> find(Duration timeout, Supplier<Optional<T>> search) {
    long startNanos = System.nanoTime();
    while (true) {
      Optional<T> found = search.get();
      if (found.isPresent() || System.nanoTime() - startNanos > timeout.toNanos()) {
        return found;
      }
      LockSupport.parkNanos(INTERVAL_NANOS);
      if (Thread.currentThread().isInterrupted()) {
        throw new ServerException("interrupted while waiting for a server");
      }
    }
  }
}
