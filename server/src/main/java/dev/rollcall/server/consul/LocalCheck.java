package dev.rollcall.server.consul;

import dev.rollcall.Health;
import dev.rollcall.server.MemoryBudget;
import dev.rollcall.spi.HealthChecker;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/** A check that this agent runs, or is told of. Guarded by the lock of the {@link LocalAgent}. */
final class LocalCheck {
  private final CheckDefinition definition;
  final InetAddress registrant;
  CatalogCheck shown;
  HealthChecker.@Nullable Running running;

  /** What it sends, in its client's budget. */
  MemoryBudget.@Nullable Hold asked;

  /** When a TTL runs out, and since when the check is critical: both in {@link CreditedTime}. */
  long deadlineNanos;

  long criticalSinceNanos;

  /** Until when the last heartbeat counts, by the clock on the wall; 0 where there was none. */
  long expiresMillis;

  /** Whether the queue of TTLs holds it. */
  boolean isArmed;

  private int successes;
  private int failures;

  LocalCheck(
      CheckDefinition definition, CatalogCheck shown, InetAddress registrant, long nowNanos) {
    this.definition = definition;
    this.registrant = registrant;
    this.shown = shown;
    successes = definition.successesBeforePassing(); // the first result counts at once
    failures = definition.failuresBeforeCritical();
    criticalSinceNanos = nowNanos;
    deadlineNanos = nowNanos + definition.ttl().toNanos();
  }

  CheckDefinition definition() {
    return definition;
  }

  boolean isTtl() {
    return !definition.ttl().isZero();
  }

  /** Counts a result; returns as what the check counts now, null where it stays as it is. */
  @Nullable Health believed(Health result) {
    if (result != Health.CRITICAL) {
      failures = 0;
      return ++successes >= definition.successesBeforePassing() ? result : null;
    }
    successes = 0;
    failures++;
    if (failures >= definition.failuresBeforeCritical()) {
      return Health.CRITICAL;
    }
    int forWarning = definition.failuresBeforeWarning();
    return forWarning > 0 && failures >= forWarning ? Health.WARNING : null;
  }

  boolean isCritical() {
    return shown.status().equals(CatalogCheck.CRITICAL);
  }

  void stop() {
    if (running != null) {
      running.stop();
      running = null;
    }
    if (asked != null) {
      asked.close();
    }
  }
}
