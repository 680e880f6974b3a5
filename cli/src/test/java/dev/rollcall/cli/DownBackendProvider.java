package dev.rollcall.cli;

import dev.rollcall.InstanceKey;
import dev.rollcall.RegistryException;
import dev.rollcall.spi.BackendProvider;
import dev.rollcall.spi.BackendUri;
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

/** {@code down:} is a store that nobody answers for. */
public final class DownBackendProvider implements BackendProvider {

  @Override
  public Set<String> schemes() {
    return Set.of("down");
  }

  @Override
  public RegistryBackend open(BackendUri uri, Timer timer) {
    return new Down();
  }

  private static final class Down implements RegistryBackend {
    @Override
    public Capabilities capabilities() {
      return new Capabilities(false, false, false, false, Duration.ZERO);
    }

    @Override
    public CompletionStage<Lease> register(RegisterRequest request, LeaseListener listener) {
      return CompletableFuture.failedFuture(refused());
    }

    @Override
    public CompletionStage<Void> deregister(InstanceKey key, Owner owner) {
      return CompletableFuture.failedFuture(refused());
    }

    @Override
    public Watch watch(Selector selector, WatchSink sink) {
      sink.interrupted(refused());
      return () -> {};
    }

    @Override
    public CompletionStage<Listing> snapshot(Selector selector) {
      return CompletableFuture.failedFuture(refused());
    }

    @Override
    public void close() {}

    private static RegistryException refused() {
      return RegistryException.unavailable("down:: connection refused", null);
    }
  }
}
