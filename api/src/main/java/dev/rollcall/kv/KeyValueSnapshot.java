package dev.rollcall.kv;

import dev.rollcall.Freshness;
import dev.rollcall.RegistryException;
import java.util.SortedMap;

/**
 * The values of watched keys at one moment, as a {@link KeyValueView} shows them. Immutable; maps
 * are in the order of the keys.
 *
 * @param <T> what the values were turned into
 * @since 0.1.0
 */
public interface KeyValueSnapshot<T> {

  /**
   * Returns the values. That of a key whose present value the view's function refuses is the last
   * one that it took.
   *
   * @return by key; an immutable map, the same one at every call
   */
  SortedMap<String, T> values();

  /**
   * Returns the keys whose present value the view's function refuses, also those that have had no
   * other and so stand in no other map.
   *
   * @return what it threw: of kind {@code INVALID}, with the key and without the value, unless the
   *     function put that into an exception of its own, which is the cause; an immutable map, the
   *     same one at every call
   */
  SortedMap<String, RegistryException> failures();

  /**
   * Returns the store's own index, for diagnosis only: it may fall when the store loses its data.
   *
   * @return the index, 0 where the store has none or nothing was read yet
   */
  long revision();

  /**
   * Returns how far this can be trusted.
   *
   * @return {@link Freshness.Loading} before the first state, {@link Freshness.Live} or {@link
   *     Freshness.Stale}
   */
  Freshness freshness();
}
