package dev.rollcall.server.outbound;

import com.google.common.cache.CacheBuilder;
import java.time.Duration;
import java.util.Map;

/**
 * How often one address and port may be called, for all clients together: {@value #A_SECOND} a
 * second, after {@value #AT_ONCE} at once. Thread-safe.
 */
final class TargetRateLimiter {
  static final int A_SECOND = 20;
  static final int AT_ONCE = 40;

  private static final long STEP_NANOS = Duration.ofSeconds(1).toNanos() / A_SECOND;

  /** When the next call would be due if calls came evenly; forgotten once it lies in the past. */
  private final Map<Object, Long> due =
      CacheBuilder.newBuilder()
          .maximumSize(100_000)
          .expireAfterWrite(Duration.ofMinutes(1))
          .<Object, Long>build()
          .asMap();

  /** Returns how long to wait before the target may be called, and counts the call. */
  long reserveNanos(Object target, long nowNanos, long maxNanos) {
    long[] wait = new long[1];
    due.compute(
        target,
        (key, before) -> {
          long free = nowNanos - (AT_ONCE - 1) * STEP_NANOS;
          long mine = before == null || before - free < 0 ? free : before;
          wait[0] = Math.max(0, mine - nowNanos);
          // A call that cannot wait that long is not made, and does not count.
          return wait[0] > maxNanos ? mine : mine + STEP_NANOS;
        });
    return wait[0];
  }
}
