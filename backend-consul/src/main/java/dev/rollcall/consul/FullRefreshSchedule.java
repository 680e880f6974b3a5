package dev.rollcall.consul;

import java.time.Duration;
import java.util.Optional;

/**
 * When {@link CatalogFeed} fetches all services because a change may have touched some that no
 * answer named. A sweep begins at once, unless the last one ended a short time ago: less than ten
 * times its own duration, at most 15 s, so that on a slow line the catalog is late, but not by
 * minutes. A wish during a sweep, or in an incomplete turn, waits for its end, because what was
 * fetched before the wish may be old. Not thread-safe: guarded by the feed.
 */
final class FullRefreshSchedule {
  private static final long MIN_GAP_NANOS = Duration.ofMillis(50).toNanos();
  private static final long MAX_GAP_NANOS = Duration.ofSeconds(15).toNanos();
  private static final long ENTROPY_NANOS = Duration.ofMinutes(10).toNanos();
  private static final int SHARE = 10;

  private boolean planned;
  private boolean wanted;
  private boolean running;
  private long beganNanos;
  private long endedNanos;
  private long tookNanos;

  /** A turn begins, which fetches everything: earlier wishes are fulfilled. */
  void fulfilled(long nowNanos) {
    running = false;
    wanted = false;
    endedNanos = nowNanos;
  }

  /** Tells whether nothing was swept for so long that it should be, just to be sure. */
  boolean isDue(long nowNanos) {
    return nowNanos - endedNanos > ENTROPY_NANOS;
  }

  /** Asks for a sweep; returns when to begin one, empty where that is settled already. */
  Optional<Duration> wish(boolean possible, long nowNanos) {
    if (!possible || running) {
      wanted = true;
      return Optional.empty();
    }
    if (planned) {
      return Optional.empty();
    }
    planned = true;
    long gap = Math.min(MAX_GAP_NANOS, Math.max(MIN_GAP_NANOS, tookNanos * SHARE));
    return Optional.of(Duration.ofNanos(Math.max(0, endedNanos + gap - nowNanos)));
  }

  /** Returns when to begin a sweep that was wished for when it was not possible. */
  Optional<Duration> possibleNow(long nowNanos) {
    return wanted ? wish(true, nowNanos) : Optional.empty();
  }

  /** The planned moment has come; returns whether the sweep is to begin. */
  boolean begin(boolean possible, long nowNanos) {
    planned = false;
    if (!possible || running) {
      wanted = true;
      return false;
    }
    wanted = false;
    running = true;
    beganNanos = nowNanos;
    return true;
  }

  /** Nothing is left to fetch; returns when to begin the next one. */
  Optional<Duration> idle(long nowNanos) {
    if (!running) {
      return Optional.empty();
    }
    running = false;
    endedNanos = nowNanos;
    tookNanos = nowNanos - beganNanos;
    return possibleNow(nowNanos);
  }
}
