package dev.rollcall.server.consul;

import dev.rollcall.RegistryException;
import dev.rollcall.kv.Bytes;
import dev.rollcall.kv.KeyValue;
import dev.rollcall.kv.Keys;
import dev.rollcall.spi.KeyEvent;
import dev.rollcall.spi.KeyValueBackend;
import dev.rollcall.spi.KeyValueListing;
import dev.rollcall.spi.KeyValueSink;
import dev.rollcall.spi.KeyWrite;
import dev.rollcall.spi.support.Futures;
import dev.rollcall.spi.support.KeyedSequencer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The store's keys as Consul shows them: with flags and indexes.
 *
 * <p><b>Design.</b> What is shown is fed by the store's watch alone, so that it goes through the
 * store's states in their order; a write completes when the watch has brought it.
 *
 * <p><b>Indexes.</b> Before a shared store they are the store's own versions and revisions, the
 * same through every centre: a compare-and-set goes to the store as it is. Of a store in this
 * process, which begins anew with it, they are the catalog's, which do not: a key has the index of
 * the change that brought it, and a compare-and-set finds the store's version by it.
 *
 * <p><b>Locks.</b> The holder of a key is kept with what is shown of it, and goes with it. Where
 * keys can be held, writes are done in turns, one after the other: what was looked at before a
 * write still is so when it is done.
 *
 * <p><b>Guards.</b> {@code pairs}, {@code lastDeleted}, {@code seen} and {@code isFed} are guarded
 * by the catalog's lock: they are touched in {@link CatalogIndex#look} and {@link
 * CatalogIndex#write} alone. The flags, which no store of ours has room for, are in a concurrent
 * map, and in this process only; so are the locks that are about to be shown, and what was kept of
 * keys that are not shown yet.
 */
final class KeyValues implements AutoCloseable {
  /** Writes to different keys wait for one another, too. */
  private static final String ALL_KEYS = "";

  /** How often a transaction is worked out anew where others change its keys meanwhile. */
  private static final int ATTEMPTS = 16;

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
  private final Map<String, KeyRecord> restored = new ConcurrentHashMap<>();
  private final Changes changes;
  private final TreeMap<String, Pair> pairs = new TreeMap<>();
  private long lastDeleted;
  private long seen; // the store's revision, which is behind no write that is shown
  private boolean isFed;
  private KeyValueBackend.@Nullable Watch watch; // set by start(), before anything is served

  /** A key with its value, its lock and its indexes. */
  record Pair(KeyValue entry, long flags, Lock lock, long createIndex, long modifyIndex) {
    private Pair released(long at) {
      return new Pair(entry, flags, new Lock("", lock.index()), createIndex, at);
    }
  }

  /** The session that holds a key, none where it is empty, and how often the key was acquired. */
  record Lock(String holder, long index) {
    static final Lock NONE = new Lock("", 0);
  }

  /** What was read, and with which index. */
  record Found(List<Pair> pairs, long index) {}

  KeyValues(
      CatalogIndex catalog,
      KeyValueBackend store,
      long firstIndex,
      boolean keysCanBeHeld,
      StoreContact.Stream contact,
      KeyQuota quota,
      Changes changes) {
    this.quota = quota;
    this.changes = changes;
    this.contact = contact;
    turns = keysCanBeHeld ? new KeyedSequencer<>() : null;
    this.catalog = catalog;
    this.store = store;
    lastDeleted = keysCanBeHeld ? firstIndex : 1;
  }

  /** Returns what counts the memory of keys; every write for a client asks it. */
  KeyQuota quota() {
    return quota;
  }

  /** Tells whether the store is another process's, so that others have it before them too. */
  private boolean isShared() {
    return turns == null;
  }

  /** Puts back what an earlier process has kept, into a store in this one. Before the start. */
  void restore(List<KeyRecord> kept) {
    for (KeyRecord record : kept) {
      if (record.endsWithSession()) {
        changes.key(record.key()); // its session has ended with its process
      } else {
        restored.put(record.key(), record);
        // Where the store has outlived the centre, it knows better.
        store.compareAndSet(record.key(), 0, record.value()).toCompletableFuture().join();
      }
    }
  }

