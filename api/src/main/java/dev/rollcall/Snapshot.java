package dev.rollcall;

import java.util.List;
import java.util.Optional;

/**
 * The instances of one service at one moment, as a {@link ServiceView} shows them. Immutable; the
 * passing ones are picked out when it is published, not when they are asked for.
 *
 * @since 0.1.0
 */
public interface Snapshot {

  /**
   * Returns the service's name.
   *
   * @return the name
   */
  String service();

  /**
   * Returns the passing instances, by id.
   *
   * @return an immutable list; the same one at every call
   */
  List<ServiceInstance> instances();

  /**
   * Returns the instances in any health, by id.
   *
   * @return an immutable list; the same one at every call
   */
  List<ServiceInstance> all();

  /**
   * Finds an instance in any health.
   *
   * @param id its id
   * @return the instance, empty where it is not known
   */
  Optional<ServiceInstance> find(String id);

  /**
   * Returns a number that grows with each snapshot of one view. Numbers of different views, and of
   * a view after it was dropped and made anew, cannot be compared.
   *
   * @return 0 before the first state was read
   */
  long version();

  /**
   * Returns the store's own index, for diagnosis only: it may fall when the store loses its data.
   *
   * @return the index, 0 where the store has none
   */
  long revision();

  /**
   * Says why there is no instance to pick.
   *
   * @return the reason as {@link NoInstanceException} gives it; empty where there is one to pick
   */
  Optional<Absence> explain();

  /**
   * Returns how far this can be trusted.
   *
   * @return the freshness when this was published
   */
  Freshness freshness();
}
