package dev.rollcall.consul;

import dev.rollcall.spi.Timer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/**
 * When watches try again after the agent has failed them: all of them share one back-off, and at
 * each of its steps only one of them asks, so that a thousand watches are one attempt a step. Any
 * answer lets the others go. The first step comes soon, each further one after twice the time, up
 * to 4 s, spread by ± 20 %: an agent is next door, and one small request to it in 4 s harms nobody.
 * Starts over after 10 s without a failure.
 *
 * <p>Its own monitor guards its fields. Tasks run under no lock, and do not block.
 */
final class Reconnection {
  private static final long FIRST_NANOS = Duration.ofMillis(200).toNanos();
  static final long MOST_NANOS = Duration.ofSeconds(4).toNanos();
  private static final long HEALTHY_NANOS = Duration.ofSeconds(10).toNanos();

  private final Timer timer;
  private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();
  private long nextNanos = FIRST_NANOS;
  private long failedNanos;
  private boolean stepping;

  Reconnection(Timer timer) {
    this.timer = timer;
    failedNanos = timer.nanoTime();
  }

  /** Asks for an attempt after a failure: of its end {@link #answered} or this is to be told. */
  void failed(Runnable again) {
    synchronized (this) {
      long now = timer.nanoTime();
      if (now - failedNanos > HEALTHY_NANOS) {
        nextNanos = FIRST_NANOS;
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
    long wait;
    synchronized (this) {
      if (stepping || waiting.isEmpty()) {
        return;
      }
      stepping = true;
      wait = nextNanos;
      nextNanos = Math.min(MOST_NANOS, nextNanos * 2);
    }
    double spread = ThreadLocalRandom.current().nextDouble(0.8, 1.2);
    timer.schedule(this::step, Duration.ofNanos((long) (wait * spread)));
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
