package dev.rollcall.consul;

import java.time.Duration;
import java.util.Optional;

/**
 * When {@link CatalogFeed} fetches all services because something may have changed that no answer
 * named: at once, unless the last such sweep ended less than ten times its own duration ago, or 15
 * s: on a slow line the catalog is late, but not by minutes. A wish during a sweep, or while a turn
 * is not complete, is kept until then, since what had been fetched before it may be old. Not
 * thread-safe: guarded by the feed.
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

  /** All was fetched, or is about to be: earlier wishes are fulfilled. */
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
