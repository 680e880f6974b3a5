package dev.rollcall.memory;

import dev.rollcall.Health;
import dev.rollcall.Liveness;
import dev.rollcall.spi.HealthChecker;
import org.jspecify.annotations.Nullable;

/**
 * The checks of one entry, from one registration to the next. {@code running} and {@code stopped}
 * are guarded by this object's monitor; starting may still be under way when the entry goes.
 */
final class CheckRun {
  final Entry entry;
  final Liveness.Check check;

  private HealthChecker.@Nullable Running running;
  private boolean stopped;

  CheckRun(Entry entry, Liveness.Check check) {
    this.entry = entry;
    this.check = check;
  }

  void start(HealthChecker checker, Ledger ledger) {
    synchronized (this) {
      if (stopped) {
        return;
      }
    }
    HealthChecker.Running started =
        checker.start(check, (Health result) -> ledger.checked(this, result));
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
