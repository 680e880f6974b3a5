package dev.rollcall;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSortedMap;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/**
 * What has changed among watched keys since a listener was called last. Immutable; lists and maps
 * are in the order of the keys. A write that leaves a value as it was is no change; it may show in
 * the version that the next change brings.
 *
 * @since 0.1.0
 */
public final class KeyValueChange {
  private final ImmutableSortedMap<String, KeyValue> before;
  private final ImmutableSortedMap<String, KeyValue> now;
  private final long revision;
  private final Freshness freshness;
  private final ImmutableList<KeyValue> added;
  private final ImmutableList<KeyValue> updated;
  private final ImmutableList<KeyValue> removed;

  KeyValueChange(
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

  /**
   * Returns what the listener was given last.
   *
   * @return all watched keys that were there; empty at the first call
   */
  public SortedMap<String, KeyValue> before() {
    return before;
  }

  /**
   * Returns what is there now.
   *
   * @return all watched keys
   */
  public SortedMap<String, KeyValue> now() {
    return now;
  }

  /**
   * Returns what is there now under one key.
   *
   * @param key a watched key
   * @return the pair, empty where there is none
   */
  public Optional<KeyValue> now(String key) {
    return Optional.ofNullable(now.get(Checks.notNull("key", key, "")));
  }

  /**
   * Returns the keys that were not there before.
   *
   * @return as they are now
   */
  public List<KeyValue> added() {
    return added;
  }

  /**
   * Returns the keys whose value is another one.
   *
   * @return as they are now
   */
  public List<KeyValue> updated() {
    return updated;
  }

  /**
   * Returns the keys that are there no more.
   *
   * @return as they were
   */
  public List<KeyValue> removed() {
    return removed;
  }

  /**
   * Returns the store's own index of the present state, for diagnosis.
   *
   * @return 0 where the store has none
   */
  public long revision() {
    return revision;
  }

  /**
   * Returns how far the present state can be trusted.
   *
   * @return live, or stale where the stream was lost meanwhile
   */
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
