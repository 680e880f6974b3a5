package dev.rollcall.engine;

import dev.rollcall.spi.Timer;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;

/**
 * What this process knows of one instance by having called it; it outlives the states in which the
 * instance is shown. {@code strikes} is guarded by {@code this}; {@code hasFailed} is its shadow,
 * so that the usual, good end of a request reads and writes nothing shared.
 */
final class Target {
  private static final long FIRST_EJECTION_NANOS = 1_000_000_000L;
  private static final int MAX_DOUBLINGS = 5;
  private static final AtomicIntegerFieldUpdater<Target> IN_FLIGHT =
      AtomicIntegerFieldUpdater.newUpdater(Target.class, "inFlight");

  /** Seen when looking began: of unknown age. */
  private final boolean old;

  private final long sinceNanos;
  private volatile int inFlight; // by IN_FLIGHT
  private volatile boolean hasFailed;
  private int strikes;

  Target(boolean old, long sinceNanos) {
    this.old = old;
    this.sinceNanos = sinceNanos;
  }

  int inFlight() {
    return inFlight;
  }

  void begin() {
    IN_FLIGHT.incrementAndGet(this);
  }

  void end() {
    IN_FLIGHT.decrementAndGet(this);
  }

  long ageNanos(Timer timer) {
    return old ? Long.MAX_VALUE : timer.nanoTime() - sinceNanos;
  }

  /** Notes a failure that ejects; returns for how long: 1 s, and twice the last time up to 32 s. */
  synchronized long strike() {
    hasFailed = true;
    return FIRST_EJECTION_NANOS << Math.min(strikes++, MAX_DOUBLINGS);
  }

  /** Notes a request that went well; returns the strikes that it has cleared. */
  int succeeded() {
    if (!hasFailed) {
      return 0;
    }
    synchronized (this) {
      int cleared = strikes;
      hasFailed = false;
      strikes = 0;
      return cleared;
    }
  }

  /** Takes a success back that cleared so many strikes. */
  synchronized void restore(int cleared) {
    if (cleared > strikes) {
      strikes = cleared;
      hasFailed = true;
    }
  }
}
