package dev.rollcall;

import java.util.SortedMap;

/**
 * All services of the registry at one moment, as a {@link Catalog} shows them. Immutable. What the
 * store changed as one is whole within a service, and may be half there between two of them.
 *
 * @since 0.1.0
 */
public interface CatalogSnapshot {

  /**
   * Returns the services that have an instance, in whatever health.
   *
   * @return their states by name; an immutable map, the same one at every call; empty before the
   *     first state was read
   */
  SortedMap<String, Snapshot> services();

  /**
   * Returns how far this can be trusted.
   *
   * @return {@link Freshness.Loading}, {@link Freshness.Live} or {@link Freshness.Stale}; whether a
   *     service's instances are protected stands in its own snapshot
   */
  Freshness freshness();
}
