package dev.rollcall.engine;

import dev.rollcall.kv.Bytes;
import dev.rollcall.kv.KeyValue;
import dev.rollcall.kv.Keys;
import dev.rollcall.spi.KeyValueBackend;
import dev.rollcall.spi.KeyValueListing;
import dev.rollcall.spi.KeyValueSink;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** A backend of keys that keeps nothing, and whose watches say what a test has them say. */
final class ScriptedKeys implements KeyValueBackend {

  /** A call of {@link #watch}. */
  static final class Opened implements Watch {
    final Keys keys;
    final KeyValueSink sink;
    final AtomicInteger closed = new AtomicInteger();

    Opened(Keys keys, KeyValueSink sink) {
      this.keys = keys;
      this.sink = sink;
    }

    /** Feeds a complete state of keys and texts. */
    void load(Map<String, String> texts) {
      List<KeyValue> pairs = new ArrayList<>();
      new TreeMap<>(texts)
          .forEach((key, text) -> pairs.add(new KeyValue(key, Bytes.ofText(text), 1)));
      sink.replace(pairs, 1);
      sink.synced();
    }

    @Override
    public void close() {
      closed.incrementAndGet();
    }
  }

  final List<Opened> watches = new CopyOnWriteArrayList<>();

  Opened lastWatch() {
    return watches.get(watches.size() - 1);
  }

  @Override
  public CompletionStage<Optional<KeyValue>> get(String key) {
    return CompletableFuture.completedFuture(Optional.empty());
  }

  @Override
  public CompletionStage<KeyValueListing> list(String prefix) {
    return CompletableFuture.completedFuture(new KeyValueListing(List.of(), 1));
  }

  @Override
  public CompletionStage<Void> put(String key, Bytes value) {
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public CompletionStage<Boolean> compareAndSet(String key, long expectedVersion, Bytes value) {
    return CompletableFuture.completedFuture(true);
  }

  @Override
  public CompletionStage<Void> delete(Keys keys) {
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public CompletionStage<Boolean> compareAndDelete(String key, long expectedVersion) {
    return CompletableFuture.completedFuture(true);
  }

  @Override
  public Watch watch(Keys keys, KeyValueSink sink) {
    Opened opened = new Opened(keys, sink);
    watches.add(opened);
    return opened;
  }

  @Override
  public void close() {}
}
