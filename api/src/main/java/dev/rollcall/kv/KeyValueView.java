package dev.rollcall.kv;

import dev.rollcall.RegistryException;
import java.time.Duration;
import java.util.Optional;
import java.util.SortedMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;

/**
 * The present values of a key, or of the keys with a prefix, as {@link KeyValueStore#view} keeps
 * them: for settings that are read more often than they change. To be kept in a field. Thread-safe.
 * Every read is a read of one immutable state: it never blocks or locks, and never fails because a
 * store is down. A reader never goes back to an older state than it has seen.
 *
 * <p>The store is watched for as long as a view is held. Of one that is held no longer the watch
 * ends within some minutes. After the store's {@link KeyValueStore#close} a view keeps what it has,
 * and says that it is stale.
 *
 * @param <T> what the values were turned into
 * @since 0.1.0
 */
public interface KeyValueView<T> {

  /**
   * Returns which keys are shown.
   *
   * @return the keys
   */
  Keys keys();

  /**
   * Returns the present values.
   *
   * @return by key, in the order of the keys; an immutable map that never changes; empty where
   *     there are none, or none is known yet
   */
  SortedMap<String, T> values();

  /**
   * Returns the present value of a key.
   *
   * @param key the key
   * @return its value, empty where there is none
   */
  Optional<T> get(String key);

  /**
   * Returns the present state with all that is known of it.
   *
   * @return the latest state
   */
  KeyValueSnapshot<T> snapshot();

  /**
   * Completes with a first state, on a thread that the store has for what follows on futures; no
   * thread waits for it.
   *
   * @return completes with the latest state, at once where one was read already; fails as {@code
   *     UNAVAILABLE} where the store is closed before
   */
  CompletableFuture<KeyValueSnapshot<T>> ready();

  /**
   * Waits until a first state was read from the store. Blocks.
   *
   * @param timeout how long to wait at most: zero to 1 day
   * @return the latest state, at once where one was read already
   * @throws RegistryException of kind {@code UNAVAILABLE} when the time is over, with the reason
   *     why there is no state yet, or the store is closed before; {@code DENIED} where the store
   *     refuses
   */
  KeyValueSnapshot<T> await(Duration timeout);

  /**
   * Returns the states of this view as a stream, by the same rules as {@link
   * dev.rollcall.ServiceView#publisher()}: it begins with the present state as soon as one was
   * read, and goes on when values (by their {@link Object#equals}), failures or the sort of
   * freshness change, with what is the latest when the subscriber asks for more. As long as one is
   * subscribed the store is watched, also where this view is not held. It completes when the store
   * is closed, and fails at once with {@link IllegalStateException} where that is closed already.
   *
   * @return a publisher for any number of subscribers
   */
  Flow.Publisher<KeyValueSnapshot<T>> publisher();
}
