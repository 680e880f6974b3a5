package dev.rollcall.server.dependencies;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/** How long to wait before the next attempt. */
final class Attempts {
  private static final double JITTER = 0.1;

  private Attempts() {}

  /** Doubles with each failure, from a first wait to a longest one, spread by ± 10 %. */
  static Duration afterFailures(int failures, Duration first, Duration longest) {
    long nanos = first.toNanos();
    for (int i = 1; i < failures && nanos < longest.toNanos(); i++) {
      nanos *= 2;
    }
    return spread(Duration.ofNanos(Math.min(nanos, longest.toNanos())));
  }

  static Duration spread(Duration wait) {
    double factor = 1 + JITTER * (2 * ThreadLocalRandom.current().nextDouble() - 1);
    return Duration.ofNanos((long) (wait.toNanos() * factor));
  }

  /** Anywhere between zero and a time, so that those that come together do not stay together. */
  static Duration within(Duration time) {
    return Duration.ofNanos((long) (time.toNanos() * ThreadLocalRandom.current().nextDouble()));
  }
}
