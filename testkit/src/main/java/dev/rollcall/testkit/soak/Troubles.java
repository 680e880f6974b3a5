package dev.rollcall.testkit.soak;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * The faults that are there. Begun and healed by the soak's thread alone; the watchdog reads which
 * are in force.
 */
final class Troubles {
  /**
   * A fault in force.
   *
   * @param fault what it is
   * @param client whose line is broken; empty where it is the store's own
   * @param beganNanos when it was there, by {@link System#nanoTime()}
   * @param lastStep after which step it is healed
   */
  record Active(SoakFault fault, Optional<Client> client, long beganNanos, long lastStep) {}

  private final Ledger ledger;
  private final Map<String, Long> counts = new TreeMap<>();
  private final List<Active> active = new CopyOnWriteArrayList<>();

  /** When the store itself was last seen to be well again; written by the soak's thread. */
  private volatile long storeHealedNanos = System.nanoTime();

  Troubles(Ledger ledger) {
    this.ledger = ledger;
  }

  List<Active> active() {
    return active;
  }

  Map<String, Long> counts() {
    return counts;
  }

  boolean isStoreTroubled() {
    return active.stream().anyMatch(one -> one.client().isEmpty());
  }

  /** Returns since when the store itself has been left alone. */
  long storeHealedNanos() {
    return storeHealedNanos;
  }

  /** Begins a fault, unless the same client, or the store, has one already. */
  void begin(SoakFault fault, Optional<Client> client, long lastStep) {
    for (Active one : active) {
      if (one.client().equals(client)) {
        return;
      }
    }
    String where = client.map(one -> " on the line of " + one).orElse(" of the store");
    ledger.history.note("fault: " + fault.name() + where);
    counts.merge(fault.name(), 1L, Long::sum);
    if (fault.losesData()) {
      ledger.loseData();
    }
    if (client.isEmpty()) {
      // Before it begins: who reads meanwhile must know that the store is in trouble.
      active.add(new Active(fault, client, Long.MAX_VALUE, lastStep));
    }
    fault.begin().run();
    ledger.trouble(client);
    active.removeIf(one -> one.client().equals(client));
    active.add(new Active(fault, client, System.nanoTime(), lastStep));
  }

  /** Heals what has lasted long enough. */
  void heal(long step) {
    for (Active one : active) {
      ledger.trouble(one.client());
      if (step > one.lastStep()) {
        heal(one);
      }
    }
  }

  private void heal(Active one) {
    // A view may rightly be live again while the store is still being started.
    Active healing = new Active(one.fault(), one.client(), Long.MAX_VALUE, one.lastStep());
    active.add(healing);
    active.remove(one);
    one.fault().heal().run();
    over(healing);
    ledger.history.note(
        "healed: " + one.fault().name() + one.client().map(c -> " of " + c).orElse(""));
  }

  /** A client is gone, and its line with it. */
  void forget(Client client) {
    active.stream()
        .filter(one -> one.client().filter(client::equals).isPresent())
        .forEach(this::over);
  }

  private void over(Active one) {
    if (one.client().isEmpty()) {
      storeHealedNanos = System.nanoTime();
    }
    active.remove(one);
    ledger.trouble(one.client());
  }

  /** Tells whether a fault has lasted for longer than it may go unnoticed. */
  static boolean isOverdue(Active one, Duration grace) {
    return one.beganNanos() != Long.MAX_VALUE
        && one.fault()
            .noticedWithin()
            .filter(bound -> System.nanoTime() - one.beganNanos() > bound.plus(grace).toNanos())
            .isPresent();
  }
}
