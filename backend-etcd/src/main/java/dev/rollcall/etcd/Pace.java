package dev.rollcall.etcd;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/**
 * How long a feed waits before it tries again: 100 ms at first, doubling to 1.2 s, each spread by ±
 * 20 %. The bound is what makes a feed live again within 2 s of the store's return; it costs a
 * store that is down one connection attempt in 1.2 s. Not thread-safe.
 */
final class Pace {
  private static final long FIRST_NANOS = Duration.ofMillis(100).toNanos();
  private static final long MOST_NANOS = Duration.ofMillis(1200).toNanos();

  /** After the first refusal: a watch that is denied asks no more than once in 5 s. */
  private static final long DENIED_NANOS = Duration.ofMillis(6500).toNanos();

  /** For a retry that stands alone. */
  static final Duration SOON = Duration.ofMillis(500);

  /** For a retry that stands alone, after a refusal. */
  static final Duration SLOWLY = Duration.ofNanos(DENIED_NANOS);

  /** How long a resumed stream may take to bring what it has missed, before a list is asked for. */
  static final Duration MISSED = Duration.ofMillis(300);

  /** Events of a response that may be the first of several: etcd cuts at so many revisions. */
  static final int FULL = 1000;

  private long nextNanos = FIRST_NANOS;
  private boolean deniedBefore;

  /** Returns how long to wait after a failure. */
  Duration failed() {
    deniedBefore = false;
    long wait = nextNanos;
    nextNanos = Math.min(MOST_NANOS, nextNanos * 2);
    return spread(wait);
  }

  /**
   * Returns how long to wait after a refusal. The first may come of a token that is out of date,
   * which the next attempt renews.
   */
  Duration denied() {
    if (!deniedBefore) {
      deniedBefore = true;
      return spread(FIRST_NANOS);
    }
    return spread(DENIED_NANOS);
  }

  /** Notes that the stream works. */
  void works() {
    nextNanos = FIRST_NANOS;
    deniedBefore = false;
  }

  static Duration spread(long nanos) {
    return Duration.ofNanos((long) (nanos * ThreadLocalRandom.current().nextDouble(0.8, 1.2)));
  }
}
