package dev.rollcall.testkit.soak;

import dev.rollcall.Freshness;
import dev.rollcall.Health;
import dev.rollcall.InstanceKey;
import dev.rollcall.Registration.State;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.Snapshot;
import dev.rollcall.kv.Bytes;
import dev.rollcall.testkit.soak.Claim.Fate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * One comparison of what the store holds with what was asked of it and with what every client
 * shows, while nothing else happens. What differs may still be on its way: whoever asks decides how
 * long to ask again. Used by one thread.
 */
final class Comparison {
  /** Something that is not as it should be, yet. */
  record Problem(Check check, Object subject, String what) {}

  private final Ledger ledger;
  private final Names names;
  private final Workload workload;
  private final List<Problem> problems = new ArrayList<>();
  private final Set<Claim> left = new HashSet<>();
  private final Set<Claim> present = new HashSet<>();
  private final Map<InstanceKey, Claim> holders = new HashMap<>();
  private final Map<String, List<ServiceInstance>> held = new TreeMap<>();
  private Map<String, Bytes> heldKeys = Map.of();
  private long compared;
  private long lookedFor;

  private Comparison(Ledger ledger, Names names, Workload workload) {
    this.ledger = ledger;
    this.names = names;
    this.workload = workload;
  }

  static Comparison of(Environment environment, Ledger ledger, Names names, Workload workload) {
    Comparison made = new Comparison(ledger, names, workload);
    try {
      made.read(environment.truth());
    } catch (RegistryException unanswered) {
      made.problem(Check.CONVERGENCE, "store", "the store does not answer: " + unanswered);
      return made;
    }
    made.compareTheStore();
    made.compareClaims();
    workload.clients.forEach(made::compare);
    made.compareFreshRead();
    made.compareKeys();
    return made;
  }

  List<Problem> problems() {
    return problems;
  }

  /** Returns those whose instances their dead owners have left for good. */
  Set<Claim> left() {
    return left;
  }

  /** Returns those of whom the store holds something. */
  Set<Claim> present() {
    return present;
  }

  Map<String, Bytes> heldKeys() {
    return heldKeys;
  }

  /** Counts what was compared. */
  void count(Tally tally) {
    tally.count(Check.CONVERGENCE, compared);
    tally.count(Check.MISSING, lookedFor);
    tally.count(Check.FRESHNESS, compared);
  }

  private void problem(Check check, Object subject, String what) {
    problems.add(new Problem(check, subject, what));
  }

  private void read(Truth truth) {
    names.services().forEach(service -> held.put(service, new ArrayList<>()));
    for (ServiceInstance seen : truth.instances(names.services())) {
      held.computeIfAbsent(seen.service(), any -> new ArrayList<>()).add(seen);
    }
    heldKeys = truth.keys(names.prefix());
  }

  private void compareTheStore() {
    held.values().forEach(all -> all.forEach(this::compareStored));
  }

  private void compareStored(ServiceInstance seen) {
    ledger.recognise(seen, "the store");
    Claim claim = ledger.claim(seen);
    if (claim == null) {
      problem(Check.ZOMBIES, seen.key(), "the store holds " + Written.shown(seen) + ", long gone");
      return;
    }
    present.add(claim);
    boolean faded =
        !claim.permanent
            && seen.health() == Health.CRITICAL
            && workload.steady.storeKeepsCritical();
    switch (claim.fate()) {
      case OPEN -> {
        holders.put(seen.key(), claim);
        compareHolder(claim, seen);
      }
      case ENDING -> {
        if (!faded) {
          problem(
              Check.ZOMBIES,
              seen.key(),
              "the store holds " + Written.shown(seen) + " of " + claim + ", which has left");
        }
      }
      case ORPHAN -> {
        if (claim.permanent) {
          left.add(claim);
        } else if (!faded) {
          problem(
              Check.EXPIRY,
              seen.key(),
              "the store holds " + Written.shown(seen) + " of " + claim + ", which is dead");
        }
      }
      case GONE ->
          problem(
              Check.ZOMBIES,
              seen.key(),
              "the store holds " + Written.shown(seen) + ", whose end it had confirmed");
    }
  }

  private void compareHolder(Claim claim, ServiceInstance seen) {
    claim
        .registration()
        .ifPresent(
            registration -> {
              if (!seen.equals(registration.instance())) {
                problem(
                    Check.CONVERGENCE,
                    seen.key(),
                    "the store holds "
                        + Written.shown(seen)
                        + ", desired is "
                        + Written.shown(registration.instance()));
              }
            });
  }

