package dev.rollcall.junit;

import static java.util.Objects.requireNonNull;

import dev.rollcall.spi.Timer;
import dev.rollcall.spi.support.SystemTimer;
import java.time.Duration;
import java.util.PriorityQueue;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A timer on the system's clock that can be put forward: time passes by itself, and faster where a
 * test wants that.
 *
 * <p>Tasks stand in a queue by their due times. A timer of the system's wakes this one when the
 * time of a task has come; a thread that puts the clock forward runs what falls due on the way
 * itself, each task at its own moment, so that heartbeats stay in time with the leases that they
 * renew. {@code turn} is held by the thread that runs tasks: one at a time, in order. {@code tasks}
 * guards itself, {@code skippedNanos}, {@code scheduled} and {@code closed}; it may be taken under
 * {@code turn}, and no task is called under it.
 */
final class SkippingTimer implements Timer {
  private static final Logger LOG = LoggerFactory.getLogger(FakeStore.class);

  private final Timer system = SystemTimer.named("rollcall-junit-timer");
  private final ReentrantLock turn = new ReentrantLock();
  private final PriorityQueue<Task> tasks = new PriorityQueue<>(SkippingTimer::inOrder);
  private long skippedNanos;
  private long scheduled;
  private boolean closed;

  private record Task(Runnable body, long dueNanos, long number) {}

  @Override
  public long nanoTime() {
    synchronized (tasks) {
      return system.nanoTime() + skippedNanos;
    }
  }

  @Override
  public Scheduled schedule(Runnable task, Duration delay) {
    requireNonNull(task, "task");
    Task waiting;
    synchronized (tasks) {
      waiting = new Task(task, nanoTime() + Math.max(0, delay.toNanos()), scheduled++);
      if (!closed) {
        tasks.add(waiting);
      }
    }
    Scheduled wake = system.schedule(this::runDue, delay);
    return () -> {
      synchronized (tasks) {
        tasks.remove(waiting);
      }
      wake.cancel();
    };
  }

  /** Lets time pass, and returns when what fell due has run. */
  void advance(Duration by) {
    turn.lock();
    try {
      long until = nanoTime() + by.toNanos();
      for (Task next = skipToNext(until); next != null; next = skipToNext(until)) {
        run(next);
      }
    } finally {
      turn.unlock();
    }
  }

  private void runDue() {
    turn.lock();
    try {
      for (Task next = nextDue(); next != null; next = nextDue()) {
        run(next);
      }
    } finally {
      turn.unlock();
    }
  }

  private @Nullable Task nextDue() {
    synchronized (tasks) {
      Task first = tasks.peek();
      return first == null || first.dueNanos - nanoTime() > 0 ? null : tasks.poll();
    }
  }

  /** Puts the clock forward to the next task before a moment, or to that moment. */
  private @Nullable Task skipToNext(long until) {
    synchronized (tasks) {
      Task first = tasks.peek();
      boolean isDue = first != null && first.dueNanos - until <= 0;
      long to = isDue ? requireNonNull(first).dueNanos : until;
      skippedNanos += Math.max(0, to - nanoTime());
      return isDue ? tasks.poll() : null;
    }
  }

  private static void run(Task task) {
    try {
      task.body.run();
    } catch (Throwable thrown) {
      LOG.error("a timed task failed", thrown);
    }
  }

  private static int inOrder(Task a, Task b) {
    int byTime = Long.signum(a.dueNanos - b.dueNanos);
    return byTime != 0 ? byTime : Long.signum(a.number - b.number);
  }

  @Override
  public void close() {
    synchronized (tasks) {
      closed = true;
      tasks.clear();
    }
    system.close();
  }
}
