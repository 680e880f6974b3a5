package dev.rollcall.engine;

import dev.rollcall.Balancer;
import java.time.Duration;

/** The balancers that {@link Balancer} offers. */
public final class Balancers {
  /** Each with the same chance. */
  public static final Balancer RANDOM = RandomChoice.BALANCER;

  /** One after the other. */
  public static final Balancer ROUND_ROBIN = RoundRobin.BALANCER;

  /** By weight. */
  public static final Balancer WEIGHTED = Weighted.BALANCER;

  /** The less loaded of two. */
  public static final Balancer LEAST_LOADED = LeastLoaded.BALANCER;

  /** By key. */
  public static final Balancer CONSISTENT_HASH = ConsistentHash.BALANCER;

  private Balancers() {}

  /**
   * Stays with one.
   *
   * @param first chooses it
   * @return the balancer
   */
  public static Balancer sticky(Balancer first) {
    return new Sticky(first);
  }

  /**
   * Stays within a zone.
   *
   * @param zone the zone
   * @param within chooses
   * @return the balancer
   */
  public static Balancer preferZone(String zone, Balancer within) {
    return new ZonePreference(zone, within);
  }

  /**
   * Gives new instances less at first.
   *
   * @param ramp how long
   * @param within chooses
   * @return the balancer
   */
  public static Balancer slowStart(Duration ramp, Balancer within) {
    return new SlowStart(ramp, within);
  }
}
