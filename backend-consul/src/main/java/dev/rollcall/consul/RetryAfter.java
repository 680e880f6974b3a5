package dev.rollcall.consul;

import dev.rollcall.spi.Timer;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * How long calls are held back because the agent asked for that ({@code Retry-After}, in seconds; a
 * date would need a wall clock): at most the longest step of the {@link SharedBackoff}, and up to a
 * fifth longer than asked, so that a fleet does not come back in step.
 *
 * <p>Its own monitor guards its fields. The threads that read answers write them; any thread that
 * makes a call reads them.
 */
final class RetryAfter {
  private final Timer timer;
  private long untilNanos;
  private boolean asked;

  RetryAfter(Timer timer) {
    this.timer = timer;
  }

  /** Takes note of a header, if there is one. */
  void asked(@Nullable String retryAfter) {
    if (retryAfter == null || !retryAfter.strip().matches("[0-9]+")) {
      return;
    }
    String digits = retryAfter.strip();
    long maxNanos = SharedBackoff.MAX.toNanos();
    long wanted =
        digits.length() > 4
            ? maxNanos
            : Math.min(maxNanos, Duration.ofSeconds(Integer.parseInt(digits)).toNanos());
    double spread = ThreadLocalRandom.current().nextDouble(1, 1.2);
    long until = timer.nanoTime() + (long) (wanted * spread);
    synchronized (this) {
      if (!asked || until - untilNanos > 0) {
        untilNanos = until;
        asked = true;
      }
    }
  }

  /** Returns for how long nothing should be asked. */
  synchronized Duration left() {
    if (!asked) {
      return Duration.ZERO;
    }
    long left = untilNanos - timer.nanoTime();
    if (left <= 0) {
      asked = false;
      return Duration.ZERO;
    }
    return Duration.ofNanos(left);
  }
}
