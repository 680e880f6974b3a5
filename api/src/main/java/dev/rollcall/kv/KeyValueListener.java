package dev.rollcall.kv;

import dev.rollcall.Freshness;

/**
 * Hears of changes of a key, or of the keys with a prefix. Calls are serial, on the store's
 * listener executor, never under a lock. A listener that is slow, blocks or throws delays nobody
 * but itself: it skips states in between, is always given the last one, and stays subscribed.
 *
 * @since 0.1.0
 */
@FunctionalInterface
public interface KeyValueListener {

  /**
   * Values have changed. The first call brings the complete state, which may be empty.
   *
   * @param change what was given last, what is now, and the exact difference
   */
  void changed(KeyValueChange change);

  /**
   * The trust in the state has changed, the values have not: the stream was lost, or has resumed.
   * What lasts for too short a time to be delivered is skipped, as states are.
   *
   * @param now {@link Freshness.Loading} with a cause, {@link Freshness.Stale} or {@link
   *     Freshness.Live}
   */
  default void freshnessChanged(Freshness now) {}
}
