package dev.rollcall.memory;

import dev.rollcall.spi.Timer;

/**
 * The time for which the store has been running: the timer's time without the pauses. All deadlines
 * of a store are in this time, so that a pause (a collection, a stopped process, a starved
 * container), in which nobody could renew, ages no lease.
 *
 * <p><b>Design.</b> {@code running = timer - origin - credit}. The tick finds out that it is late
 * by L and adds L to the credit before it judges any lease; this moves every deadline by L at once.
 * A renewal computes {@code running + ttl} without a lock, at any moment of this:
 *
 * <ul>
 *   <li>Before the pause, or after the credit was added: exact.
 *   <li>After the pause, before the tick has noticed it: the renewal sees a running time that still
 *       contains the pause, and its deadline ends up at most L later than it should. It cannot end
 *       up earlier, since the credit only grows.
 *   <li>Across the addition: {@link #nanos()} reads the credit before and after the timer and tries
 *       again where it has changed, so that a time from before the pause is never combined with the
 *       credit for it, which would shorten the lease, and one thread's long sleep between the two
 *       reads never adds up several pauses.
 * </ul>
 *
 * <p>So a pause stretches a lease by at most itself, and shortens none.
 */
final class RunningClock {
  private final Timer timer;
  private final long origin;

  /** Grows only. Written by the tick under the store's lock, read without it. */
  private volatile long credit;

  /** Set once, when the store is closed; read without a lock. */
  private volatile boolean stopped;

  RunningClock(Timer timer) {
    this.timer = timer;
    this.origin = timer.nanoTime();
  }

  /** Returns the running time, zero or more; goes back only by what {@link #credit} adds. */
  long nanos() {
    while (true) {
      long before = credit;
      long raw = timer.nanoTime();
      if (before == credit) {
        return raw - origin - before;
      }
    }
  }

  /** Returns the running time at a moment of the timer's; for those who hold the store's lock. */
  long at(long timerNanos) {
    return timerNanos - origin - credit;
  }

  /** Takes a pause out of the running time. */
  @SuppressWarnings("NonAtomicVolatileUpdate") // the tick alone writes it
  void credit(long pauseNanos) {
    credit = credit + pauseNanos;
  }

  void stop() {
    stopped = true;
  }

  boolean isStopped() {
    return stopped;
  }
}
