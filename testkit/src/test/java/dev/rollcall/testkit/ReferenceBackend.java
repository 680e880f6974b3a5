package dev.rollcall.testkit;

import dev.rollcall.InstanceKey;
import dev.rollcall.RegistryException;
import dev.rollcall.spi.Capabilities;
import dev.rollcall.spi.Lease;
import dev.rollcall.spi.LeaseListener;
import dev.rollcall.spi.Listing;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.WatchSink;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/** A client of the {@link ReferenceStore}. */
final class ReferenceBackend implements RegistryBackend {
  private final ReferenceStore store;
  private final Timer timer;
  private final Set<Watch> watches = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  ReferenceBackend(ReferenceStore store, Timer timer) {
    this.store = store;
    this.timer = timer;
  }

  @Override
  public Capabilities capabilities() {
    return new Capabilities(false, true, true, true, Duration.ofMillis(50));
  }

  @Override
  public CompletionStage<Lease> register(RegisterRequest request, LeaseListener listener) {
    return attempt(
        () -> {
          Duration ttl = store.register(request, listener, timer);
          return new ReferenceLease(request.instance().key(), request.owner(), ttl);
        });
  }

  @Override
  public CompletionStage<Void> deregister(InstanceKey key, Owner owner) {
    return attempt(
        () -> {
          store.deregister(key, owner);
          return null;
        });
  }

  @Override
  public Watch watch(Selector selector, WatchSink sink) {
    SerialSink serial = new SerialSink(sink);
    Watch watch =
        new Watch() {
          @Override
          public void close() {
            watches.remove(this);
            store.unwatch(serial);
            serial.close();
          }
        };
    watches.add(watch);
    store.watch(selector, serial);
    if (closed) {
      watch.close();
    }
    return watch;
  }

  @Override
  public CompletionStage<Listing> snapshot(Selector selector) {
    return attempt(() -> store.list(selector));
  }

  @Override
  public void close() {
    closed = true;
    Set.copyOf(watches).forEach(Watch::close);
  }

  private <T> CompletionStage<T> attempt(Supplier<T> call) {
    try {
      if (closed) {
        throw RegistryException.unavailable("this client is closed", null);
      }
      return CompletableFuture.completedFuture(call.get());
    } catch (RegistryException refused) {
      return CompletableFuture.failedFuture(refused);
    }
  }

  private final class ReferenceLease implements Lease {
    private final InstanceKey key;
    private final Owner owner;
    private final Duration ttl;

    ReferenceLease(InstanceKey key, Owner owner, Duration ttl) {
      this.key = key;
      this.owner = owner;
      this.ttl = ttl;
    }

    @Override
    public Duration ttl() {
      return ttl;
    }

    @Override
    public CompletionStage<Void> renew() {
      return attempt(
          () -> {
            store.renew(key, owner);
            return null;
          });
    }
  }
}
