package dev.rollcall.memory;

import static java.util.Objects.requireNonNull;

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
import dev.rollcall.spi.WatchSink;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

/**
 * One user's handle on a store: it knows the watches that this user has opened, and that he has
 * closed. All verbs are done when they return.
 */
final class MemoryBackend implements RegistryBackend {
  /** A tick and its work, its tolerated delay, and as much again for its delivery. */
  private static final Duration SLACK =
      Duration.ofNanos(2 * LeaseWheel.TICK_NANOS + 2 * Expiry.TOLERANCE_NANOS);

  private static final Capabilities CAPABILITIES = new Capabilities(true, true, true, true, SLACK);

  private final Ledger ledger;
  private final Runnable onClose;
  private final Set<Watcher> watchers = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean closed = new AtomicBoolean();

  MemoryBackend(Ledger ledger, Runnable onClose) {
    this.ledger = ledger;
    this.onClose = onClose;
  }

  @Override
  public Capabilities capabilities() {
    return CAPABILITIES;
  }

  @Override
  public CompletionStage<Lease> register(RegisterRequest request, LeaseListener listener) {
    requireNonNull(request, "request");
    requireNonNull(listener, "listener");
    return done(() -> ledger.register(request, listener, this));
  }

  @Override
  public CompletionStage<Void> deregister(InstanceKey key, Owner owner) {
    requireNonNull(key, "key");
    requireNonNull(owner, "owner");
    try {
      requireOpen();
      ledger.deregister(key, owner);
      return CompletableFuture.completedFuture(null);
    } catch (RegistryException refused) {
      return CompletableFuture.failedFuture(refused);
    }
  }

  @Override
  public Watch watch(Selector selector, WatchSink sink) {
    requireNonNull(selector, "selector");
    requireNonNull(sink, "sink");
    Watcher watcher = new Watcher(ledger, selector, sink);
    watchers.add(watcher);
    if (closed.get()) {
      watchers.remove(watcher);
      return () -> {};
    }
    ledger.attach(watcher);
    return () -> {
      watchers.remove(watcher);
      watcher.close();
    };
  }

  @Override
  public CompletionStage<Listing> snapshot(Selector selector) {
    requireNonNull(selector, "selector");
    return done(() -> ledger.snapshot(selector));
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      watchers.forEach(Watcher::close);
      watchers.clear();
      onClose.run();
      ledger.forget(this);
    }
  }

  private <T> CompletionStage<T> done(Supplier<? extends T> verb) {
    try {
      requireOpen();
      return CompletableFuture.completedFuture(verb.get());
    } catch (RegistryException refused) {
      return CompletableFuture.failedFuture(refused);
    }
  }

  private void requireOpen() {
    if (closed.get()) {
      throw RegistryException.unavailable("the memory backend is closed", null);
    }
  }
}