  private void compareClaims() {
    for (Claim claim : ledger.claims()) {
      if (claim.fate() != Fate.OPEN) {
        continue;
      }
      lookedFor++;
      State state = claim.state().orElse(State.PENDING);
      boolean holds = holders.get(claim.key) == claim;
      if (state == State.FENCED) {
        if (holds) {
          problem(Check.FENCING, claim.key, claim + " is FENCED, and the store holds what is its");
        } else if (ledger.claims(claim.key).size() < 2) {
          problem(Check.FENCING, claim.key, claim + " is FENCED, and nobody has taken over");
        }
      } else if (state != State.ACTIVE) {
        problem(Check.MISSING, claim.key, claim + " is " + state);
      } else if (!holds) {
        Claim other = holders.get(claim.key);
        problem(
            other == null ? Check.MISSING : Check.FENCING,
            claim.key,
            claim
                + " is ACTIVE, and the store holds "
                + (other == null ? "nothing of it" : "what is of " + other));
      }
    }
  }

  private void compare(Client client) {
    client.views.forEach(
        (service, view) -> {
          String subject = client + ":" + service;
          Snapshot now = view.view.snapshot();
          same(subject, "the view", service, now.all());
          List<ServiceInstance> passing =
              now.all().stream().filter(one -> one.health() == Health.PASSING).toList();
          if (!passing.equals(now.instances())) {
            problem(Check.CONVERGENCE, subject, "passing are " + now.instances() + " of " + now);
          }
          live(subject, "the view", now.freshness());
        });
    client.ears.forEach(
        listening -> {
          Ear ear = listening.ear();
          String service = ear.name().substring(ear.name().indexOf(':') + 1);
          same(ear.name(), "the listener", service, ear.last().map(Snapshot::all).orElse(null));
          live(ear.name(), "the listener", ear.trust().orElse(null));
        });
    for (String service : names.services()) {
      client.catalogEars.forEach(
          one -> {
            String subject = one.ear().name();
            same(subject, "its listener", service, one.ear().given(service));
            same(
                subject, "the catalog", service, client.registry.catalog().snapshot(service).all());
          });
    }
    live(client + ":catalog", "the catalog", client.registry.catalog().freshness());
    client.keyEars.forEach(
        one -> {
          compared++;
          Map<String, Bytes> shown = one.ear().now().orElse(null);
          if (!heldKeys.equals(shown)) {
            problem(
                Check.CONVERGENCE,
                different(heldKeys, shown),
                one.ear().name() + " shows " + text(shown) + ", held is " + text(heldKeys));
          }
          live(one.ear().name(), "the listener", one.ear().trust().orElse(null));
        });
  }

  private static String different(Map<String, Bytes> held, @Nullable Map<String, Bytes> shown) {
    Set<String> keys = new HashSet<>(held.keySet());
    if (shown != null) {
      keys.addAll(shown.keySet());
      keys.removeIf(key -> Objects.equals(held.get(key), shown.get(key)));
    }
    return keys.stream().sorted().findFirst().orElse("keys");
  }

  private static String text(@Nullable Map<String, Bytes> pairs) {
    Map<String, String> texts = new TreeMap<>();
    if (pairs != null) {
      pairs.forEach((key, value) -> texts.put(key.replaceFirst(".*/", ""), value.text()));
    }
    return texts.toString();
  }

  private void same(
      String subject, String what, String service, @Nullable List<ServiceInstance> shown) {
    compared++;
    List<ServiceInstance> is = held.getOrDefault(service, List.of());
    if (is.equals(shown)) {
      return;
    }
    List<String> more = new ArrayList<>();
    List<String> less = new ArrayList<>();
    InstanceKey first = null;
    for (ServiceInstance one : is) {
      if (shown == null || !shown.contains(one)) {
        less.add(Written.shown(one));
        first = one.key();
      }
    }
    if (shown != null) {
      for (ServiceInstance one : shown) {
        if (!is.contains(one)) {
          more.add(Written.shown(one));
          first = one.key();
        }
      }
    }
    problem(
        Check.CONVERGENCE,
        first == null ? subject : first,
        what + " of " + subject + " shows " + more + " and lacks " + less);
  }

  private void live(String subject, String what, @Nullable Freshness trust) {
    if (!(trust instanceof Freshness.Live)) {
      problem(Check.FRESHNESS, subject, what + " of " + subject + " is not live: " + trust);
    }
  }

  private void compareFreshRead() {
    for (String service : names.services()) {
      try {
        same(
            "steady",
            "a fresh read",
            service,
            workload.steady.registry.snapshot(service).join().all());
      } catch (CompletionException failed) {
        problem(Check.CONVERGENCE, "steady", "a fresh read fails: " + failed.getCause());
      }
    }
  }

  private void compareKeys() {
    ledger.wrongValues(heldKeys).forEach((key, wrong) -> problem(Check.CONVERGENCE, key, wrong));
  }
}
