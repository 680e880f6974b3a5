package dev.rollcall.testkit;

import dev.rollcall.RegistryException;
import dev.rollcall.kv.Bytes;
import dev.rollcall.kv.KeyValue;
import dev.rollcall.kv.Keys;
import dev.rollcall.spi.KeyEvent;
import dev.rollcall.spi.KeyValueBackend;
import dev.rollcall.spi.KeyValueListing;
import dev.rollcall.spi.KeyValueSink;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/** A client of the simulated store's keys and values. */
final class SimulatedKeys implements KeyValueBackend {
  private final SimulatedWorld world;
  private final SimulatedLine line;
  private final Set<SimulatedStream<KeyValue, KeyEvent>> open = new LinkedHashSet<>();

  SimulatedKeys(SimulatedWorld world, SimulatedLine line) {
    this.world = world;
    this.line = line;
  }

  @Override
  public CompletionStage<Optional<KeyValue>> get(String key) {
    return call(() -> line.store().keysInside().get(key));
  }

  @Override
  public CompletionStage<KeyValueListing> list(String prefix) {
    return call(() -> line.store().keysInside().list(prefix));
  }

  @Override
  public CompletionStage<Void> put(String key, Bytes value) {
    return call(() -> line.store().keysInside().put(key, value));
  }

  @Override
  public CompletionStage<Boolean> compareAndSet(String key, long expectedVersion, Bytes value) {
    return call(() -> line.store().keysInside().compareAndSet(key, expectedVersion, value));
  }

  @Override
  public CompletionStage<Void> delete(Keys keys) {
    return call(() -> line.store().keysInside().delete(keys));
  }

  @Override
  public CompletionStage<Boolean> compareAndDelete(String key, long expectedVersion) {
    return call(() -> line.store().keysInside().compareAndDelete(key, expectedVersion));
  }

  private <T> CompletionStage<T> call(Supplier<CompletionStage<T>> inside) {
    return line.call(SimulatedLine.Flight.UNSEEN, () -> inside.get().toCompletableFuture().join());
  }

  @Override
  public Watch watch(Keys keys, KeyValueSink sink) {
    SimulatedStream<KeyValue, KeyEvent> stream =
        new SimulatedStream<>(
            world, line, line.store().keys(), keys::selects, false, new Tap(sink));
    open.add(stream);
    stream.open();
    return () -> {
      open.remove(stream);
      stream.close();
    };
  }

  @Override
  public void close() {
    line.close();
    List.copyOf(open).forEach(SimulatedStream::close);
  }

  private record Tap(KeyValueSink sink) implements SimulatedStream.Tap<KeyValue, KeyEvent> {
    @Override
    public void replace(List<KeyValue> all, long revision) {
      sink.replace(all, revision);
    }

    @Override
    public void apply(List<KeyEvent> events, long revision) {
      sink.apply(events, revision);
    }

    @Override
    public void synced() {
      sink.synced();
    }

    @Override
    public void interrupted(RegistryException cause) {
      sink.interrupted(cause);
    }
  }
}
