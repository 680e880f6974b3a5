package dev.rollcall.testkit.soak;

import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.kv.Bytes;
import dev.rollcall.kv.KeyValue;
import dev.rollcall.spi.KeyValueBackend;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.support.BackendProviders;
import dev.rollcall.spi.support.SystemTimer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

/**
 * The store as its own backend reads it: for the memory store, whose state that is, and for stores
 * of which nothing else is known. The reads go past the engine, and not past the backend.
 */
final class SnapshotTruth implements Truth {
  private final Timer timer = SystemTimer.named("soak-truth");
  private final RegistryBackend backend;
  private final Optional<KeyValueBackend> keys;

  SnapshotTruth(RegistryBackend backend, Optional<KeyValueBackend> keys) {
    this.backend = backend;
    this.keys = keys;
  }

  SnapshotTruth(String uri) {
    try {
      backend = BackendProviders.open(uri, timer);
    } catch (RuntimeException refused) {
      timer.close();
      throw refused;
    }
    keys = keys(uri, timer);
  }

  /** Opens the keys and values of a store that keeps some. */
  static Optional<KeyValueBackend> keys(String uri, Timer timer) {
    try {
      return Optional.of(BackendProviders.openKeyValue(uri, timer));
    } catch (RegistryException none) {
      return Optional.empty();
    }
  }

  @Override
  public String way() {
    return "a snapshot of the backend's own, past the engine";
  }

  @Override
  public List<ServiceInstance> instances(Collection<String> services) {
    List<ServiceInstance> all = new ArrayList<>();
    for (String service : services) {
      all.addAll(get(backend.snapshot(Selector.service(service))).instances());
    }
    all.sort((a, b) -> a.key().compareTo(b.key()));
    return all;
  }

  @Override
  public Map<String, Bytes> keys(String prefix) {
    Map<String, Bytes> all = new TreeMap<>();
    keys.ifPresent(
        store -> {
          for (KeyValue pair : get(store.list(prefix)).entries()) {
            all.put(pair.key(), pair.value());
          }
        });
    return all;
  }

  private static <T> T get(CompletionStage<T> answer) {
    try {
      return answer.toCompletableFuture().orTimeout(30, TimeUnit.SECONDS).join();
    } catch (CompletionException failed) {
      throw failed.getCause() instanceof RegistryException known
          ? known
          : RegistryException.unavailable("reading the store: " + failed.getCause(), failed);
    }
  }

  @Override
  public void close() {
    keys.ifPresent(KeyValueBackend::close);
    backend.close();
    timer.close();
  }
}
