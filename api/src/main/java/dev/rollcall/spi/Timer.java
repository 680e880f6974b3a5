package dev.rollcall.spi;

import java.time.Duration;

/**
 * A monotonic clock, and one thread that runs short tasks when their time has come. Everything in
 * Rollcall that depends on time asks a timer, so that tests can own the time; only a thread that
 * waits for another (an await, a close) is woken by the real clock in any case. Thread-safe.
 *
 * @since 0.1.0
 */
public interface Timer extends AutoCloseable {

  /**
   * Returns the present time, comparable only with other values of the same timer.
   *
   * @return nanoseconds since an arbitrary moment; never goes backwards
   */
  long nanoTime();

  /**
   * Runs a task once, on this timer's thread, unless it is cancelled or the timer closed before.
   * The task must not block; what it throws is logged.
   *
   * @param task what to run
   * @param delay how long from now; zero or less runs it as soon as possible
   * @return cancels the task
   */
  Scheduled schedule(Runnable task, Duration delay);

  /** Drops all tasks that have not begun and ends the thread. Idempotent. */
  @Override
  void close();

  /** A task that waits for its time. */
  @FunctionalInterface
  interface Scheduled {
    /** Keeps the task from running, if it has not begun. Idempotent. */
    void cancel();
  }
}
