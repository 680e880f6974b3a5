package dev.rollcall.etcd;

import dev.rollcall.spi.support.RetryBackoff;
import java.time.Duration;

/**
 * How long a feed waits before it tries again: 100 ms at first, doubling to 1.2 s, each spread by ±
 * 20 %. The bound is what makes a feed live again within 2 s of the store's return; it costs a
 * store that is down one connection attempt in 1.2 s. Not thread-safe.
 */
final class WatchBackoff {
  private static final Duration FIRST = Duration.ofMillis(100);
  private static final Duration MAX = Duration.ofMillis(1200);

  /** After the first refusal: a watch that is denied asks no more than once in 5 s. */
  private static final Duration DENIED = Duration.ofMillis(6500);

  /** For a retry that stands alone. */
  static final Duration SOON = Duration.ofMillis(500);

  /** For a retry that stands alone, after a refusal. */
  static final Duration SLOWLY = DENIED;

  /** How long a resumed stream may take to bring what it has missed, before a list is asked for. */
  static final Duration MISSED = Duration.ofMillis(300);

  /** Events of a response that may be the first of several: etcd cuts at so many revisions. */
  static final int FULL = 1000;

  private final RetryBackoff steps = new RetryBackoff(FIRST, MAX);
  private boolean deniedBefore;

  /** Returns how long to wait after a failure. */
  Duration failed() {
    deniedBefore = false;
    return steps.failed();
  }

  /**
   * Returns how long to wait after a refusal. The first may come of a token that is out of date,
   * which the next attempt renews.
   */
  Duration denied() {
    if (!deniedBefore) {
      deniedBefore = true;
      return RetryBackoff.spread(FIRST);
    }
    return RetryBackoff.spread(DENIED);
  }

  /** Notes that the stream works. */
  void works() {
    steps.reset();
    deniedBefore = false;
  }
}
