package dev.rollcall.server.access;

import com.google.common.cache.CacheBuilder;
import java.time.Duration;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * How many requests a client may send: so many a second, after as many at once. Thread-safe. Of
 * clients that have not come for a minute nothing is kept; of more than 100,000, the last ones.
 */
final class RateLimiter {
  private static final long SECOND_NANOS = 1_000_000_000L;

  private final long stepNanos;
  private final long creditNanos;
  private final LongSupplier nanoTime;
  private final Map<String, Long> due =
      CacheBuilder.newBuilder()
          .maximumSize(100_000)
          .expireAfterWrite(Duration.ofMinutes(1))
          .<String, Long>build()
          .asMap();

  RateLimiter(int perSecond, LongSupplier nanoTime) {
    stepNanos = SECOND_NANOS / perSecond;
    creditNanos = SECOND_NANOS - stepNanos;
    this.nanoTime = nanoTime;
  }

  /** Counts a request, unless there were too many already. */
  boolean admits(String client) {
    long now = nanoTime.getAsLong();
    boolean[] admitted = new boolean[1];
    due.compute(
        client,
        (key, before) -> {
          long free = now - creditNanos;
          long mine = before == null || before - free < 0 ? free : before;
          admitted[0] = mine - now <= 0;
          return admitted[0] ? mine + stepNanos : mine;
        });
    return admitted[0];
  }
}
