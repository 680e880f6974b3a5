package dev.rollcall.spi;

import dev.rollcall.InstanceKey;
import dev.rollcall.RegistryException;
import java.util.concurrent.CompletionStage;

/**
 * A store of instances, seen as four verbs. A backend does I/O and translation and nothing else: it
 * keeps no cache, no list of listeners, no diff, and has no thread that only waits. Renewal,
 * re-registration, back-off, sharing of watches, diffing and conflation are the engine's, for all
 * backends alike.
 *
 * <p>All methods are thread-safe, return at once and never block; a failure completes the stage
 * with a {@link RegistryException} of the kind that tells the caller what to do. Every stage ends
 * by a deadline of the backend's own. Stages, {@link WatchSink}s and {@link LeaseListener}s may be
 * completed and called on any thread, the caller's included, though never under a lock of the
 * backend's. What hangs on a stage, what a lease's listener does and what a sink does must not
 * block.
 *
 * @since 0.1.0
 */
public interface RegistryBackend extends AutoCloseable {

  /**
   * Returns what this store can and cannot do.
   *
   * @return the same value at every call
   */
  Capabilities capabilities();

  /**
   * Puts an instance into the store, or replaces all fields of the one with the same key at once.
   * When the stage completes, a {@link #snapshot} that starts afterwards shows the instance. When
   * it fails as unavailable, the store may have taken the instance all the same, or take it later;
   * it does not take it in place of what the same owner has put there since and was confirmed of. A
   * store that cannot rule that out has its backend look again, and write over what came late.
   *
   * <p>A replacement by the same {@linkplain RegisterRequest#owner() owner} keeps the lease's
   * listener of the last call; the leases of earlier calls are then as good as the new one. Its TTL
   * begins anew, no earlier than the call, so that no renewal is due for the rest of the old one.
   *
   * @param request what to put, whose it is, and what to do where the key is taken
   * @param listener told once when the lease has ended without {@link #deregister}
   * @return completes with the lease; with {@code CONFLICT} where the request's claim does not win
   */
  CompletionStage<Lease> register(RegisterRequest request, LeaseListener listener);

  /**
   * Takes an instance out of the store. When the stage completes, no renewal or registration of
   * that owner and epoch that is still under way brings it back, also where the backend has given
   * one of them up and it waits in the store's queue: a backend that cannot rule this out yet fails
   * as unavailable, and is asked again. An instance that is not there, or is another owner's, is
   * left alone, and the stage completes normally; so it does, without asking the store, where
   * nothing of that owner's was ever sent.
   *
   * @param key which instance
   * @param owner whose; {@link Owner#ANY} for any owner
   * @return completes when the instance is gone
   */
  CompletionStage<Void> deregister(InstanceKey key, Owner owner);

  /**
   * Watches what a selector selects: first the complete state, then every change, with nothing lost
   * between the two, for as long as the watch is open. When the stream is lost the backend says so
   * and resumes by itself, for ever; it never gives up.
   *
   * @param selector what to watch
   * @param sink fed by one call at a time, in the store's order
   * @return closes the watch
   */
  Watch watch(Selector selector, WatchSink sink);

  /**
   * Reads the present state from the store.
   *
   * @param selector what to read
   * @return completes with all that the selector selects
   */
  CompletionStage<Listing> snapshot(Selector selector);

  /**
   * Closes all watches and connections. Instances that were not deregistered stay in the store
   * until their liveness says otherwise. Idempotent; stages under way fail as unavailable, and so
   * does every later call, that of a lease included. No sink is told of the closing, not by {@link
   * WatchSink#interrupted} either. Blocks for at most a few seconds.
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
