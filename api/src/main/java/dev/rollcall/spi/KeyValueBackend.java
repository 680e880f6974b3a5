package dev.rollcall.spi;

import dev.rollcall.RegistryException;
import dev.rollcall.kv.Bytes;
import dev.rollcall.kv.KeyValue;
import dev.rollcall.kv.Keys;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * A store of keys and values. A backend does I/O and translation and nothing else: sharing of
 * watches, diffing, conflation and the rules for what may be written are the engine's, for all
 * backends alike.
 *
 * <p>All methods are thread-safe, return at once and never block; a failure completes the stage
 * with a {@link RegistryException} of the kind that tells the caller what to do. Every stage ends
 * by a deadline of the backend's own. Reads show every write that completed before them. A write is
 * sent once: where its fate is unknown it fails as unavailable. Stages and {@link KeyValueSink}s
 * may be completed and called on any thread, the caller's included, though never under a lock of
 * the backend's. What hangs on a stage and what a sink does must not block.
 *
 * <p>A key's version is a number of the store's that every write of another value changes, that no
 * two values of a key have had, and that is never 0. A write of the value that is there already may
 * leave it as it is.
 *
 * @since 0.1.0
 */
public interface KeyValueBackend extends AutoCloseable {

  /**
   * Reads a key.
   *
   * @param key the key
   * @return completes with what the store holds
   */
  CompletionStage<Optional<KeyValue>> get(String key);

  /**
   * Reads all keys that begin with a prefix.
   *
   * @param prefix what they begin with; may be empty
   * @return completes with what the store holds
   */
  CompletionStage<KeyValueListing> list(String prefix);

  /**
   * Writes a key.
   *
   * @param key the key
   * @param value its new value
   * @return completes when the store holds it
   */
  CompletionStage<Void> put(String key, Bytes value);

  /**
   * Writes a key where it has a version, decided by the store in one step with the write.
   *
   * @param key the key
   * @param expectedVersion the version; 0 where the key must not be there
   * @param value its new value
   * @return completes with whether it was written
   */
  CompletionStage<Boolean> compareAndSet(String key, long expectedVersion, Bytes value);

  /**
   * Deletes keys, all in one step of the store's.
   *
   * @param keys which
   * @return completes when they are gone
   */
  CompletionStage<Void> delete(Keys keys);

  /**
   * Deletes a key where it has a version, decided by the store in one step with the deletion.
   *
   * @param key the key
   * @param expectedVersion the version, more than 0
   * @return completes with whether the key is gone, also where it was not there
   */
  CompletionStage<Boolean> compareAndDelete(String key, long expectedVersion);

  /**
   * Writes and deletes several keys where some keys have a version, decided by the store in one
   * step with all of the writes. No key is named by two of them, neither by itself nor by a prefix.
   * The stores of this project take 64 comparisons and writes, of which a comparison and a put of
   * one key are one; a store may take more.
   *
   * @param expected the versions by key; 0 where the key must not be there
   * @param writes what is then done
   * @return completes with what was put, as the store holds it, in the order of the writes; empty
   *     where a version was another one, and nothing was changed. A store that cannot do it, or not
   *     as much at once, fails as invalid.
   */
  default CompletionStage<Optional<List<KeyValue>>> commit(
      Map<String, Long> expected, List<KeyWrite> writes) {
    return CompletableFuture.failedFuture(
        RegistryException.invalid("commit: this store writes no several keys in one step"));
  }

  /**
   * Watches keys: first the complete state, then every change, with nothing lost between the two,
   * for as long as the watch is open. When the stream is lost the backend says so and resumes by
   * itself, for ever; it never gives up.
   *
   * @param keys what to watch
   * @param sink fed by one call at a time, in the store's order
   * @return closes the watch
   */
  Watch watch(Keys keys, KeyValueSink sink);

  /**
   * Closes all watches and connections. Idempotent; stages under way fail as unavailable, and so
   * does every later call. No sink is told of the closing, not by {@link KeyValueSink#interrupted}
   * either. Blocks for at most a few seconds.
   */
  @Override
  void close();

  /** An open watch. */
  @FunctionalInterface
  interface Watch extends AutoCloseable {
    /**
     * Ends the watch. Idempotent; may be called from within the sink; does not wait for a call that
     * is under way. No further call to the sink begins but one that was decided before. The engine
     * drops such a call.
     */
    @Override
    void close();
  }
}
