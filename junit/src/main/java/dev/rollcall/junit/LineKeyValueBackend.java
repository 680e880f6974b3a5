package dev.rollcall.junit;

import dev.rollcall.RegistryException;
import dev.rollcall.kv.Bytes;
import dev.rollcall.kv.KeyValue;
import dev.rollcall.kv.Keys;
import dev.rollcall.spi.KeyEvent;
import dev.rollcall.spi.KeyValueBackend;
import dev.rollcall.spi.KeyValueListing;
import dev.rollcall.spi.KeyValueSink;
import dev.rollcall.spi.KeyWrite;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One user's end of the line to the keys and values of a store in memory. {@code closed} is written
 * once, by whoever closes, and read by all.
 */
final class LineKeyValueBackend implements KeyValueBackend {
  private final KeyValueBackend store;
  private final Line line;
  private final Consumer<String> beforeCompare;
  private final Set<BreakableWatch<?>> watches = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  /**
   * Creates one.
   *
   * @param store shared by all users, and not closed here
   * @param beforeCompare told a key before it is compared and changed
   */
  LineKeyValueBackend(KeyValueBackend store, Line line, Consumer<String> beforeCompare) {
    this.store = store;
    this.line = line;
    this.beforeCompare = beforeCompare;
  }

  private <T extends @Nullable Object> CompletionStage<T> send(Supplier<CompletionStage<T>> call) {
    return closed
        ? CompletableFuture.failedFuture(
            RegistryException.unavailable("the fake store was closed by its user", null))
        : line.send(call);
  }

  @Override
  public CompletionStage<Optional<KeyValue>> get(String key) {
    return send(() -> store.get(key));
  }

  @Override
  public CompletionStage<KeyValueListing> list(String prefix) {
    return send(() -> store.list(prefix));
  }

  @Override
  public CompletionStage<Void> put(String key, Bytes value) {
    return send(() -> store.put(key, value));
  }

  @Override
  public CompletionStage<Boolean> compareAndSet(String key, long expectedVersion, Bytes value) {
    return send(
        () -> {
          beforeCompare.accept(key);
          return store.compareAndSet(key, expectedVersion, value);
        });
  }

  @Override
  public CompletionStage<Void> delete(Keys keys) {
    return send(() -> store.delete(keys));
  }

  @Override
  public CompletionStage<Boolean> compareAndDelete(String key, long expectedVersion) {
    return send(
        () -> {
          beforeCompare.accept(key);
          return store.compareAndDelete(key, expectedVersion);
        });
  }

  @Override
  public CompletionStage<Optional<List<KeyValue>>> commit(
      Map<String, Long> expected, List<KeyWrite> writes) {
    return send(
        () -> {
          expected.keySet().forEach(beforeCompare);
          return store.commit(expected, writes);
        });
  }

  @Override
  public Watch watch(Keys keys, KeyValueSink sink) {
    BreakableWatch<KeyValueSink> watch =
        new BreakableWatch<>(
            line,
            sink,
            calls -> store.watch(keys, new Sink(calls))::close,
            KeyValueSink::interrupted,
            (to, reason) -> {}); // keys are not withheld
    watches.add(watch);
    if (closed) {
      watches.remove(watch);
      return () -> {};
    }
    watch.open();
    return () -> {
      watches.remove(watch);
      watch.close();
    };
  }

  @Override
  public void close() {
    closed = true;
    watches.forEach(BreakableWatch::close);
    watches.clear();
  }

  private record Sink(Consumer<Consumer<KeyValueSink>> calls) implements KeyValueSink {
    @Override
    public void replace(List<KeyValue> entries, long revision) {
      calls.accept(to -> to.replace(entries, revision));
    }

    @Override
    public void apply(List<KeyEvent> events, long revision) {
      calls.accept(to -> to.apply(events, revision));
    }

    @Override
    public void synced() {
      calls.accept(KeyValueSink::synced);
    }

    @Override
    public void interrupted(RegistryException cause) {
      calls.accept(to -> to.interrupted(cause));
    }
  }
}
