package dev.rollcall.consul;

import dev.rollcall.spi.Timer;
import dev.rollcall.spi.support.RetryBackoff;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;

/**
 * When watches try again after the agent has failed them: all of them share one back-off, and at
 * each of its steps only one of them asks, so that a thousand watches are one attempt a step. Any
 * answer lets the others go. The first step comes soon, each further one after twice the time, up
 * to 4 s, spread by ± 20 %: an agent is next door, and one small request to it in 4 s harms nobody.
 * Starts over after 10 s without a failure.
 *
 * <p>Its own monitor guards its fields. Tasks run under no lock, and do not block.
 */
final class SharedBackoff {
  private static final Duration FIRST = Duration.ofMillis(200);
  static final Duration MAX = Duration.ofSeconds(4);
  private static final long HEALTHY_NANOS = Duration.ofSeconds(10).toNanos();

  private final Timer timer;
  private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();
  private final RetryBackoff steps = new RetryBackoff(FIRST, MAX);
  private long failedNanos;
  private boolean stepping;

  SharedBackoff(Timer timer) {
    this.timer = timer;
    failedNanos = timer.nanoTime();
  }

  /** Asks for an attempt after a failure: of its end {@link #answered} or this is to be told. */
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

  /** The agent answers: all that wait may ask. */
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

  /** An attempt was given up without an answer: somebody else's turn. */
  void abandoned() {
    schedule();
  }

  private void schedule() {
    Duration wait;
    synchronized (this) {
      if (stepping || waiting.isEmpty()) {
        return;
      }
      stepping = true;
      wait = steps.failed();
    }
    timer.schedule(this::step, wait);
  }

  private void step() {
    Runnable probe;
    synchronized (this) {
      stepping = false;
      probe = waiting.poll();
    }
    if (probe != null) {
      probe.run();
    }
  }
}
