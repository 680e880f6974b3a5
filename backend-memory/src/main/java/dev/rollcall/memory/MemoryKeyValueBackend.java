package dev.rollcall.memory;

import dev.rollcall.RegistryException;
import dev.rollcall.kv.Bytes;
import dev.rollcall.kv.KeyValue;
import dev.rollcall.kv.Keys;
import dev.rollcall.spi.KeyValueBackend;
import dev.rollcall.spi.KeyValueListing;
import dev.rollcall.spi.KeyValueSink;
import dev.rollcall.spi.KeyWrite;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A handle on the keys and values of an in-memory store: one of the opener's own, or one that all
 * openers of a name share and that is dropped when the last of them has closed it.
 */
final class MemoryKeyValueBackend implements KeyValueBackend {
  /** Guarded by itself. */
  private static final Map<String, Shared> NAMED = new HashMap<>();

  private final KeyValueTree tree;
  private final Runnable onClose;
  private final Set<KeyValueWatch> watches = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean closed = new AtomicBoolean();

  private MemoryKeyValueBackend(KeyValueTree tree, Runnable onClose) {
    this.tree = tree;
    this.onClose = onClose;
  }

  /** A named store. {@code users} is guarded by {@link #NAMED}. */
  private static final class Shared {
    private final KeyValueTree tree = new KeyValueTree();
    private int users;
  }

  /** Opens a handle; with an empty name on a store of its own. */
  static MemoryKeyValueBackend open(String name) {
    if (name.isEmpty()) {
      KeyValueTree own = new KeyValueTree();
      return new MemoryKeyValueBackend(own, own::close);
    }
    synchronized (NAMED) {
      Shared shared = NAMED.computeIfAbsent(name, missing -> new Shared());
      shared.users++;
      return new MemoryKeyValueBackend(shared.tree, () -> leave(name));
    }
  }

  private static void leave(String name) {
    Shared last;
    synchronized (NAMED) {
      Shared shared = NAMED.get(name);
      if (shared == null || --shared.users > 0) {
        return;
      }
      last = shared;
      NAMED.remove(name);
    }
    last.tree.close();
  }

  @Override
  public CompletionStage<Optional<KeyValue>> get(String key) {
    return done(() -> tree.get(key));
  }

  @Override
  public CompletionStage<KeyValueListing> list(String prefix) {
    return done(() -> tree.list(Keys.prefix(prefix)));
  }

  @Override
  public CompletionStage<Void> put(String key, Bytes value) {
    return this.<@Nullable Void>done(
        () -> {
          tree.put(key, value, any -> true);
          return null;
        });
  }

  @Override
  public CompletionStage<Boolean> compareAndSet(String key, long expectedVersion, Bytes value) {
    return done(() -> tree.put(key, value, version -> version == expectedVersion));
  }

  @Override
  public CompletionStage<Void> delete(Keys keys) {
    return this.<@Nullable Void>done(
        () -> {
          tree.delete(keys);
          return null;
        });
  }

  @Override
  public CompletionStage<Boolean> compareAndDelete(String key, long expectedVersion) {
    return done(() -> tree.delete(key, expectedVersion));
  }

  @Override
  public CompletionStage<Optional<List<KeyValue>>> commit(
      Map<String, Long> expected, List<KeyWrite> writes) {
    return done(() -> tree.commit(expected, writes));
  }

  @Override
  public Watch watch(Keys keys, KeyValueSink sink) {
    KeyValueWatch watch = new KeyValueWatch(tree, keys, sink);
    watches.add(watch);
    if (closed.get()) {
      watches.remove(watch);
      return () -> {};
    }
    tree.attach(watch);
    return () -> {
      watches.remove(watch);
      watch.close();
    };
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      watches.forEach(KeyValueWatch::close);
      watches.clear();
      onClose.run();
    }
  }

  private <T extends @Nullable Object> CompletionStage<T> done(Supplier<T> verb) {
    if (closed.get()) {
      return CompletableFuture.failedFuture(
          RegistryException.unavailable("the memory backend is closed", null));
    }
    try {
      return CompletableFuture.completedFuture(verb.get());
    } catch (RegistryException refused) {
      return CompletableFuture.failedFuture(refused);
    }
  }
}
