package dev.rollcall.testkit.soak;

import dev.rollcall.Freshness;
import dev.rollcall.kv.Bytes;
import dev.rollcall.kv.KeyValue;
import dev.rollcall.kv.KeyValueChange;
import dev.rollcall.kv.KeyValueListener;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A listener of keys that holds each change against the one before. All is guarded by {@code this}.
 */
final class KeyEar implements KeyValueListener {
  private final Ledger ledger;
  private final String name;
  private Optional<Map<String, KeyValue>> given = Optional.empty();
  private Optional<Freshness> trust = Optional.empty();
  private final Map<String, Long> versions = new HashMap<>();

  KeyEar(Ledger ledger, String name) {
    this.ledger = ledger;
    this.name = name;
  }

  @Override
  public synchronized void changed(KeyValueChange change) {
    ledger.tally.count(Check.DIFFERENCES, 1);
    ledger.tally.count(Check.ORDER, 1);
    Map<String, KeyValue> before = given.orElse(Map.of());
    if (!values(change.before()).equals(values(before))) {
      wrong("before is " + change.before().keySet() + ", given last was " + before.keySet());
    }
    List<KeyValue> added = new ArrayList<>();
    List<KeyValue> updated = new ArrayList<>();
    TreeMap<String, KeyValue> removed = new TreeMap<>(change.before());
    change
        .now()
        .forEach(
            (key, is) -> {
              KeyValue was = removed.remove(key);
              if (was == null) {
                added.add(is);
              } else if (!was.value().equals(is.value())) {
                updated.add(is);
              }
              inOrder(is);
            });
    if (!added.equals(change.added())
        || !updated.equals(change.updated())
        || !List.copyOf(removed.values()).equals(change.removed())) {
      wrong("the difference is not exact: " + change);
    }
    if (given.isPresent() && added.isEmpty() && updated.isEmpty() && removed.isEmpty()) {
      wrong("an equal state was given again");
    }
    for (KeyValue is : added) {
      ledger.history.note(is.key(), name + " shows " + is.value().text() + " added");
    }
    for (KeyValue is : updated) {
      ledger.history.note(is.key(), name + " shows " + is.value().text());
    }
    for (String key : removed.keySet()) {
      ledger.history.note(key, name + " shows it deleted");
    }
    given = Optional.of(change.now());
    trust = Optional.of(change.freshness());
  }

  private void inOrder(KeyValue pair) {
    long latest = versions.getOrDefault(pair.key(), 0L);
    if (pair.version() < latest && !ledger.isDataLost()) {
      ledger.violation(
          Check.ORDER,
          pair.key(),
          name + " shows version " + pair.version() + " of " + pair.key() + " after " + latest);
    }
    versions.put(pair.key(), pair.version());
  }

  private void wrong(String what) {
    ledger.violation(Check.DIFFERENCES, name, name + ": " + what);
  }

  @Override
  public synchronized void freshnessChanged(Freshness now) {
    trust = Optional.of(now);
  }

  synchronized Optional<Map<String, Bytes>> now() {
    return given.map(KeyEar::values);
  }

  synchronized Optional<Freshness> trust() {
    return trust;
  }

  synchronized void settle() {
    versions.clear();
  }

  String name() {
    return name;
  }

  private static Map<String, Bytes> values(Map<String, KeyValue> pairs) {
    Map<String, Bytes> values = new TreeMap<>();
    pairs.forEach((key, pair) -> values.put(key, pair.value()));
    return values;
  }
}
