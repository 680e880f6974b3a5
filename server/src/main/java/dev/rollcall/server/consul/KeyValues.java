package dev.rollcall.server.consul;

import dev.rollcall.RegistryException;
import dev.rollcall.kv.Bytes;
import dev.rollcall.kv.KeyValue;
import dev.rollcall.kv.Keys;
import dev.rollcall.spi.KeyEvent;
import dev.rollcall.spi.KeyValueBackend;
import dev.rollcall.spi.KeyValueSink;
import dev.rollcall.spi.support.KeyedSequencer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The store's keys as Consul shows them: with flags, and with indexes out of the catalog's.
 *
 * <p><b>Design.</b> What is shown is fed by the store's watch alone, so that it goes through the
 * store's states in their order; a write completes when the watch has brought it. Each key has the
 * index of the change that brought it; a compare-and-set by index finds the store's own version by
 * it, and the store decides.
 *
 * <p><b>Locks.</b> Who holds a key is kept with what is shown of it, and goes with it. Where keys
 * can be held, writes are done in turns, one after the other: what was looked at before a write
 * still is so when it is done.
 *
 * <p><b>Guards.</b> {@code pairs} and {@code lastDeleted} are guarded by the catalog's lock: they
 * are touched in {@link CatalogIndex#look} and {@link CatalogIndex#write} alone. The flags, which
 * no store of ours has room for, are in a concurrent map, and in this process only; so are the
 * locks that are about to be shown.
 */
final class KeyValues implements AutoCloseable {
  /** Writes to different keys wait for one another, too. */
  private static final String ALL_KEYS = "";

  static final CompletionStage<Boolean> DONE = CompletableFuture.completedFuture(true);

  private static final CompletionStage<Boolean> REFUSED = CompletableFuture.completedFuture(false);
  private static final Logger LOG = LoggerFactory.getLogger(KeyValues.class);

  private final CatalogIndex catalog;
  private final StoreContact.Stream contact;
  private final KeyValueBackend store;
  private final @Nullable KeyedSequencer<String> turns; // null where keys cannot be held
  private final KeyQuota quota;
  private final Map<String, Long> flags = new ConcurrentHashMap<>();
  private final Map<String, Lock> locks = new ConcurrentHashMap<>();
  private final TreeMap<String, Pair> pairs = new TreeMap<>();
  private long lastDeleted;
  private KeyValueBackend.@Nullable Watch watch; // set by start(), before anything is served

  /** A key with its value, its lock and its indexes. */
  record Pair(KeyValue entry, long flags, Lock lock, long createIndex, long modifyIndex) {
    private Pair released(long at) {
      return new Pair(entry, flags, new Lock("", lock.index()), createIndex, at);
    }
  }

  /** The session that holds a key, none where it is empty, and how often the key was acquired. */
  record Lock(String holder, long index) {
    private static final Lock NONE = new Lock("", 0);
  }

  /** What was read, and with which index. */
  record Found(List<Pair> pairs, long index) {}

  KeyValues(
      CatalogIndex catalog,
      KeyValueBackend store,
      long firstIndex,
      boolean keysCanBeHeld,
      StoreContact.Stream contact,
      KeyQuota quota) {
    this.quota = quota;
    this.contact = contact;
    turns = keysCanBeHeld ? new KeyedSequencer<>() : null;
    this.catalog = catalog;
    this.store = store;
    lastDeleted = firstIndex;
  }

  /** Returns what counts the memory of keys; whoever writes one for a client asks it. */
  KeyQuota quota() {
    return quota;
  }

  void start() {
    watch = store.watch(Keys.prefix(""), new Feed());
  }

  Found get(String key) {
    return catalog.look(
        view -> {
          Pair pair = pairs.get(key);
          return pair == null
              ? new Found(List.of(), lastDeleted)
              : new Found(List.of(pair), pair.modifyIndex());
        });
  }

  Found list(String prefix) {
    return catalog.look(
        view -> {
          List<Pair> found = new ArrayList<>();
          long index = lastDeleted;
          for (Pair pair : pairs.tailMap(prefix, true).values()) {
            if (!pair.entry().key().startsWith(prefix)) {
              break;
            }
            found.add(pair);
            index = Math.max(index, pair.modifyIndex());
          }
          return new Found(found, index);
        });
  }

  /** Does something while no key is written from here. */
  CompletionStage<Boolean> inTurn(Supplier<CompletionStage<Boolean>> step) {
    return turns == null ? step.get() : turns.run(ALL_KEYS, step);
  }

  /**
   * Writes a key and has it held.
   *
   * @param may asked in turn and under the catalog's lock whether the holder may hold the key, as
   *     far as that is not for another holder
   * @return completes with whether the holder has it
   */
  CompletionStage<Boolean> acquire(
      String key, String holder, Bytes value, long newFlags, BooleanSupplier may) {
    return inTurn(
        () -> {
          Lock lock =
              catalog.look(
                  view -> {
                    Pair pair = pairs.get(key);
                    Lock before = pair == null ? Lock.NONE : pair.lock();
                    if (!may.getAsBoolean()) {
                      return Lock.NONE;
                    }
                    if (before.holder().isEmpty()) {
                      return new Lock(holder, before.index() + 1);
                    }
                    return before.holder().equals(holder) ? before : Lock.NONE;
                  });
          return lock.holder().isEmpty() ? REFUSED : write(key, value, newFlags, lock);
        });
  }

  /**
   * Writes a key and gives it up.
   *
   * @return completes with whether the holder had it
   */
  CompletionStage<Boolean> release(String key, String holder, Bytes value, long newFlags) {
    return inTurn(
        () -> {
          Found found = get(key);
          Lock before = found.pairs().isEmpty() ? Lock.NONE : found.pairs().get(0).lock();
          return before.holder().isEmpty() || !before.holder().equals(holder)
              ? REFUSED
              : write(key, value, newFlags, new Lock("", before.index()));
        });
  }

  private CompletionStage<Boolean> write(String key, Bytes value, long newFlags, Lock lock) {
    locks.put(key, lock);
    return write(key, value, newFlags).whenComplete((done, failed) -> locks.remove(key));
  }

  /** Gives up what a session holds, as part of a change; returns which keys that was. */
  List<String> releaseAll(CatalogWriter to, String holder) {
    List<String> held = new ArrayList<>();
    for (Map.Entry<String, Pair> each : pairs.entrySet()) {
      if (each.getValue().lock().holder().equals(holder)) {
        each.setValue(each.getValue().released(to.index()));
        touch(to, each.getKey());
        held.add(each.getKey());
      }
    }
    return held;
  }

  /** Deletes keys; in turn already. */
  CompletionStage<Boolean> deleteAtOnce(List<String> doomed) {
    CompletableFuture<?>[] all =
        doomed.stream()
            .map(key -> remove(key).toCompletableFuture())
            .toArray(CompletableFuture[]::new);
    return CompletableFuture.allOf(all).thenApply(done -> true);
  }

  CompletionStage<Boolean> put(String key, Bytes value, long newFlags) {
    return inTurn(() -> write(key, value, newFlags));
  }

  private CompletionStage<Boolean> write(String key, Bytes value, long newFlags) {
    Long before = newFlags == 0 ? flags.remove(key) : flags.put(key, newFlags);
    return store
        .put(key, value)
        .whenComplete((done, failed) -> restore(failed != null, key, before))
        .thenCompose(done -> shown(key));
  }

  CompletionStage<Boolean> compareAndSet(String key, long index, Bytes value, long newFlags) {
    return inTurn(() -> writeIf(key, index, value, newFlags));
  }

  private CompletionStage<Boolean> writeIf(String key, long index, Bytes value, long newFlags) {
    Found found = get(key);
    long version = 0;
    if (index != 0) {
      if (found.pairs().isEmpty() || found.pairs().get(0).modifyIndex() != index) {
        return CompletableFuture.completedFuture(false);
      }
      version = found.pairs().get(0).entry().version();
    }
    Long before = newFlags == 0 ? flags.remove(key) : flags.put(key, newFlags);
    return store
        .compareAndSet(key, version, value)
        .whenComplete((done, failed) -> restore(failed != null || !done, key, before))
        .thenCompose(done -> done ? shown(key) : CompletableFuture.completedFuture(false));
  }

  private void restore(boolean asItWas, String key, @Nullable Long before) {
    if (asItWas) {
      if (before == null) {
        flags.remove(key);
      } else {
        flags.put(key, before);
      }
    }
  }

  CompletionStage<Boolean> delete(String key) {
    return inTurn(() -> remove(key));
  }

  private CompletionStage<Boolean> remove(String key) {
    return store
        .delete(Keys.key(key))
        .thenCompose(
            done -> {
              flags.remove(key);
              return store.get(key);
            })
        .thenCompose(
            left -> left.isPresent() ? shown(key) : await(() -> get(key).pairs().isEmpty()));
  }

  CompletionStage<Boolean> compareAndDelete(String key, long index) {
    return inTurn(() -> removeIf(key, index));
  }

  private CompletionStage<Boolean> removeIf(String key, long index) {
    Found found = get(key);
    if (found.pairs().isEmpty()) {
      return CompletableFuture.completedFuture(true);
    }
    if (found.pairs().get(0).modifyIndex() != index) {
      return CompletableFuture.completedFuture(false);
    }
    long version = found.pairs().get(0).entry().version();
    return store
        .compareAndDelete(key, version)
        .thenCompose(
            done ->
                done
                    ? await(
                        () -> {
                          Found now = get(key);
                          return now.pairs().isEmpty()
                              || now.pairs().get(0).entry().version() != version;
                        })
                    : CompletableFuture.completedFuture(false));
  }

  CompletionStage<Boolean> deleteAll(String prefix) {
    return inTurn(() -> removeAll(prefix));
  }

  private CompletionStage<Boolean> removeAll(String prefix) {
    return store
        .delete(Keys.prefix(prefix))
        .thenCompose(done -> store.list(prefix))
        .thenCompose(
            left ->
                left.entries().isEmpty()
                    ? await(() -> list(prefix).pairs().isEmpty())
                    : CompletableFuture.completedFuture(true));
  }

  /** Completes with true when the watch has brought what the store holds. */
  private CompletionStage<Boolean> shown(String key) {
    return store
        .get(key)
        .thenCompose(
            held ->
                held.isEmpty()
                    ? CompletableFuture.completedFuture(true)
                    : await(
                        () -> {
                          Found now = get(key);
                          return !now.pairs().isEmpty()
                              && now.pairs().get(0).entry().version() >= held.get().version();
                        }));
  }

  /** Completes with true when something is shown, or was not for a while, as in an outage. */
  private CompletableFuture<Boolean> await(BooleanSupplier shown) {
    CompletableFuture<Boolean> done = new CompletableFuture<>();
    await(shown, done);
    return done.completeOnTimeout(true, Duration.ofSeconds(2).toMillis(), TimeUnit.MILLISECONDS);
  }

  private void await(BooleanSupplier shown, CompletableFuture<Boolean> done) {
    while (!done.isDone()) {
      long at = catalog.indexOf(Topics.KEYS);
      if (shown.getAsBoolean()) {
        done.complete(true);
        return;
      }
      Waiter waiter = new Waiter(Runnable::run, () -> await(shown, done));
      if (catalog.park(Topics.KEYS, at, waiter)) {
        done.whenComplete((over, failed) -> catalog.leave(Topics.KEYS, waiter));
        return;
      }
    }
  }

  private void change(CatalogWriter to, KeyValue entry) {
    Pair before = pairs.get(entry.key());
    if (before != null && before.entry().equals(entry)) {
      return;
    }
    pairs.put(
        entry.key(),
        new Pair(
            entry,
            flags.getOrDefault(entry.key(), 0L),
            locks.getOrDefault(entry.key(), before == null ? Lock.NONE : before.lock()),
            before == null ? to.index() : before.createIndex(),
            to.index()));
    touch(to, entry.key());
  }

  private void remove(CatalogWriter to, String key) {
    quota.gone(key);
    if (pairs.remove(key) != null) {
      lastDeleted = to.index();
      touch(to, key);
    }
  }

  private static void touch(CatalogWriter to, String key) {
    to.touch(Topics.KEYS);
    to.touchIfAwaited(Topics.key(key));
    for (int length = 0; length <= key.length(); length++) {
      to.touchIfAwaited(Topics.keys(key.substring(0, length)));
    }
  }

  /** What the store says; one call at a time. One after the close changes what nothing serves. */
  private final class Feed implements KeyValueSink {
    @Override
    public void replace(List<KeyValue> entries, long revision) {
      catalog.write(
          to -> {
            Set<String> gone = new HashSet<>(pairs.keySet());
            for (KeyValue entry : entries) {
              gone.remove(entry.key());
              change(to, entry);
            }
            gone.forEach(key -> remove(to, key));
          });
    }

    @Override
    public void apply(List<KeyEvent> events, long revision) {
      catalog.write(
          to -> {
            for (KeyEvent event : events) {
              if (event instanceof KeyEvent.Put put) {
                change(to, put.entry());
              } else {
                remove(to, event.key());
              }
            }
          });
    }

    @Override
    public void synced() {
      contact.synced();
    }

    @Override
    public void interrupted(RegistryException cause) {
      LOG.info("the store of keys is not heard of: {}", cause.getMessage());
      contact.interrupted();
    }
  }

  @Override
  public void close() {
    KeyValueBackend.Watch open = watch;
    if (open != null) {
      open.close();
    }
    store.close();
  }
}
