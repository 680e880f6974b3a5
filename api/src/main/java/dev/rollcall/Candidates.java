package dev.rollcall;

/**
 * What a {@link Balancer} chooses from: the passing instances of a view that are not ejected, by
 * id. Immutable but for the requests in flight, which are as they are when asked for.
 *
 * @since 0.1.0
 */
public interface Candidates {

  /**
   * Returns how many there are.
   *
   * @return zero or more
   */
  int size();

  /**
   * Returns one of them.
   *
   * @param index from 0
   * @return the instance
   */
  ServiceInstance get(int index);

  /**
   * Finds an instance.
   *
   * @param id its id
   * @return its index, negative where it is not among them
   */
  int indexOf(String id);

  /**
   * Returns how many requests an instance has in flight, by all views of this registry.
   *
   * @param index from 0
   * @return the requests that were acquired and are not closed
   */
  int inFlight(int index);

  /**
   * Returns for how long an instance has been seen to pass.
   *
   * @param index from 0
   * @return nanoseconds by a monotonic clock; {@link Long#MAX_VALUE} for one that was there when
   *     looking began
   */
  long ageNanos(int index);
}
