package dev.rollcall.memory;

import static java.util.Objects.requireNonNull;

import dev.rollcall.InstanceKey;
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
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** One user's backend on a store. All verbs are done when they return. */
final class MemoryBackend implements RegistryBackend {
  /** A tick and its work, its tolerated delay, and as much again for its delivery. */
  private static final Duration SLACK =
      Duration.ofNanos(2 * LeaseWheel.TICK_NANOS + 2 * Expiry.TOLERANCE_NANOS);

  private static final Capabilities CAPABILITIES = new Capabilities(true, true, true, true, SLACK);

  private final Ledger ledger;
  private final Handle handle;

  MemoryBackend(Ledger ledger, Runnable onClose) {
    this.ledger = ledger;
    this.handle = new Handle(onClose);
  }

  @Override
  public Capabilities capabilities() {
    return CAPABILITIES;
  }

  @Override
  public CompletionStage<Lease> register(RegisterRequest request, LeaseListener listener) {
    requireNonNull(request, "request");
    requireNonNull(listener, "listener");
    return handle.done(() -> ledger.register(request, listener, this));
  }

  @Override
  public CompletionStage<Void> deregister(InstanceKey key, Owner owner) {
    requireNonNull(key, "key");
    requireNonNull(owner, "owner");
    return handle.<@Nullable Void>done(
        () -> {
          ledger.deregister(key, owner);
          return null;
        });
  }

  @Override
  public Watch watch(Selector selector, WatchSink sink) {
    requireNonNull(selector, "selector");
    requireNonNull(sink, "sink");
    Watcher watcher = new Watcher(ledger, selector, sink);
    return handle.watch(() -> ledger.attach(watcher), watcher::close)::run;
  }

  @Override
  public CompletionStage<Listing> snapshot(Selector selector) {
    requireNonNull(selector, "selector");
    return handle.done(() -> ledger.snapshot(selector));
  }

  @Override
  public void close() {
    if (handle.close()) {
      ledger.forget(this);
    }
  }
}
