package dev.rollcall.testkit;

import static java.util.Objects.requireNonNull;

import dev.rollcall.spi.Timer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A timer whose time passes only when a test says so. Tasks run on the thread that lets the time
 * pass, in the order of their due times. Thread-safe; tasks never run at the same time as each
 * other.
 *
 * <p>Its clock starts a little below zero, so that a test soon crosses it: code that takes zero for
 * "not set", or compares two times by {@code <} instead of by their difference, shows.
 *
 * @since 0.1.0
 */
public final class ManualTimer implements Timer {
  private static final long START_NANOS = Duration.ofSeconds(-3).toNanos();

  private final ReentrantLock turn = new ReentrantLock();
  private final PriorityQueue<Task> tasks = new PriorityQueue<>(ManualTimer::inOrder);
  // All guarded by "tasks".
  private long now = START_NANOS;
  private long scheduled;
  private boolean closed;

  /** Creates a timer that stands still. */
  public ManualTimer() {}

  @Override
  public long nanoTime() {
    synchronized (tasks) {
      return now;
    }
  }

  /**
   * {@inheritDoc}
   *
   * <p>A task without delay runs with the next {@link #advance}, also one by nothing.
   */
  @Override
  public Scheduled schedule(Runnable task, Duration delay) {
    requireNonNull(task, "task");
    synchronized (tasks) {
      Task waiting = new Task(task, now + Math.max(0, delay.toNanos()), scheduled++);
      if (!closed) {
        tasks.add(waiting);
      }
      return () -> {
        synchronized (tasks) {
          tasks.remove(waiting);
        }
      };
    }
  }

  /**
   * Lets time pass as it does when nothing is wrong: each task runs at the very moment for which it
   * was scheduled, those included that other tasks schedule on the way.
   *
   * @param by how much, zero or more
   */
  public void advance(Duration by) {
    run(by, false);
  }

  /**
   * Lets time pass at one stroke, as it does for a process that was stopped: all tasks that came
   * due run late, when it is over.
   *
   * @param by how much, zero or more
   */
  public void jump(Duration by) {
    run(by, true);
  }

  /**
   * Returns an executor that keeps what it is given until time is advanced, by nothing at the
   * least: for listeners whose moment a test wants to decide.
   *
   * @return an executor on this timer
   */
  public Executor executor() {
    return task -> schedule(task, Duration.ZERO);
  }

  /**
   * Returns how many tasks wait for their time.
   *
   * @return zero or more
   */
  public int pending() {
    synchronized (tasks) {
      return tasks.size();
    }
  }

  @Override
  public void close() {
    synchronized (tasks) {
      closed = true;
      tasks.clear();
    }
  }

  private void run(Duration by, boolean late) {
    if (by.isNegative()) {
      throw new IllegalArgumentException("by: " + by + " (expected: zero or more)");
    }
    List<Throwable> thrown = new ArrayList<>();
    turn.lock();
    try {
      long until;
      synchronized (tasks) {
        until = now + by.toNanos();
        if (late) {
          now = until;
        }
      }
      for (Task task = next(until); task != null; task = next(until)) {
        try {
          task.body.run();
        } catch (Throwable failure) {
          thrown.add(failure);
        }
      }
    } finally {
      turn.unlock();
    }
    if (!thrown.isEmpty()) {
      AssertionError failed = new AssertionError("a timed task has thrown", thrown.get(0));
      thrown.stream().skip(1).forEach(failed::addSuppressed);
      throw failed;
    }
  }

  private @Nullable Task next(long until) {
    synchronized (tasks) {
      Task first = tasks.peek();
      if (first == null || first.dueNanos - until > 0) {
        now = until - now > 0 ? until : now;
        return null;
      }
      now = first.dueNanos - now > 0 ? first.dueNanos : now;
      return tasks.poll();
    }
  }

  private static int inOrder(Task a, Task b) {
    int byTime = Long.signum(a.dueNanos - b.dueNanos);
    return byTime != 0 ? byTime : Long.signum(a.sequence - b.sequence);
  }

  private static final class Task {
    private final Runnable body;
    private final long dueNanos;
    private final long sequence;

    Task(Runnable body, long dueNanos, long sequence) {
      this.body = body;
      this.dueNanos = dueNanos;
      this.sequence = sequence;
    }
  }
}
