package dev.rollcall.server.consul;

import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where filters are evaluated, so that they hold up no event loop: half of the processors, and a
 * queue. Thread-safe.
 */
final class FilterThreads implements Executor, AutoCloseable {
  private static final int MOST_WAITING = 1_000;
  private static final Logger LOG = LoggerFactory.getLogger(FilterThreads.class);

  private final ThreadPoolExecutor threads;

  FilterThreads() {
    int most = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
    threads =
        new ThreadPoolExecutor(
            most,
            most,
            10,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            task -> {
              Thread made = new Thread(task, "rollcall-centre-filter");
              made.setDaemon(true);
              return made;
            });
    threads.allowCoreThreadTimeOut(true);
  }

  /**
   * Refuses a new request where too many wait already.
   *
   * @throws RefusedException with 429
   */
  void requireRoom() {
    if (threads.getQueue().size() >= MOST_WAITING) {
      throw new RefusedException(429, "filter: too many wait already");
    }
  }

  /** Runs a task, that of a request which was let in; one after the close is dropped. */
  @Override
  public void execute(Runnable task) {
    try {
      threads.execute(task);
    } catch (RejectedExecutionException closed) {
      LOG.debug("closed", closed);
    }
  }

  @Override
  public void close() {
    threads.shutdown();
  }
}
