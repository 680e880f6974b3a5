package dev.rollcall.engine;

import dev.rollcall.spi.Timer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;

/**
 * A timer whose time never comes by itself: a task runs on the thread that asks for it. Deadlines and
 * sweeps never come at all.
 */
final class StillTimer implements Timer {
  private static final Duration SOON = Duration.ofSeconds(5);

  private final Queue<Runnable> tasks = new ArrayDeque<>();

  @Override
  public long nanoTime() {
    return 0;
  }

  @Override
  public Scheduled schedule(Runnable task, Duration delay) {
    if (delay.compareTo(SOON) > 0) {
      return () -> {};
    }
    synchronized (tasks) {
      tasks.add(task);
    }
    return () -> {
      synchronized (tasks) {
        tasks.remove(task);
      }
    };
  }

  /** Runs one task, if there is one. */
  void runOne() {
    Runnable task;
    synchronized (tasks) {
      task = tasks.poll();
    }
    if (task != null) {
      task.run();
    }
  }

  @Override
  public void close() {}
}
