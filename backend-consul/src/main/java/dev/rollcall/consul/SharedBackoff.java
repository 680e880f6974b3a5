package dev.rollcall.consul;

import dev.rollcall.spi.Timer;
import dev.rollcall.spi.support.RetryBackoff;
import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * When watches try again after the agent has failed them. All watches of a client share one
 * back-off, and at each of its steps one of them asks, so that a thousand watches make one attempt
 * a step. The first step comes after 200 ms, each further one after twice the time, up to 4 s,
 * spread by ± 20 %. It starts over after 10 s without a failure.
 *
 * <p>The gateway reports what the client hears, on whichever call. An answer of the store lets all
 * watches ask at once. An answer that the agent gives by itself, such as to a heartbeat, proves
 * less: there may be no leader. The first one after a silence brings the next step forward and
 * starts the steps over.
 *
 * <p>Its own monitor guards its fields. Tasks run under no lock, and do not block.
 */
final class SharedBackoff {
  private static final Duration FIRST = Duration.ofMillis(200);
  static final Duration MAX = Duration.ofSeconds(4);
  private static final long HEALTHY_NANOS = Duration.ofSeconds(10).toNanos();

  private final Timer timer;
  private final LinkedHashSet<Runnable> waiting = new LinkedHashSet<>();
  private final RetryBackoff steps = new RetryBackoff(FIRST, MAX);
  private long failedNanos;
  private Timer.@Nullable Scheduled next;

  SharedBackoff(Timer timer) {
    this.timer = timer;
    failedNanos = timer.nanoTime();
  }

  /** Asks for an attempt after a failure; one that ends without an answer calls this again. */
  void failed(Runnable again) {
    synchronized (this) {
      long now = timer.nanoTime();
      if (now - failedNanos > HEALTHY_NANOS) {
        steps.reset();
      }
      failedNanos = now;
      waiting.add(again);
    }
    schedule();
  }

  /** Takes back an attempt that was asked for, so that it takes no step; null for none. */
  synchronized void withdraw(@Nullable Runnable again) {
    if (again != null) {
      waiting.remove(again);
    }
  }

  /** The store answers: all that wait may ask. */
  void answered() {
    List<Runnable> released;
    synchronized (this) {
      if (waiting.isEmpty()) {
        return;
      }
      released = List.copyOf(waiting);
      waiting.clear();
    }
    released.forEach(Runnable::run);
  }

  /** The agent answers again, which says nothing of the store: one may ask soon. */
  void hurry() {
    synchronized (this) {
      steps.reset();
      if (next != null) {
        next.cancel();
        next = null;
      }
    }
    schedule();
  }

  /** An attempt was given up without an answer: another one may take its turn. */
  void abandoned() {
    schedule();
  }

  private synchronized void schedule() {
    if (next == null && !waiting.isEmpty()) {
      next = timer.schedule(this::step, steps.failed());
    }
  }

  private void step() {
    @Nullable Runnable probe;
    synchronized (this) {
      next = null;
      Iterator<Runnable> first = waiting.iterator();
      probe = first.hasNext() ? first.next() : null;
      withdraw(probe);
    }
    if (probe != null) {
      probe.run();
    }
  }
}
