package dev.rollcall.spi.support;

import dev.rollcall.spi.Timer;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A timer on {@link System#nanoTime()} with a daemon thread of its own, which starts with the first
 * task: the JDK's scheduled executor. Thread-safe.
 *
 * @since 0.1.0
 */
public final class SystemTimer implements Timer {
  private static final Logger LOG = LoggerFactory.getLogger(Timer.class);

  private final ScheduledThreadPoolExecutor executor;

  private SystemTimer(String threadName) {
    executor =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread thread = new Thread(task, threadName);
              thread.setDaemon(true);
              return thread;
            },
            (task, closed) -> {}); // after close() a task is dropped, as close() promises
    executor.setRemoveOnCancelPolicy(true);
    executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
  }

  /**
   * Opens a timer.
   *
   * @param threadName the thread's name
   * @return an open timer, the caller's to close
   */
  public static Timer named(String threadName) {
    return new SystemTimer(threadName);
  }

  @Override
  public long nanoTime() {
    return System.nanoTime();
  }

  @Override
  public Scheduled schedule(Runnable task, Duration delay) {
    Future<?> future = executor.schedule(() -> run(task), delay.toNanos(), TimeUnit.NANOSECONDS);
    return () -> future.cancel(false);
  }

  @Override
  public void close() {
    executor.shutdownNow();
  }

  private static void run(Runnable task) {
    try {
      task.run();
    } catch (Throwable thrown) {
      LOG.error("a timed task failed", thrown);
    }
  }
}
