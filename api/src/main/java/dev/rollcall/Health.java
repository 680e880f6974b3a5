package dev.rollcall;

/**
 * How well an instance says, or its checks say, that it is. The meanings are Consul's; the order of
 * the constants is the order of severity.
 *
 * @since 0.1.0
 */
public enum Health {
  /** The instance takes requests; only such instances are returned by a look-up. */
  PASSING,
  /** The instance lives, yet asks to be left alone (maintenance, overload). */
  WARNING,
  /** The instance is known and must not be called: its check fails or its heartbeat is missing. */
  CRITICAL;

  /**
   * Returns the more severe of two.
   *
   * @param other what to compare with
   * @return this or {@code other}
   */
  public Health worse(Health other) {
    return compareTo(other) >= 0 ? this : other;
  }
}
