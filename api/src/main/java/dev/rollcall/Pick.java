package dev.rollcall;

/**
 * A request to an instance, from the choice of it to its end: as long as it is open it counts as in
 * flight. Thread-safe: it may be closed, and told of a failure, by any thread and in any order.
 *
 * @since 0.1.0
 */
public interface Pick extends AutoCloseable {

  /**
   * Returns the instance to ask.
   *
   * @return the instance
   */
  ServiceInstance instance();

  /**
   * Says that the instance has failed the request: it is not picked for a while, see {@link
   * ServiceView#failed}.
   */
  void failed();

  /** Ends the request. One that ends without having failed clears the instance's record. */
  @Override
  void close();
}
