package dev.rollcall;

/**
 * Hears of changes of one service. Calls are serial, on the registry's listener executor, never
 * under a lock. A listener that is slow, blocks or throws delays nobody but itself: it skips states
 * in between, is always given the last one, and stays subscribed.
 *
 * @since 0.1.0
 */
@FunctionalInterface
public interface ServiceListener {

  /**
   * The instances have changed. The first call brings the complete state, which may be empty.
   *
   * @param change what was given last, what is now, and the exact difference
   */
  void changed(Change change);

  /**
   * The trust in the state has changed, the instances have not: the stream was lost, resumed, or
   * instances are held back. What lasts for too short a time to be delivered is skipped, as states
   * are.
   *
   * @param now the present freshness
   */
  default void freshnessChanged(Freshness now) {}
}
