package dev.rollcall.consul;

import java.time.Duration;

/**
 * How to read.
 *
 * @param consistency what Consul is asked to assure
 * @param index a blocking query waits for something else than this, 64 bits without a sign; 0 does
 *     not wait
 * @param patience for how long a blocking query waits at most, in whole seconds
 */
record ReadOptions(Consistency consistency, long index, Duration patience) {

  /** Reads what the leader has confirmed with a majority: the only read that never goes back. */
  static final ReadOptions CONSISTENT = new ReadOptions(Consistency.CONSISTENT, 0, Duration.ZERO);

  /** Reads at once. */
  static ReadOptions now(Consistency consistency) {
    return new ReadOptions(consistency, 0, Duration.ZERO);
  }

  /** Reads as soon as there is something newer. */
  static ReadOptions after(long index, Duration patience, Consistency consistency) {
    return new ReadOptions(consistency, index == 0 ? 1 : index, patience);
  }

  boolean blocks() {
    return index != 0;
  }

  /** Consul's consistency modes. */
  enum Consistency {
    DEFAULT,
    CONSISTENT,
    STALE
  }
}
