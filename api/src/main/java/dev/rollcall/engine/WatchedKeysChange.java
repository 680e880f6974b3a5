package dev.rollcall.engine;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSortedMap;
import dev.rollcall.Arguments;
import dev.rollcall.Freshness;
import dev.rollcall.kv.KeyValue;
import dev.rollcall.kv.KeyValueChange;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/** The difference between two states of watched keys. Immutable. */
final class WatchedKeysChange implements KeyValueChange {
  private final ImmutableSortedMap<String, KeyValue> before;
  private final ImmutableSortedMap<String, KeyValue> now;
  private final long revision;
  private final Freshness freshness;
  private final ImmutableList<KeyValue> added;
  private final ImmutableList<KeyValue> updated;
  private final ImmutableList<KeyValue> removed;

  WatchedKeysChange(
      ImmutableSortedMap<String, KeyValue> before,
      ImmutableSortedMap<String, KeyValue> now,
      long revision,
      Freshness freshness) {
    this.before = before;
    this.now = now;
    this.revision = revision;
    this.freshness = freshness;
    ImmutableList.Builder<KeyValue> more = ImmutableList.builder();
    ImmutableList.Builder<KeyValue> other = ImmutableList.builder();
    ImmutableList.Builder<KeyValue> gone = ImmutableList.builder();
    now.forEach(
        (key, is) -> {
          KeyValue was = before.get(key);
          if (was == null) {
            more.add(is);
          } else if (!was.value().equals(is.value())) {
            other.add(is);
          }
        });
    before.forEach(
        (key, was) -> {
          if (!now.containsKey(key)) {
            gone.add(was);
          }
        });
    this.added = more.build();
    this.updated = other.build();
    this.removed = gone.build();
  }

  @Override
  public SortedMap<String, KeyValue> before() {
    return before;
  }

  @Override
  public SortedMap<String, KeyValue> now() {
    return now;
  }

  @Override
  public Optional<KeyValue> now(String key) {
    return Optional.ofNullable(now.get(Arguments.notNull("key", key, "")));
  }

  @Override
  public List<KeyValue> added() {
    return added;
  }

  @Override
  public List<KeyValue> updated() {
    return updated;
  }

  @Override
  public List<KeyValue> removed() {
    return removed;
  }

  @Override
  public long revision() {
    return revision;
  }

  @Override
  public Freshness freshness() {
    return freshness;
  }

  boolean isEmpty() {
    return added.isEmpty() && updated.isEmpty() && removed.isEmpty();
  }

  /** Returns the keys of the difference, and no value. */
  @Override
  public String toString() {
    return "KeyValueChange[added="
        + keys(added)
        + ", updated="
        + keys(updated)
        + ", removed="
        + keys(removed)
        + ", revision="
        + revision
        + "]";
  }

  private static String keys(List<KeyValue> pairs) {
    return pairs.size() > 10
        ? pairs.size() + " keys"
        : pairs.stream().map(KeyValue::key).toList().toString();
  }
}
