package dev.rollcall.kv;

import dev.rollcall.Freshness;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/**
 * The difference among watched keys since a listener was called last. Immutable; lists and maps are
 * in the order of the keys. A write that leaves a value as it was is no change; it may show in the
 * version that the next change brings.
 *
 * @since 0.1.0
 */
public interface KeyValueChange {

  /**
   * Returns what the listener was given last.
   *
   * @return all watched keys that were there; empty at the first call
   */
  SortedMap<String, KeyValue> before();

  /**
   * Returns what is there now.
   *
   * @return all watched keys
   */
  SortedMap<String, KeyValue> now();

  /**
   * Returns what is there now under one key.
   *
   * @param key a watched key
   * @return the pair, empty where there is none
   */
  Optional<KeyValue> now(String key);

  /**
   * Returns the keys that were not there before.
   *
   * @return as they are now
   */
  List<KeyValue> added();

  /**
   * Returns the keys whose value is another one.
   *
   * @return as they are now
   */
  List<KeyValue> updated();

  /**
   * Returns the keys that are there no more.
   *
   * @return as they were
   */
  List<KeyValue> removed();

  /**
   * Returns the store's own index of the present state, for diagnosis.
   *
   * @return 0 where the store has none
   */
  long revision();

  /**
   * Returns how far the present state can be trusted.
   *
   * @return live, or stale where the stream was lost meanwhile
   */
  Freshness freshness();
}
