package dev.rollcall;

import dev.rollcall.engine.Balancers;
import java.time.Duration;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * How a view chooses among its instances. A balancer is a recipe, without state and shareable: each
 * view lets it prepare a {@link Picker} whenever its candidates have changed, off the look-up's
 * path, and look-ups ask that.
 *
 * <p>All of those here pick without lock and without allocation, and share no counter between
 * threads.
 *
 * @since 0.1.0
 */
@FunctionalInterface
public interface Balancer {

  /**
   * Prepares for candidates. For the present ones of a view, one call at a time. For those that a
   * caller of {@link ServiceView#acquire(java.util.Collection)} has not tried, at any time, on the
   * thread of that caller, with {@code before} null.
   *
   * @param now whom to choose from, at least one
   * @param before what this balancer prepared for this view last, for what is to be kept; null at
   *     first, and for a caller's candidates
   * @return what chooses among them until it is prepared anew
   */
  Picker prepare(Candidates now, @Nullable Picker before);

  /** Chooses one of the candidates that it was prepared for. Thread-safe. */
  @FunctionalInterface
  interface Picker {

    /**
     * Chooses.
     *
     * @return the index of a candidate
     */
    int pick();

    /**
     * Chooses for a key.
     *
     * @param hash 64 well-mixed bits of the key
     * @return the index of a candidate; where the key does not matter, as {@link #pick()}
     */
    default int pick(long hash) {
      return pick();
    }

    /**
     * Chooses for a key the next candidate after those that were tried: always the same one for the
     * same key and the same tried ones. For a request that has failed, so it may go through the
     * candidates.
     *
     * @param hash 64 well-mixed bits of the key
     * @param untried tells by its index whether a candidate is left
     * @return the index of one that is left; negative where none is, or where this keeps no order
     *     among them: the balancer is then prepared for what is left
     */
    default int pick(long hash, IntPredicate untried) {
      return -1;
    }
  }

  /**
   * Each instance with the same chance. What a view does that was told nothing else.
   *
   * @return the balancer
   */
  static Balancer random() {
    return Balancers.RANDOM;
  }

  /**
   * One after the other. Each thread goes round by itself, from a start of its own, so that no
   * counter is shared; all threads together are even over time.
   *
   * @return the balancer
   */
  static Balancer roundRobin() {
    return Balancers.ROUND_ROBIN;
  }

  /**
   * Each instance with a chance in proportion to its {@linkplain ServiceInstance#weight() weight};
   * one of weight 0 never, unless all are 0, when all are alike. One pick costs the same for any
   * number of instances.
   *
   * @return the balancer
   */
  static Balancer weighted() {
    return Balancers.WEIGHTED;
  }

  /**
   * Of two that are chosen at random the one with fewer requests in flight (the power of two
   * choices). Requests are counted from {@link ServiceView#acquire()} to {@link Pick#close()}.
   *
   * @return the balancer
   */
  static Balancer leastLoaded() {
    return Balancers.LEAST_LOADED;
  }

  /**
   * For {@link ServiceView#pick(Object)}: the same key goes to the same instance, in every process,
   * as long as the instances stay; when one comes or goes, only the keys move that come to it or
   * were with it. A {@linkplain ServiceView#acquire(Object, java.util.Collection) retry} goes where
   * the key would be if those that were tried had gone. Without a key, each with the same chance.
   *
   * @return the balancer
   */
  static Balancer consistentHash() {
    return Balancers.CONSISTENT_HASH;
  }

  /**
   * Stays with one instance until that one is gone, no longer passes or is ejected. A {@linkplain
   * ServiceView#acquire(Object, java.util.Collection) retry by key} goes through the others in an
   * order that the key alone decides.
   *
   * @param first chooses the one to stay with
   * @return the balancer
   */
  static Balancer sticky(Balancer first) {
    return Balancers.sticky(Arguments.notNull("first", first, ""));
  }

  /**
   * Stays within a zone as far as that can carry its share. A zone that has its fair part of all
   * instances, or more, keeps everything; one that has less keeps as much as its part of that and
   * gives the rest to the other zones, so that no zone of a few instances is overrun by its
   * neighbours.
   *
   * @param zone the zone to stay in, the caller's own as a rule
   * @param within chooses within the zone, and among all others
   * @return the balancer
   */
  static Balancer preferZone(String zone, Balancer within) {
    return Balancers.preferZone(
        Arguments.value("zone", zone, ""), Arguments.notNull("within", within, ""));
  }

  /**
   * Gives new instances less at first: an instance that has appeared while this view was there gets
   * a tenth of its share, growing to the whole of it evenly over a time.
   *
   * @param ramp how long that takes, 1 s to 1 day
   * @param within chooses
   * @return the balancer
   */
  static Balancer slowStart(Duration ramp, Balancer within) {
    return Balancers.slowStart(
        Arguments.between("ramp", ramp, Arguments.MIN_TTL, Arguments.MAX_TTL),
        Arguments.notNull("within", within, ""));
  }
}
