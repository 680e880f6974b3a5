package dev.rollcall.engine;

import dev.rollcall.spi.Timer;
import dev.rollcall.spi.support.RetryBackoff;
import java.time.Duration;

/**
 * How long to wait before the next attempt: 0.8 s, doubling to 30 s, each spread by ± 20 % so that
 * a fleet does not come back in step. Starts over after two minutes without a failure, or when the
 * store is known to answer again. Not thread-safe.
 */
final class Backoff {
  private static final Duration FIRST = Duration.ofMillis(800);
  private static final Duration MAX = Duration.ofSeconds(30);
  private static final long SOON_NANOS = Duration.ofMillis(500).toNanos();
  private static final long HEALTHY_NANOS = Duration.ofMinutes(2).toNanos();

  private final Timer timer;
  private final Machine machine;
  private final RetryBackoff steps;
  private long lastFailureNanos;

  Backoff(Timer timer, Machine machine) {
    this.timer = timer;
    this.machine = machine;
    this.steps = new RetryBackoff(FIRST, MAX, machine::random);
  }

  /**
   * Notes that the store answers again, and returns within what time the next attempt is due: not
   * at once, since all registrations of a process hear of it in the same moment.
   */
  Duration answersAgain() {
    steps.reset();
    return Duration.ofNanos(machine.random().nextLong(SOON_NANOS));
  }

  /** Notes a failure and returns how long to wait. */
  Duration failed() {
    long now = timer.nanoTime();
    if (now - lastFailureNanos > HEALTHY_NANOS) {
      steps.reset();
    }
    lastFailureNanos = now;
    return steps.failed();
  }
}
