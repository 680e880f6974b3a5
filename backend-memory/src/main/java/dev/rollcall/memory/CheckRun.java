package dev.rollcall.memory;

import dev.rollcall.Health;
import dev.rollcall.Liveness;
import dev.rollcall.spi.HealthChecker;
import dev.rollcall.spi.support.CheckResults;
import org.jspecify.annotations.Nullable;

/**
 * The checks of one entry, from one registration to the next. {@code running} and {@code stopped}
 * are guarded by this object's monitor; starting may still be under way when the entry goes. {@code
 * results} is guarded by the store's lock.
 */
final class CheckRun {
  final Entry entry;
  final Liveness liveness;
  final CheckResults results;

  private HealthChecker.@Nullable Running running;
  private boolean stopped;

  CheckRun(Entry entry, Liveness liveness) {
    this.entry = entry;
    this.liveness = liveness;
    this.results = new CheckResults(liveness.checks().size());
  }

  void start(HealthChecker checker, Ledger ledger) {
    synchronized (this) {
      if (stopped) {
        return;
      }
    }
    HealthChecker.Running started =
        checker.startAll(
            liveness.checks(), (Health result, int check) -> ledger.checked(this, result, check));
    synchronized (this) {
      if (!stopped) {
        running = started;
        return;
      }
    }
    started.stop();
  }

  void stop() {
    HealthChecker.Running started;
    synchronized (this) {
      stopped = true;
      started = running;
    }
    if (started != null) {
      started.stop();
    }
  }
}
