package dev.rollcall.kv;

import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.Subscription;
import dev.rollcall.spi.KeyValueBackend;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * Keys with values, for configuration, on the same stores as a {@link Registry} and opened by the
 * same URIs. The two do not see each other's entries. Thread-safe; nothing blocks but {@link
 * #close()}.
 *
 * <pre>{@code
 * try (KeyValueStore config = KeyValueStore.open("consul://127.0.0.1:8500/app/config")) {
 *   config.put("db/pool", "20").join();
 *   config.watch(Keys.prefix("db/"), change -> reload(change.now()));
 * }
 * }</pre>
 *
 * <p>A key is 1 to 512 bytes of UTF-8, letters, marks, numbers, punctuation, symbols and the space;
 * it does not begin with a slash, has no {@code //} and no segment {@code .} or {@code ..}. A value
 * is 0 to 524,288 bytes (512 KiB), kept exactly. Whatever breaks a rule is refused with {@code
 * INVALID} before anything is sent.
 *
 * <p>Futures fail with a {@link RegistryException} and end by the store's deadline. What is made to
 * follow on one may block, as with those of a {@link Registry}. Nothing is sent twice: where a
 * write fails as {@code UNAVAILABLE}, the store may have taken it all the same.
 *
 * @since 0.1.0
 */
public interface KeyValueStore extends AutoCloseable {

  /**
   * Opens a store with the usual settings. Does not wait for the store.
   *
   * @param uri {@code memory:}, {@code memory:name}, or what another backend on the class path says
   * @return an open store, the caller's to close
   * @throws RegistryException of kind {@code INVALID} where the URI has a fault or no backend on
   *     the class path keeps keys and values for its scheme
   */
  static KeyValueStore open(String uri) {
    return builder(uri).build();
  }

  /**
   * Starts a store named by a URI.
   *
   * @param uri as for {@link #open(String)}
   * @return a builder
   */
  static KeyValueStoreBuilder builder(String uri) {
    return new KeyValueStoreBuilder(uri, null);
  }

  /**
   * Starts a store on a backend.
   *
   * @param backend an open backend; the store closes it
   * @return a builder
   */
  static KeyValueStoreBuilder builder(KeyValueBackend backend) {
    return new KeyValueStoreBuilder(null, backend);
  }

  /**
   * Reads a key.
   *
   * @param key the key
   * @return completes with what the store holds, empty where the key is not there
   */
  CompletableFuture<Optional<KeyValue>> get(String key);

  /**
   * Writes a key, whatever it holds.
   *
   * @param key the key
   * @param value its new value
   * @return completes when the store holds it
   */
  CompletableFuture<Void> put(String key, Bytes value);

  /**
   * Writes a key, whatever it holds.
   *
   * @param key the key
   * @param text its new value, which is stored in UTF-8
   * @return completes when the store holds it
   */
  default CompletableFuture<Void> put(String key, String text) {
    return put(key, Bytes.ofText(text));
  }

  /**
   * Writes a key if nobody has written it since; the store decides, in one step.
   *
   * @param key the key
   * @param expectedVersion the {@link KeyValue#version()} that was read; 0 where the key must not
   *     be there yet
   * @param value its new value
   * @return completes with true where the value was written, with false where the key has another
   *     version or, for 0, is there
   */
  CompletableFuture<Boolean> compareAndSet(String key, long expectedVersion, Bytes value);

  /**
   * Writes a key if nobody has written it since, as {@link #compareAndSet(String, long, Bytes)}.
   *
   * @param key the key
   * @param expectedVersion as there
   * @param text its new value, which is stored in UTF-8
   * @return as there
   */
  default CompletableFuture<Boolean> compareAndSet(String key, long expectedVersion, String text) {
    return compareAndSet(key, expectedVersion, Bytes.ofText(text));
  }

  /**
   * Deletes a key.
   *
   * @param key the key
   * @return completes when it is gone, also where it was not there
   */
  CompletableFuture<Void> delete(String key);

  /**
   * Deletes a key if nobody has written it since; the store decides, in one step.
   *
   * @param key the key
   * @param expectedVersion the {@link KeyValue#version()} that was read, more than 0
   * @return completes with true where the key is gone, also where it was not there; with false
   *     where it has another version
   */
  CompletableFuture<Boolean> compareAndDelete(String key, long expectedVersion);

  /**
   * Deletes all keys that begin with a prefix, in one step.
   *
   * @param prefix what they begin with; empty for every key of this store
   * @return completes when they are gone, also where there were none
   */
  CompletableFuture<Void> deleteAll(String prefix);

  /**
   * Reads all keys that begin with a prefix.
   *
   * @param prefix what they begin with; empty for every key of this store
   * @return completes with what the store holds, in the order of the keys
   */
  CompletableFuture<List<KeyValue>> list(String prefix);

  /**
   * Watches a key, or all keys with a prefix: first the present values, then every change,
   * deletions included. Broken connections are resumed for as long as the subscription is open; the
   * listener hears of them by {@link KeyValueListener#freshnessChanged}. However many listeners the
   * same keys have, the store has one watch of them.
   *
   * @param keys {@link Keys#key(String)} or {@link Keys#prefix(String)}
   * @param listener who is told; a second one for the same keys is simply another one
   * @return detaches the listener
   */
  Subscription watch(Keys keys, KeyValueListener listener);

  /**
   * Keeps the present values of a key, or of all keys with a prefix, at hand: for what is read more
   * often than it changes. Does not wait for the store. Each call makes a view of its own, to be
   * kept in a field; however many there are of the same keys, the store has one watch of them.
   *
   * <pre>{@code
   * KeyValueView<Integer> limits =
   *     config.view(Keys.prefix("limits/"), pair -> Integer.valueOf(pair.text()));
   * int most = limits.values().getOrDefault("limits/orders", 100);
   * }</pre>
   *
   * <p>A value that the function refuses by throwing, or by returning null, takes nothing away: the
   * view keeps the last value of that key that it took, if there was one, and says so in {@link
   * KeyValueSnapshot#failures()}. So a mistyped setting costs a running process nothing, and a
   * process that starts with it finds the failure in place of the value. Nothing is logged.
   *
   * @param keys {@link Keys#key(String)} or {@link Keys#prefix(String)}
   * @param reader turns a pair into a value; called once for each new value, one call at a time,
   *     where listeners are called; what it returns is shared by all readers, and better immutable
   * @param <T> what the values are turned into
   * @return the view, perhaps still loading
   */
  <T> KeyValueView<T> view(Keys keys, Function<? super KeyValue, ? extends T> reader);

  /**
   * Keeps the present pairs of a key, or of all keys with a prefix, at hand, as {@link #view(Keys,
   * Function)}. A write that leaves a value as it was may not show in the version of a pair here.
   *
   * @param keys {@link Keys#key(String)} or {@link Keys#prefix(String)}
   * @return the view, perhaps still loading
   */
  default KeyValueView<KeyValue> view(Keys keys) {
    return view(keys, Function.identity());
  }

  /**
   * Closes all subscriptions and the connection; calls under way fail as {@code UNAVAILABLE}. Views
   * keep the last state, and say that it is {@linkplain dev.rollcall.Freshness.Stale stale}. What
   * was written stays. Idempotent, safe from any thread, a listener's callback included; waits for
   * running callbacks for at most 1 s. Every later call of another method fails with {@link
   * IllegalStateException}.
   */
  @Override
  void close();
}
