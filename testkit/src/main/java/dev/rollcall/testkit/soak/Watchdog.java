package dev.rollcall.testkit.soak;

import dev.rollcall.Freshness;
import dev.rollcall.Health;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceView;
import dev.rollcall.testkit.soak.Claim.Fate;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Looks on while the operations go on: reads the store itself, for the dead who are still shown and
 * those who come back, and the views of clients whose line is broken. One thread runs it; {@link
 * #settle} waits for its turn to end.
 */
final class Watchdog implements Runnable {
  private static final Duration TURN = Duration.ofMillis(250);

  /** How long the store is left alone after a fault of its own before its word counts. */
  private static final Duration CALM = Duration.ofSeconds(2);

  private final Environment environment;
  private final Ledger ledger;
  private final Names names;
  private final Workload workload;
  private final Troubles troubles;
  private final Duration expiry;

  /** What a busy machine may take on top of every bound before it counts as broken. */
  private final Duration grace;

  private volatile boolean stopped;

  // Guarded by "this".
  private final Set<String> told = new HashSet<>();
  private final Map<Integer, Long> lastSeenNanos = new HashMap<>();
  private double worstExpiry;

  Watchdog(
      Environment environment,
      Ledger ledger,
      Names names,
      Workload workload,
      Troubles troubles,
      Duration grace) {
    this.environment = environment;
    this.ledger = ledger;
    this.names = names;
    this.workload = workload;
    this.troubles = troubles;
    this.grace = grace;
    expiry = workload.ttl().plus(workload.steady.slack());
  }

  @Override
  public void run() {
    while (!stopped) {
      synchronized (this) {
        lookAtViews();
        lookAtTheStore();
      }
      Ear.pass(TURN);
    }
  }

  void stop() {
    stopped = true;
  }

  /** Forgets what a comparison has settled, between two looks. */
  synchronized void settle(Runnable forgetting) {
    forgetting.run();
    lastSeenNanos.clear();
  }

  private void lookAtViews() {
    for (Troubles.Active one : troubles.active()) {
      if (!Troubles.isOverdue(one, grace)) {
        continue;
      }
      List<Client> concerned =
          one.client().map(List::of).orElseGet(() -> List.copyOf(workload.clients));
      for (Client client : concerned) {
        for (ServiceView view : client.watched()) {
          ledger.tally.count(Check.FRESHNESS, 1);
          Freshness now = view.snapshot().freshness();
          boolean inForce = troubles.active().contains(one);
          if (now instanceof Freshness.Live
              && inForce
              && workload.clients.contains(client)
              && told.add(client + view.service() + one.beganNanos())) {
            ledger.violation(
                Check.FRESHNESS,
                client + ":" + view.service(),
                client
                    + " says that "
                    + view.service()
                    + " is live, "
                    + (System.nanoTime() - one.beganNanos()) / 1_000_000
                    + " ms after "
                    + one.fault().name()
                    + " (bound: "
                    + one.fault().noticedWithin().orElseThrow()
                    + ")");
          }
        }
      }
    }
  }

  private void lookAtTheStore() {
    long begun = System.nanoTime();
    if (isTroubled(begun)) {
      return;
    }
    List<ServiceInstance> held;
    try {
      held = environment.truth().instances(names.services());
    } catch (RegistryException unanswered) {
      return; // the comparison at the end of the round insists on an answer
    }
    if (isTroubled(begun)) {
      return;
    }
    for (ServiceInstance seen : held) {
      ledger.recognise(seen, "the store");
      Claim claim = ledger.claim(seen);
      if (claim == null || (claim.fate() == Fate.GONE && claim.sinceNanos() - begun < 0)) {
        if (told.add("zombie" + Written.serial(seen))) {
          ledger.violation(
              Check.ZOMBIES,
              seen.key(),
              "the store holds " + Written.shown(seen) + ", whose end it had confirmed");
        }
      } else if (claim.fate() == Fate.ORPHAN && !claim.permanent) {
        lookAtTheDead(claim, seen, begun);
      }
    }
  }

  private boolean isTroubled(long now) {
    return troubles.isStoreTroubled() || now - troubles.storeHealedNanos() < CALM.toNanos();
  }

  private void lookAtTheDead(Claim claim, ServiceInstance seen, long begun) {
    if (lastSeenNanos.put(claim.number, begun) == null) {
      ledger.tally.count(Check.EXPIRY, 1);
    }
    if (seen.health() == Health.CRITICAL) {
      return; // out of every look-up, and some numbers are written as critical
    }
    // A store that was stopped, or has another leader, begins every lease anew.
    long base = claim.sinceNanos();
    boolean undisturbed = troubles.storeHealedNanos() - base < 0;
    if (!undisturbed) {
      base = troubles.storeHealedNanos();
    }
    long late = begun - base - expiry.toNanos();
    if (undisturbed && (begun - base) / 1e9 > worstExpiry) {
      worstExpiry = (begun - base) / 1e9;
      ledger.tally.note(
          Check.EXPIRY,
          String.format(
              Locale.ROOT,
              "last seen %.1f s after the death (bound: %.1f s)",
              worstExpiry,
              expiry.toMillis() / 1e3));
    }
    if (late > grace.toNanos() && told.add("expiry" + claim.number)) {
      ledger.violation(
          Check.EXPIRY,
          seen.key(),
          "the store shows "
              + Written.shown(seen)
              + " as "
              + seen.health()
              + ", "
              + (begun - base) / 1_000_000
              + " ms after its owner's death (bound: "
              + expiry.toMillis()
              + " ms)");
    }
  }
}
