package dev.rollcall.memory;

import dev.rollcall.kv.Bytes;
import dev.rollcall.kv.KeyValue;
import dev.rollcall.kv.Keys;
import dev.rollcall.spi.KeyValueBackend;
import dev.rollcall.spi.KeyValueListing;
import dev.rollcall.spi.KeyValueSink;
import dev.rollcall.spi.KeyWrite;
import dev.rollcall.spi.support.SharedByKey;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * A handle on the keys and values of an in-memory store: one of the opener's own, or one that all
 * openers of a name share and that is dropped when the last of them has closed it.
 */
final class MemoryKeyValueBackend implements KeyValueBackend {
  /** Guarded by itself. */
  private static final SharedByKey<String, KeyValueTree> NAMED = new SharedByKey<>();

  private final KeyValueTree tree;
  private final Handle handle;

  private MemoryKeyValueBackend(KeyValueTree tree, Runnable onClose) {
    this.tree = tree;
    this.handle = new Handle(onClose);
  }

  /** Opens a handle; with an empty name on a store of its own. */
  static MemoryKeyValueBackend open(String name) {
    if (name.isEmpty()) {
      KeyValueTree own = new KeyValueTree();
      return new MemoryKeyValueBackend(own, own::close);
    }
    synchronized (NAMED) {
      KeyValueTree tree = NAMED.join(name, KeyValueTree::new);
      return new MemoryKeyValueBackend(tree, () -> leave(name, tree));
    }
  }

  private static void leave(String name, KeyValueTree tree) {
    boolean last;
    synchronized (NAMED) {
      last = NAMED.leave(name, tree);
    }
    if (last) {
      tree.close();
    }
  }

  @Override
  public CompletionStage<Optional<KeyValue>> get(String key) {
    return handle.done(() -> tree.get(key));
  }

  @Override
  public CompletionStage<KeyValueListing> list(String prefix) {
    return handle.done(() -> tree.list(Keys.prefix(prefix)));
  }

  @Override
  public CompletionStage<Void> put(String key, Bytes value) {
    return handle.<@Nullable Void>done(
        () -> {
          tree.put(key, value, any -> true);
          return null;
        });
  }

  @Override
  public CompletionStage<Boolean> compareAndSet(String key, long expectedVersion, Bytes value) {
    return handle.done(() -> tree.put(key, value, version -> version == expectedVersion));
  }

  @Override
  public CompletionStage<Void> delete(Keys keys) {
    return handle.<@Nullable Void>done(
        () -> {
          tree.delete(keys);
          return null;
        });
  }

  @Override
  public CompletionStage<Boolean> compareAndDelete(String key, long expectedVersion) {
    return handle.done(() -> tree.delete(key, expectedVersion));
  }

  @Override
  public CompletionStage<Optional<List<KeyValue>>> commit(
      Map<String, Long> expected, List<KeyWrite> writes) {
    return handle.done(() -> tree.commit(expected, writes));
  }

  @Override
  public Watch watch(Keys keys, KeyValueSink sink) {
    KeyValueWatch watch = new KeyValueWatch(tree, keys, sink);
    return handle.watch(() -> tree.attach(watch), watch::close)::run;
  }

  @Override
  public void close() {
    handle.close();
  }
}
