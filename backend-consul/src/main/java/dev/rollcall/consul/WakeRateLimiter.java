package dev.rollcall.consul;

import dev.rollcall.spi.Timer;
import java.time.Duration;

/**
 * Limits the queries of a watch whose index grows without news for it. A query that ends before its
 * wait is over and brings nothing new costs a token. There are five, and one is added a second. Not
 * thread-safe.
 */
final class WakeRateLimiter {
  private static final double MOST = 5;

  private final Timer timer;
  private double tokens = MOST;
  private long countedNanos;

  WakeRateLimiter(Timer timer) {
    this.timer = timer;
    countedNanos = timer.nanoTime();
  }

  /** Takes a token and returns how long to wait before the next query. */
  Duration spend() {
    long now = timer.nanoTime();
    tokens = Math.min(MOST, tokens + (now - countedNanos) / 1e9);
    countedNanos = now;
    tokens -= 1;
    return tokens >= 0 ? Duration.ZERO : Duration.ofNanos((long) (-tokens * 1e9));
  }
}
