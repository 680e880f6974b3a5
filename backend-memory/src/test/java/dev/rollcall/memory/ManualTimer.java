package dev.rollcall.memory;

import dev.rollcall.spi.Timer;
import java.time.Duration;
import java.util.Comparator;
import java.util.PriorityQueue;

/** A timer whose time passes only when a test says so, on the test's thread. */
final class ManualTimer implements Timer {
  private final PriorityQueue<Task> tasks =
      new PriorityQueue<>(Comparator.comparingLong(Task::dueNanos).thenComparing(Task::number));
  private long nowNanos = -3_000_000_000L;
  private long number;

  private record Task(Runnable body, long dueNanos, long number) {}

  @Override
  public synchronized long nanoTime() {
    return nowNanos;
  }

  @Override
  public synchronized Scheduled schedule(Runnable body, Duration delay) {
    Task task = new Task(body, nowNanos + Math.max(0, delay.toNanos()), number++);
    tasks.add(task);
    return () -> {
      synchronized (this) {
        tasks.remove(task);
      }
    };
  }

  /** Lets time pass as it does when nothing is wrong: each task runs at its very moment. */
  void advance(Duration by) {
    long until = nanoTime() + by.toNanos();
    for (Task task = next(until); task != null; task = next(until)) {
      task.body.run();
    }
  }

  /** Lets time pass at one stroke, as for a process that was stopped: tasks run late. */
  void jump(Duration by) {
    synchronized (this) {
      nowNanos += by.toNanos();
    }
    advance(Duration.ZERO);
  }

  /** Lets time pass without running anything, as between the end of a pause and the next tick. */
  synchronized void pass(Duration by) {
    nowNanos += by.toNanos();
  }

  synchronized int pending() {
    return tasks.size();
  }

  @Override
  public synchronized void close() {
    tasks.clear();
  }

  private synchronized Task next(long until) {
    Task first = tasks.peek();
    if (first == null || first.dueNanos > until) {
      nowNanos = Math.max(nowNanos, until);
      return null;
    }
    nowNanos = Math.max(nowNanos, first.dueNanos);
    return tasks.poll();
  }
}
