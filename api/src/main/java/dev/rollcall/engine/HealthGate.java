package dev.rollcall.engine;

import dev.rollcall.Arguments;
import dev.rollcall.Health;
import dev.rollcall.Liveness;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.HealthChecker;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.support.CheckResults;
import java.time.Duration;
import java.util.Comparator;
import org.jspecify.annotations.Nullable;

/**
 * What the checks and probes that run in this process make of one registration: the health that it
 * is shown in, and whether it has been critical for so long that it is taken out until a check
 * passes ("parked"). Guarded by the registration's lock, but for the methods that say otherwise.
 */
final class HealthGate {
  private static final Duration MIN_TTL = Duration.ofSeconds(10);

  private final Liveness liveness;
  private final Timer timer;
  private final Runnable criticalForLong;

  /** Of the checks that run here; null where none do. */
  private final @Nullable CheckResults results;

  private Health checked;
  private boolean parked;
  private Timer.@Nullable Scheduled removal;
  private HealthChecker.@Nullable Running checks;

  /** What a result changes. */
  enum Verdict {
    /** Nothing. */
    SAME,
    /** The health that is shown. */
    CHANGED,
    /** It passes again after it was taken out. */
    RETURNS
  }

  /**
   * Creates a gate.
   *
   * @param storeRunsChecks whether the store runs checks itself
   * @param criticalForLong run by the timer when the instance is to be taken out
   */
  HealthGate(Liveness liveness, boolean storeRunsChecks, Timer timer, Runnable criticalForLong) {
    this.liveness = liveness;
    int checks = storeRunsChecks ? 0 : liveness.checks().size();
    this.results = checks == 0 ? null : new CheckResults(checks);
    this.timer = timer;
    this.criticalForLong = criticalForLong;
    this.checked = results != null ? Health.CRITICAL : Health.PASSING;
  }

  /** Tells whether checks run here. Thread-safe. */
  boolean runsChecks() {
    return results != null;
  }

  /** Takes over the checks that have been started. */
  void started(HealthChecker.Running running) {
    checks = running;
    if (checked == Health.CRITICAL) {
      removal = timer.schedule(criticalForLong, liveness.deregisterAfter());
    }
  }

  /** Gives back the checks, which the caller stops without the lock; null where none run. */
  HealthChecker.@Nullable Running stop() {
    HealthChecker.Running running = checks;
    checks = null;
    cancel();
    return running;
  }

  /** Returns the health in which an instance is to be shown. */
  Health shown(Health desired) {
    return desired.worse(checked);
  }

  /** Returns what the store is to show: no better than the checks that run here. */
  ServiceInstance shown(ServiceInstance desired) {
    return desired.withHealth(shown(desired.health()));
  }

  /**
   * Returns what the store is told of the liveness: where it cannot run a check, a heartbeat that
   * the engine keeps up, for twice the shortest interval. Thread-safe.
   */
  Liveness told() {
    if (results == null) {
      return liveness;
    }
    Duration ttl =
        liveness.checks().stream()
            .map(Liveness.Check::interval)
            .min(Comparator.naturalOrder())
            .orElseThrow()
            .multipliedBy(2);
    Duration max = Arguments.MAX_TTL;
    ttl = ttl.compareTo(MIN_TTL) < 0 ? MIN_TTL : ttl.compareTo(max) > 0 ? max : ttl;
    return Liveness.heartbeat(ttl).deregisterAfter(liveness.deregisterAfter());
  }

  /** Takes a result of a check, or of the probe where there is none. */
  Verdict take(Health found, int check) {
    Health result = results == null ? found : results.take(found, check);
    if (result == checked) {
      return Verdict.SAME;
    }
    checked = result;
    cancel();
    if (result == Health.CRITICAL && results != null) {
      removal = timer.schedule(criticalForLong, liveness.deregisterAfter());
      return Verdict.CHANGED;
    }
    boolean returns = parked;
    parked = false;
    return returns ? Verdict.RETURNS : Verdict.CHANGED;
  }

  /** Takes the instance out; returns whether it was critical until now. */
  boolean park() {
    removal = null;
    if (checked != Health.CRITICAL) {
      return false;
    }
    parked = true;
    return true;
  }

  boolean isParked() {
    return parked;
  }

  /** Forgets when the instance was to be taken out. */
  void cancel() {
    if (removal != null) {
      removal.cancel();
      removal = null;
    }
  }
}
