package dev.rollcall.consul;

import dev.rollcall.InstanceKey;
import dev.rollcall.Liveness;
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

/**
 * Consul looks for what is to be removed every 30 s only. Where the contract's tests ask for a
 * removal by a moment, this asks for it 30 s earlier.
 */
record ReaperAllowance(RegistryBackend backend) implements RegistryBackend {
  static final Duration INTERVAL = Duration.ofSeconds(30);

  @Override
  public CompletionStage<Lease> register(RegisterRequest request, LeaseListener listener) {
    RegisterRequest earlier = request;
    if (request.liveness() instanceof Liveness.Heartbeat heartbeat) {
      earlier =
          new RegisterRequest(
              request.instance(),
              heartbeat.deregisterAfter(heartbeat.deregisterAfter().minus(INTERVAL)),
              request.owner(),
              request.claim());
    }
    return backend.register(earlier, listener);
  }

  @Override
  public Capabilities capabilities() {
    return backend.capabilities();
  }

  @Override
  public CompletionStage<Void> deregister(InstanceKey key, Owner owner) {
    return backend.deregister(key, owner);
  }

  @Override
  public Watch watch(Selector selector, WatchSink sink) {
    return backend.watch(selector, sink);
  }

  @Override
  public CompletionStage<Listing> snapshot(Selector selector) {
    return backend.snapshot(selector);
  }

  @Override
  public void close() {
    backend.close();
  }
}
