package dev.rollcall.bench;

import dev.rollcall.InstanceKey;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.Capabilities;
import dev.rollcall.spi.LeaseListener;
import dev.rollcall.spi.Listing;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.WatchSink;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/**
 * A backend without a store, whose watches the benchmark feeds: what is measured then is the engine
 * alone, by the way that every backend takes into it. Thread-safe; a sink is fed by one thread.
 */
final class FedBackend implements RegistryBackend {
  private final Function<String, List<ServiceInstance>> initial;
  private final Map<String, WatchSink> sinks = new ConcurrentHashMap<>();

  FedBackend(Function<String, List<ServiceInstance>> initial) {
    this.initial = initial;
  }

  /** Returns where the changes of a watched service go. */
  WatchSink sink(String service) {
    WatchSink sink = sinks.get(service);
    if (sink == null) {
      throw new IllegalStateException("nobody watches " + service);
    }
    return sink;
  }

  @Override
  public Capabilities capabilities() {
    return new Capabilities(false, true, true, false, Duration.ZERO);
  }

  @Override
  public Watch watch(Selector selector, WatchSink sink) {
    if (selector instanceof Selector.OfService one) {
      sinks.put(one.name(), sink);
      sink.replace(selector, initial.apply(one.name()), 1);
    }
    sink.synced();
    return () -> {};
  }

  @Override
  public CompletionStage<dev.rollcall.spi.Lease> register(
      RegisterRequest request, LeaseListener listener) {
    return CompletableFuture.failedFuture(nothingStored());
  }

  @Override
  public CompletionStage<Void> deregister(InstanceKey key, Owner owner) {
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public CompletionStage<Listing> snapshot(Selector selector) {
    return CompletableFuture.failedFuture(nothingStored());
  }

  @Override
  public void close() {}

  private static RegistryException nothingStored() {
    return RegistryException.unavailable("this backend stores nothing", null);
  }
}
