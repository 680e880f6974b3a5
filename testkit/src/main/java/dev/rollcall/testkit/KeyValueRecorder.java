package dev.rollcall.testkit;

import dev.rollcall.Freshness;
import dev.rollcall.kv.Bytes;
import dev.rollcall.kv.KeyValue;
import dev.rollcall.kv.KeyValueChange;
import dev.rollcall.kv.KeyValueListener;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A listener that checks each change against the one before: the same "before", the exact
 * difference, one call at a time. What it finds wrong is kept in {@link #faults()}.
 */
final class KeyValueRecorder implements KeyValueListener {
  final List<KeyValueChange> changes = new CopyOnWriteArrayList<>();
  final List<Freshness> freshness = new CopyOnWriteArrayList<>();
  private final List<String> faults = new CopyOnWriteArrayList<>();
  private final AtomicInteger inside = new AtomicInteger();
  private Map<String, KeyValue> last = Map.of(); // the calls are serial
  private final Runnable during;

  KeyValueRecorder() {
    this(() -> {});
  }

  KeyValueRecorder(Runnable during) {
    this.during = during;
  }

  @Override
  public void changed(KeyValueChange change) {
    if (inside.incrementAndGet() != 1) {
      faults.add("two callbacks at once");
    }
    check(change);
    last = change.now();
    changes.add(change);
    try {
      during.run();
    } finally {
      inside.decrementAndGet();
    }
  }

  @Override
  public void freshnessChanged(Freshness now) {
    freshness.add(now);
  }

  private void check(KeyValueChange change) {
    if (!change.before().equals(last)) {
      faults.add("before " + change.before().keySet() + ", though given last " + last.keySet());
    }
    List<KeyValue> added = new ArrayList<>();
    List<KeyValue> updated = new ArrayList<>();
    List<KeyValue> removed = new ArrayList<>(change.before().values());
    change
        .now()
        .forEach(
            (key, is) -> {
              KeyValue was = change.before().get(key);
              if (was == null) {
                added.add(is);
              } else {
                removed.remove(was);
                if (!was.value().equals(is.value())) {
                  updated.add(is);
                }
              }
            });
    if (!added.equals(change.added())
        || !updated.equals(change.updated())
        || !removed.equals(change.removed())) {
      faults.add("not the exact difference: " + change);
    }
    if (!changes.isEmpty() && added.isEmpty() && updated.isEmpty() && removed.isEmpty()) {
      faults.add("nothing has changed: " + change);
    }
  }

  List<String> faults() {
    return faults;
  }

  /** What was given last, by key; empty where nothing was given yet. */
  Optional<Map<String, Bytes>> now() {
    if (changes.isEmpty()) {
      return Optional.empty();
    }
    Map<String, Bytes> now = new TreeMap<>();
    changes.get(changes.size() - 1).now().forEach((key, pair) -> now.put(key, pair.value()));
    return Optional.of(now);
  }

  boolean sawStale() {
    return freshness.stream().anyMatch(Freshness.Stale.class::isInstance);
  }

  boolean isLive() {
    return !freshness.isEmpty() && freshness.get(freshness.size() - 1) instanceof Freshness.Live;
  }
}