  /** Shows what the store holds, from now on. Idempotent. */
  void start() {
    if (watch != null) {
      return;
    }
    watch = store.watch(Keys.prefix(""), new Feed());
  }

  /** Returns what is shown of a key; null where there is none. */
  @Nullable Pair shownNow(String key) {
    return catalog.look(view -> pairs.get(key));
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

  /** Returns the store's version of a key that has an index; negative where it has another one. */
  private long versionAt(String key, long index) {
    if (isShared() || index == 0) {
      return index; // an index of all 64 bits is none of the store's
    }
    Found found = get(key);
    return found.pairs().isEmpty() || found.pairs().get(0).modifyIndex() != index
        ? -1
        : found.pairs().get(0).entry().version();
  }

  private CompletionStage<Boolean> writeIf(String key, long index, Bytes value, long newFlags) {
    long version = versionAt(key, index);
    if (version < 0) {
      return REFUSED;
    }
    Long before = newFlags == 0 ? flags.remove(key) : flags.put(key, newFlags);
    return store
        .compareAndSet(key, version, value)
        .whenComplete((done, failed) -> restore(failed != null || !done, key, before))
        .thenCompose(done -> done ? shown(key) : REFUSED);
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
              return asHeld(key);
            });
  }

  /** Completes when a key is shown as the store holds it, or does not hold it any more. */
  private CompletionStage<Boolean> asHeld(String key) {
    return store
        .get(key)
        .thenCompose(
            left -> left.isPresent() ? shown(key) : await(() -> get(key).pairs().isEmpty()));
  }

  CompletionStage<Boolean> compareAndDelete(String key, long index) {
    return inTurn(() -> removeIf(key, index));
  }

  private CompletionStage<Boolean> removeIf(String key, long index) {
    if (!isShared() && get(key).pairs().isEmpty()) {
      return DONE;
    }
    long version = versionAt(key, index);
    if (version <= 0) {
      return isShared() ? store.get(key).thenApply(Optional::isEmpty) : REFUSED;
    }
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
                    : REFUSED);
  }

  CompletionStage<Boolean> deleteAll(String prefix) {
    return inTurn(() -> removeAll(prefix));
  }

  private CompletionStage<Boolean> removeAll(String prefix) {
    return store.delete(Keys.prefix(prefix)).thenCompose(done -> treeGone(prefix));
  }

  private CompletionStage<Boolean> treeGone(String prefix) {
    return store
        .list(prefix)
        .thenCompose(
            left ->
                left.entries().isEmpty()
                    ? await(() -> list(prefix).pairs().isEmpty())
                    : CompletableFuture.completedFuture(true));
  }

  /**
   * Does what a transaction's operations say, all of it or nothing. Before a shared store they are
   * worked out on what it holds, not on what is shown; it does them only where that is still so.
   *
   * @param keys those that the operations name
   * @param operations has a transaction on the keys that are there take them
   * @return completes with the results, when they are shown
   */
  CompletionStage<TxnResults> transact(
      Set<String> keys, Consumer<KeyTransaction> operations, @Nullable Sessions sessions) {
    Supplier<CompletionStage<TxnResults>> task = () -> attempt(keys, operations, sessions, 1);
    return turns == null ? task.get() : turns.run(ALL_KEYS, task);
  }

  /** Begins a transaction that only reads what is shown; to be used in one look at the catalog. */
  KeyTransaction reading(TxnResults results, @Nullable Sessions sessions) {
    return new KeyTransaction(
        key -> get(key).pairs().stream().findFirst().orElse(null),
        prefix -> list(prefix).pairs(),
        false,
        sessions,
        results);
  }

  private CompletionStage<TxnResults> attempt(
      Set<String> keys,
      Consumer<KeyTransaction> operations,
      @Nullable Sessions sessions,
      int count) {
    return present(keys)
        .thenCompose(
            present -> {
              TxnResults results = new TxnResults();
              KeyTransaction transaction =
                  new KeyTransaction(
                      present::get, prefix -> list(prefix).pairs(), !isShared(), sessions, results);
              catalog.look(
                  view -> {
                    operations.accept(transaction);
                    return results;
                  });
              if (results.isFailed()) {
                return CompletableFuture.completedFuture(results);
              }
              return commit(transaction)
                  .thenCompose(
                      written -> {
                        if (written.isEmpty()) {
                          if (count == ATTEMPTS) {
                            throw RefusedException.failed(
                                "the keys of this transaction are changed by others all the time");
                          }
                          return allOf(transaction.expected().keySet(), this::asHeld)
                              .thenCompose(done -> attempt(keys, operations, sessions, count + 1));
                        }
                        return shown(transaction, written.get()).thenApply(done -> results);
                      });
            });
  }

  private CompletionStage<Map<String, Pair>> present(Set<String> keys) {
    Map<String, Pair> present = new ConcurrentHashMap<>();
    if (!isShared()) {
      keys.forEach(key -> get(key).pairs().forEach(pair -> present.put(key, pair)));
      return CompletableFuture.completedFuture(present);
    }
    return allOf(
            keys,
            key ->
                store
                    .get(key)
                    .thenAccept(held -> held.ifPresent(is -> present.put(key, shared(is)))))
        .thenApply(done -> present);
  }

  private static <T> CompletableFuture<Void> allOf(
      Collection<T> of, Function<T, CompletionStage<?>> begin) {
    return CompletableFuture.allOf(
        of.stream()
            .map(each -> begin.apply(each).toCompletableFuture())
            .toArray(CompletableFuture<?>[]::new));
  }

  /** Returns a pair of a shared store, as it is shown. */
  private Pair shared(KeyValue held) {
    return new Pair(
        held, flags.getOrDefault(held.key(), 0L), Lock.NONE, held.created(), held.version());
  }

  private CompletionStage<Optional<List<KeyValue>>> commit(KeyTransaction transaction) {
    Map<String, Long> before = new HashMap<>();
    transaction
        .flags()
        .forEach(
            (key, value) -> {
              Long old = value == 0 ? flags.remove(key) : flags.put(key, value);
              if (old != null) {
                before.put(key, old);
              }
            });
    Map<String, Lock> held = isShared() ? Map.of() : transaction.locks();
    locks.putAll(held);
    return store
        .commit(transaction.expected(), transaction.writes())
        .whenComplete(
            (written, failed) -> {
              if (failed != null || written.isEmpty()) {
                locks.keySet().removeAll(held.keySet());
                transaction.flags().keySet().forEach(key -> restore(true, key, before.get(key)));
              }
            });
  }

  private CompletionStage<Boolean> shown(KeyTransaction transaction, List<KeyValue> written) {
    Map<String, Pair> now = new HashMap<>();
    return allOf(
            transaction.writes(),
            write -> write instanceof KeyWrite.Delete gone ? gone(gone.keys()) : DONE)
        .thenCompose(done -> await(() -> written.stream().allMatch(this::isShown)))
        .thenApply(
            done -> {
              for (KeyValue is : written) {
                if (isShared()) {
                  now.put(is.key(), shared(is));
                } else {
                  get(is.key()).pairs().stream()
                      .filter(pair -> pair.entry().version() == is.version())
                      .forEach(pair -> now.put(is.key(), pair));
                }
              }
              transaction.wrote(now::get);
              return true;
            })
        .whenComplete((done, failed) -> locks.keySet().removeAll(transaction.locks().keySet()));
  }

  /** Completes when keys that were deleted are not shown any more. */
  private CompletionStage<Boolean> gone(Keys keys) {
    return keys instanceof Keys.OfPrefix tree
        ? treeGone(tree.prefix())
        : asHeld(((Keys.OfKey) keys).key());
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

  /**
   * Completes when a key is shown as the store has it by now, or later; with false where the store
   * does not say so in time.
   */
  CompletionStage<Boolean> caughtUp(String key) {
    return answered(
        () ->
            store
                .get(key)
                .thenCompose(
                    held ->
                        held.isPresent()
                            ? await(() -> isShown(held.get()), false)
                            : listedUp(key)));
  }

  /** The same of all keys with a prefix. */
  CompletionStage<Boolean> caughtUpBelow(String prefix) {
    return answered(() -> listedUp(prefix));
  }

  private CompletionStage<Boolean> listedUp(String prefix) {
    return store.list(prefix).thenCompose(listing -> await(() -> isShown(prefix, listing), false));
  }

  private static CompletionStage<Boolean> answered(Supplier<CompletionStage<Boolean>> question) {
    try {
      return question
          .get()
          // What the store takes for no key is none, here and there.
          .exceptionally(
              failed ->
                  Futures.cause(failed) instanceof RegistryException refused
                      && refused.kind() == RegistryException.Kind.INVALID);
    } catch (RegistryException closing) {
      return REFUSED;
    }
  }

  private boolean isShown(KeyValue held) {
    return catalog.look(
        view -> {
          Pair pair = pairs.get(held.key());
          return seen >= held.version()
              || (pair != null && pair.entry().version() >= held.version());
        });
  }

  private boolean isShown(String prefix, KeyValueListing held) {
    return catalog.look(
        view ->
            (held.revision() > 0 && seen >= held.revision())
                || list(prefix).pairs().stream()
                    .map(Pair::entry)
                    .collect(Collectors.toSet())
                    .equals(Set.copyOf(held.entries())));
  }

  /** Tells whether an index is none that was shown here: from another centre that is ahead, say. */
  boolean isBeyond(long index) {
    return isShared() ? catalog.look(view -> index > Math.max(1, seen)) : catalog.isForeign(index);
  }

  /** Completes with true when something is shown, or was not for a while, as in an outage. */
  private CompletableFuture<Boolean> await(BooleanSupplier shown) {
    return await(shown, true);
  }

  private CompletableFuture<Boolean> await(BooleanSupplier shown, boolean otherwise) {
    CompletableFuture<Boolean> done = new CompletableFuture<>();
    await(shown, done);
    return done.completeOnTimeout(
        otherwise, Duration.ofSeconds(2).toMillis(), TimeUnit.MILLISECONDS);
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
    seen = Math.max(seen, entry.version()); // for a store that tells no revisions
    KeyRecord kept = restored.remove(entry.key());
    if (before == null && kept != null && kept.value().equals(entry.value())) {
      if (kept.flags() != 0) {
        flags.put(entry.key(), kept.flags());
      }
      pairs.put(
          entry.key(),
          new Pair(
              entry,
              kept.flags(),
              new Lock("", kept.lockIndex()),
              kept.createIndex(),
              kept.modifyIndex()));
      touch(to, entry.key());
      return;
    }
    pairs.put(
        entry.key(),
        new Pair(
            entry,
            flags.getOrDefault(entry.key(), 0L),
            locks.getOrDefault(entry.key(), before == null ? Lock.NONE : before.lock()),
            isShared() ? entry.created() : before == null ? to.index() : before.createIndex(),
            isShared() ? entry.version() : to.index()));
    touch(to, entry.key());
  }

  private void remove(CatalogWriter to, String key, long revision) {
    quota.gone(key);
    if (pairs.remove(key) != null) {
      lastDeleted = isShared() ? revision : to.index();
      touch(to, key);
    }
  }

  private void touch(CatalogWriter to, String key) {
    changes.key(key);
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
            // Not the higher of the two: a store that was wiped begins anew.
            seen = revision;
            if (isShared() && !isFed) {
              lastDeleted = revision; // what was deleted before, was so by then
            }
            isFed = true;
            Set<String> gone = new HashSet<>(pairs.keySet());
            for (KeyValue entry : entries) {
              gone.remove(entry.key());
              change(to, entry);
            }
            gone.forEach(key -> remove(to, key, revision));
          });
    }

    @Override
    public void apply(List<KeyEvent> events, long revision) {
      catalog.write(
          to -> {
            seen = revision;
            for (KeyEvent event : events) {
              if (event instanceof KeyEvent.Put put) {
                change(to, put.entry());
              } else {
                remove(to, event.key(), revision);
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
