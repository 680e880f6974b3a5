package dev.rollcall;

import java.time.Duration;
import java.util.SortedSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;

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
   * Returns the present state of all services, at one moment: of a change to several of them, all
   * or nothing. It may wait for a change that is just being made.
   *
   * @return the latest state, made anew: this costs time in proportion to the number of services
   */
  CatalogSnapshot snapshot();

  /**
   * Returns how far the catalog can be trusted.
   *
   * @return {@link Freshness.Loading}, {@link Freshness.Live} or {@link Freshness.Stale}; whether a
   *     service's instances are protected stands in its own snapshot
   */
  Freshness freshness();

  /**
   * Completes with the first state, on a thread that the registry has for what follows on futures;
   * no thread waits for it.
   *
   * @return completes with this, at once where a state was read already; fails as {@code
   *     UNAVAILABLE} where the registry is closed before, and as {@code INVALID} where the class
   *     path stops every state from coming
   */
  CompletableFuture<Catalog> ready();

  /**
   * Waits until the first state was read from the store. Blocks.
   *
   * @param timeout how long to wait at most: zero to 1 day
   * @return this
   * @throws RegistryException of kind {@code UNAVAILABLE} when the time is over, with the reason
   *     why there is no state yet, or the registry is closed before; {@code DENIED} where the store
   *     refuses
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

  /**
   * Returns the states of the catalog as a stream, by the same rules as {@link
   * ServiceView#publisher()}: it begins with the present state as soon as one was read, and goes on
   * when instances of any service, or the sort of freshness, change, with what is the latest when
   * the subscriber asks for more. Each state costs time in proportion to the number of services,
   * where {@link #watch} costs as much as has changed.
   *
   * @return a publisher for any number of subscribers
   */
  Flow.Publisher<CatalogSnapshot> publisher();
}
