package dev.rollcall.testkit.soak;

import dev.rollcall.Change;
import dev.rollcall.Freshness;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceListener;
import dev.rollcall.Snapshot;
import dev.rollcall.testkit.ChangeChecker;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/**
 * A listener of one service that holds each change against the one before and against what was
 * written. Its calls are serial, which it checks; what others read of it is guarded by {@code
 * this}.
 */
final class Ear implements ServiceListener {
  private final Ledger ledger;
  private final String name;
  private final Duration slowness;

  /** Whether no instance of this service may ever be missed. */
  private final boolean steady;

  private final ChangeChecker checker = new ChangeChecker(1);
  private int told;

  /** The latest serial of each claim that was shown; the writes of a claim come in their order. */
  private final Map<Integer, Integer> shown = new HashMap<>();

  private Optional<Snapshot> last = Optional.empty();
  private Optional<Freshness> trust = Optional.empty();

  Ear(Ledger ledger, String name, Duration slowness, boolean steady) {
    this.ledger = ledger;
    this.name = name;
    this.slowness = slowness;
    this.steady = steady;
  }

  @Override
  public void changed(Change change) {
    checker.changed(change);
    pass(slowness);
    synchronized (this) {
      ledger.tally.count(Check.DIFFERENCES, 1);
      ledger.tally.count(Check.ORDER, 1);
      tell();
      for (List<ServiceInstance> some : List.of(change.all().added(), change.all().updated())) {
        for (ServiceInstance seen : some) {
          ledger.recognise(seen, name);
          inOrder(seen);
          ledger.history.note(seen.key(), name + " shows " + Written.shown(seen));
        }
      }
      for (ServiceInstance gone : change.all().removed()) {
        ledger.history.note(gone.key(), name + " shows it removed");
        if (steady && !ledger.isDataLost()) {
          ledger.violation(
              Check.MISSING, gone.key(), name + " removed " + gone.key() + ", which never left");
        }
      }
      last = Optional.of(change.now());
      trust = Optional.of(change.now().freshness());
    }
  }

  private void inOrder(ServiceInstance seen) {
    int serial = Written.serial(seen);
    int claim = ledger.written.claim(seen);
    int latest = shown.getOrDefault(claim, 0);
    Claim known = ledger.claim(seen);
    if (serial < latest && (known == null || !ledger.mayRunLate(known.client))) {
      ledger.violation(
          Check.ORDER,
          seen.key(),
          name + " shows " + Written.shown(seen) + " after #" + latest + " of the same owner");
    }
    shown.put(claim, Math.max(serial, latest));
  }

  /** Passes on what the checker has found since it was asked last. */
  private void tell() {
    List<String> all = checker.violations();
    for (; told < all.size(); told++) {
      ledger.violation(Check.DIFFERENCES, name, name + ": " + all.get(told));
    }
  }

  @Override
  public void freshnessChanged(Freshness now) {
    checker.freshnessChanged(now);
    synchronized (this) {
      ledger.history.note(name, name + " is told " + now);
      trust = Optional.of(now);
      tell();
    }
  }

  /** Its subscription has been closed. */
  void closed() {
    checker.closed();
  }

  synchronized Optional<Snapshot> last() {
    return last;
  }

  /** Returns the trust that it was told of last. */
  synchronized Optional<Freshness> trust() {
    return trust;
  }

  /** Forgets the order of what is settled. */
  synchronized void settle() {
    shown.clear();
  }

  String name() {
    return name;
  }

  static void pass(Duration time) {
    long end = System.nanoTime() + time.toNanos();
    for (long left = time.toNanos(); left > 0; left = end - System.nanoTime()) {
      LockSupport.parkNanos(left);
      if (Thread.currentThread().isInterrupted()) {
        return;
      }
    }
  }
}
