package dev.rollcall;

import java.time.Duration;
import java.util.SortedSet;

/**
 * Every service of the registry, live. A service is there while it has an instance, in whatever
 * health. Thread-safe; reading never blocks on the store.
 *
 * @since 0.1.0
 */
public interface Catalog {

  /**
   * Returns the names of the services.
   *
   * @return a new set: this costs time in proportion to the number of services
   */
  SortedSet<String> services();

  /**
   * Returns a service's present state.
   *
   * @param service its name
   * @return its state, an empty one where it is not there
   */
  Snapshot snapshot(String service);

  /**
   * Returns how far the catalog can be trusted.
   *
   * @return {@link Freshness.Loading}, {@link Freshness.Live} or {@link Freshness.Stale}; whether a
   *     service's instances are protected stands in its own snapshot
   */
  Freshness freshness();

  /**
   * Waits until the first state was read from the store. Blocks.
   *
   * @param timeout how long to wait at most: zero to 1 day
   * @return this
   * @throws RegistryException of kind {@code UNAVAILABLE} when the time is over or the registry is
   *     closed before, or {@code DENIED} where the store refuses
   */
  Catalog await(Duration timeout);

  /**
   * Hears of every change of every service from now on, beginning with all that there are.
   *
   * @param listener what to call
   * @return closes the subscription
   * @throws IllegalStateException if the registry is closed
   */
  Subscription watch(CatalogListener listener);
}
