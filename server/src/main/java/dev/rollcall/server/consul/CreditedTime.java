package dev.rollcall.server.consul;

import dev.rollcall.spi.Timer;
import java.time.Duration;

/**
 * The time in which this process has run. When a tick comes late (a collection, a stopped process,
 * a starved container), the delay does not count: those that could not send a heartbeat meanwhile
 * are not taken for dead. Guarded by the lock of the {@link LocalAgent}.
 */
final class CreditedTime {
  static final Duration TICK = Duration.ofMillis(50);

  private static final long TOLERANCE_NANOS = Duration.ofMillis(250).toNanos();

  private final Timer timer;
  private long creditNanos;
  private long expectedNanos;

  CreditedTime(Timer timer) {
    this.timer = timer;
  }

  long nanos() {
    return timer.nanoTime() - creditNanos;
  }

  /** Says that the next tick was just ordered. */
  void ordered() {
    expectedNanos = timer.nanoTime() + TICK.toNanos();
  }

  /** Says that the tick is there. */
  void ticked() {
    long late = timer.nanoTime() - expectedNanos;
    if (late > TOLERANCE_NANOS) {
      creditNanos += late;
    }
  }
}
