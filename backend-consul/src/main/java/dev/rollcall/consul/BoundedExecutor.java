package dev.rollcall.consul;

import java.util.ArrayDeque;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A bounded number of named daemon threads. They are made when there is work and no idle one, and
 * end after 5 s without work; what is too much waits in line.
 *
 * <p>(The JDK's pool makes a thread for each task until it has all that it may have, or bounds
 * nothing.) {@code backlog} guards the fields that are not final.
 */
final class BoundedExecutor implements AutoCloseable {
  private final ThreadPoolExecutor threads;
  private final int most;
  private final ArrayDeque<Runnable> backlog = new ArrayDeque<>();
  private int busy;

  BoundedExecutor(String name, int most) {
    this.most = most;
    AtomicInteger count = new AtomicInteger();
    threads =
        new ThreadPoolExecutor(
            0,
            Integer.MAX_VALUE,
            5,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            task -> {
              Thread thread = new Thread(task, name + "-" + count.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
  }

  /** Returns the threads past the bound: for a client that must be given some and uses none. */
  ExecutorService threads() {
    return threads;
  }

  /**
   * Runs a task when there is a place.
   *
   * @return false where the lane is closed
   */
  boolean run(Runnable task) {
    synchronized (backlog) {
      if (busy >= most) {
        backlog.add(task);
        return true;
      }
      busy++;
    }
    try {
      threads.execute(() -> work(task));
      return true;
    } catch (RejectedExecutionException closed) {
      return false;
    }
  }

  private void work(Runnable first) {
    for (Runnable task = first; task != null; task = next()) {
      try {
        task.run();
      } catch (Throwable thrown) {
        Watches.LOG.error("a task failed", thrown);
      }
    }
  }

  private @Nullable Runnable next() {
    synchronized (backlog) {
      Runnable next = backlog.poll();
      if (next == null) {
        busy--;
      }
      return next;
    }
  }

  @Override
  public void close() {
    synchronized (backlog) {
      backlog.clear();
    }
    threads.shutdownNow();
  }
}
