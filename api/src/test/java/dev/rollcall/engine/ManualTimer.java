package dev.rollcall.engine;

import dev.rollcall.spi.Timer;
import java.time.Duration;
import java.util.Comparator;
import java.util.PriorityQueue;

/** A timer whose time stands still until a test moves it. Tasks run on the thread that moves it. */
final class ManualTimer implements Timer {
  private record Task(long atNanos, long order, Runnable run) {}

  private final PriorityQueue<Task> tasks =
      new PriorityQueue<>(Comparator.comparingLong(Task::atNanos).thenComparingLong(Task::order));
  private long now = 1_000_000_000L;
  private long order;
  private boolean closed;

  @Override
  public synchronized long nanoTime() {
    return now;
  }

  @Override
  public synchronized Scheduled schedule(Runnable run, Duration delay) {
    Task task = new Task(now + Math.max(0, delay.toNanos()), order++, run);
    if (!closed) {
      tasks.add(task);
    }
    return () -> cancel(task);
  }

  private synchronized void cancel(Task task) {
    tasks.remove(task);
  }

  @Override
  public synchronized void close() {
    closed = true;
    tasks.clear();
  }

  /** Moves the time on and runs each task at its own moment. */
  void advance(Duration by) {
    long end = nanoTime() + by.toNanos();
    while (runNext(end)) {}
    synchronized (this) {
      now = Math.max(now, end);
    }
  }

  /**
   * Moves the time on as a pause of the process does: what was due meanwhile runs late, at once.
   */
  void pause(Duration by) {
    synchronized (this) {
      now += by.toNanos();
    }
    advance(Duration.ZERO);
  }

  synchronized int pending() {
    return tasks.size();
  }

  private boolean runNext(long end) {
    Task next;
    synchronized (this) {
      next = tasks.peek();
      if (next == null || next.atNanos > end) {
        return false;
      }
      tasks.remove(next);
      now = Math.max(now, next.atNanos);
    }
    next.run.run();
    return true;
  }
}
