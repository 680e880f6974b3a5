package dev.rollcall;

import java.time.Duration;
import java.util.List;

/**
 * The live instances of one service. Resolved once by {@link Registry#service(String)} and kept in
 * a field. Thread-safe. Every read is a read of one immutable state: it never blocks, locks or
 * allocates, and never fails because a store is down.
 */
public interface ServiceView {

  /**
   * Returns the service's name.
   *
   * @return the name
   */
  String service();

  /**
   * Returns the passing instances, by id.
   *
   * @return an immutable list that never changes; empty where there are none, or none is known yet
   */
  List<ServiceInstance> instances();

  /**
   * Returns one of the passing instances, each with the same chance.
   *
   * @return an instance
   * @throws NoInstanceException where there is none; it says why
   */
  ServiceInstance pick();

  /**
   * Returns the present state with all that is known of it.
   *
   * @return the latest state
   */
  Snapshot snapshot();

  /**
   * Waits until a first state was read from the store. Blocks.
   *
   * @param timeout how long to wait at most: zero to 1 day
   * @return the latest state, at once where one was read already
   * @throws RegistryException of kind {@code UNAVAILABLE} when the time is over, with the reason
   *     why the store could not be read, or {@code DENIED} where it refuses
   */
  Snapshot await(Duration timeout);

  /**
   * Hears of every change from now on, beginning with the complete present state as soon as one was
   * read.
   *
   * @param listener what to call
   * @return closes the subscription; as long as it is open the service is watched, whoever holds
   *     this view
   */
  Subscription watch(ServiceListener listener);
}
