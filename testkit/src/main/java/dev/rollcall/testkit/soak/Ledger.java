package dev.rollcall.testkit.soak;

import dev.rollcall.InstanceKey;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.kv.Bytes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * What was asked of the store and what came of it: whoever looks at a store's or a view's state
 * holds it against this. What is settled is forgotten, so that a soak takes no more memory the
 * longer it runs. Thread-safe: the maps are concurrent, what is known of keys is guarded by {@code
 * values}.
 */
final class Ledger {
  /** How long after trouble a write may run that was given up: a call's timeout and some more. */
  static final Duration LATE = Duration.ofSeconds(15);

  final Written written;
  final History history = new History();
  final Tally tally = new Tally();

  private final Map<Integer, Claim> claims = new ConcurrentHashMap<>();
  private final AtomicInteger lastClaim = new AtomicInteger();

  /** Calls under way, with what they are. */
  final Map<Object, String> calls = new ConcurrentHashMap<>();

  /** What may stand under a key of the key-value store; empty: nothing. */
  private final Map<String, Set<Optional<Bytes>>> values = new HashMap<>();

  /** What was sent and not answered since the last comparison. */
  private final Map<String, Set<Optional<Bytes>>> unanswered = new HashMap<>();

  private volatile boolean dataLost;
  private final boolean atomic;

  /** When the store (empty) or a client's line was last in trouble; absent: never. */
  private final Map<Optional<Client>, Long> troubled = new ConcurrentHashMap<>();

  /** Takes whether the store decides a write by what stands there. */
  Ledger(boolean atomic) {
    this.atomic = atomic;
    written = new Written(atomic);
  }

  /** Notes that the store, or the line of a client, is in trouble now. */
  void trouble(Optional<Client> client) {
    troubled.put(client, System.nanoTime());
  }

  /**
   * Tells whether a write of a client that was given up may run now, after later ones: the store
   * cannot fence it off, and there was trouble a moment ago.
   */
  boolean mayRunLate(Client writer) {
    return !atomic && (isRecent(Optional.empty()) || isRecent(Optional.of(writer)));
  }

  private boolean isRecent(Optional<Client> client) {
    Long last = troubled.get(client);
    return last != null && System.nanoTime() - last < LATE.toNanos();
  }

  int nextClaim() {
    return lastClaim.incrementAndGet();
  }

  void add(Claim claim) {
    claims.put(claim.number, claim);
  }

  Collection<Claim> claims() {
    return claims.values();
  }

  /** Returns the claim that an instance comes from, null where it was forgotten as gone. */
  @Nullable Claim claim(ServiceInstance seen) {
    return claims.get(written.claim(seen));
  }

  /** Returns the claims of a key in the order of their calls. */
  List<Claim> claims(InstanceKey key) {
    List<Claim> all = new ArrayList<>();
    for (Claim claim : claims.values()) {
      if (claim.key.equals(key)) {
        all.add(claim);
      }
    }
    all.sort((a, b) -> Integer.compare(a.number, b.number));
    return all;
  }

  /** Forgets what the store was seen without. */
  void forget(Claim claim) {
    claims.remove(claim.number);
  }

  void violation(Check check, Object subject, String what) {
    tally.violation(check, what, history.of(subject));
  }

  /** Counts what was seen, and says where nobody has written it. */
  void recognise(ServiceInstance seen, String where) {
    tally.count(Check.INVENTED, 1);
    String fault = written.fault(seen);
    if (fault != null) {
      violation(Check.INVENTED, seen.key(), where + ": " + fault);
    }
  }

  /** Notes that a call has failed, and how: nothing but the four kinds, and INVALID never. */
  void failed(Object subject, String what, Throwable failure) {
    history.note(subject, what + " failed: " + failure);
    if (!(failure instanceof RegistryException known)
        || known.kind() == RegistryException.Kind.INVALID) {
      violation(Check.CALLS, subject, what + " failed with " + failure);
    }
  }

  // ---- loss of data

  void loseData() {
    dataLost = true;
    synchronized (values) {
      values.clear();
    }
  }

  /** Tells whether the store has lost its data since the last comparison. */
  boolean isDataLost() {
    return dataLost;
  }

  // ---- keys and values

  /** A write is about to be sent. */
  void writing(String key, Optional<Bytes> value) {
    synchronized (values) {
      values.computeIfAbsent(key, any -> new HashSet<>(Set.of(Optional.empty()))).add(value);
    }
  }

  /** A write was confirmed: what was there before is not, but what was never answered may come. */
  void wrote(String key, Optional<Bytes> value) {
    synchronized (values) {
      Set<Optional<Bytes>> may = new HashSet<>(unanswered.getOrDefault(key, Set.of()));
      may.add(value);
      values.put(key, may);
    }
  }

  /** A write has failed, and may have been carried out, or be so yet. */
  void doubted(String key, Optional<Bytes> value) {
    synchronized (values) {
      unanswered.computeIfAbsent(key, any -> new HashSet<>()).add(value);
    }
  }

  /** Returns what is wrong with the values that the store holds. */
  Map<String, String> wrongValues(Map<String, Bytes> held) {
    Map<String, String> wrong = new TreeMap<>();
    synchronized (values) {
      values.forEach(
          (key, may) -> {
            Optional<Bytes> is = Optional.ofNullable(held.get(key));
            if (!dataLost && !may.contains(is)) {
              wrong.put(key, key + " holds " + text(is) + " (expected: " + texts(may) + ")");
            }
          });
      held.forEach(
          (key, is) -> {
            if (!dataLost && !values.containsKey(key)) {
              wrong.put(key, key + " holds " + text(Optional.of(is)) + ", which nobody has put");
            }
          });
    }
    return wrong;
  }

  /** All calls have ended and the store was read: from now on this is what it holds. */
  void settle(Map<String, Bytes> held) {
    synchronized (values) {
      values.clear();
      unanswered.clear();
      held.forEach((key, is) -> values.put(key, new HashSet<>(Set.of(Optional.of(is)))));
    }
    dataLost = false;
  }

  private static String text(Optional<Bytes> value) {
    return value.map(Bytes::text).orElse("nothing");
  }

  private static String texts(Set<Optional<Bytes>> all) {
    return String.join(" or ", all.stream().map(Ledger::text).sorted().toList());
  }
}
