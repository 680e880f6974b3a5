package dev.rollcall.cli;

import dev.rollcall.Liveness;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.Lease;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.support.BackendProviders;
import dev.rollcall.spi.support.SystemTimer;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/**
 * The owner of one instance as a process of its own, as far as the store can tell: it has its own
 * connection and sends its own renewals, until it is killed.
 *
 * <p>It speaks to the store below {@link dev.rollcall.Registry}, since a registry cannot die
 * honestly within a living JVM: told by the store that its lease has ended, it would register
 * again.
 */
final class MortalOwner implements AutoCloseable {
  private final Timer timer = SystemTimer.named("demo-mortal-owner");
  private final RegistryBackend backend;

  private MortalOwner(String uri) {
    backend = BackendProviders.open(uri, timer);
  }

  static MortalOwner open(String uri) {
    return new MortalOwner(uri);
  }

  /** Registers an instance and renews its lease from now on. */
  CompletableFuture<Void> register(ServiceInstance instance, Liveness.Heartbeat liveness) {
    Owner owner = new Owner(UUID.randomUUID().toString(), 1);
    return backend
        .register(
            new RegisterRequest(instance, liveness, owner, RegisterRequest.Claim.TAKE_OVER),
            end -> {})
        .thenAccept(this::keepUp)
        .toCompletableFuture();
  }

  private void keepUp(Lease lease) {
    Duration third = lease.ttl().dividedBy(3);
    timer.schedule(() -> lease.renew().whenComplete((done, failed) -> keepUp(lease)), third);
  }

  /**
   * Dies: nothing is renewed or tidied up any more, and the connection is gone, as after a {@code
   * kill -9}. Idempotent.
   */
  void kill() {
    timer.close();
    backend.close();
  }

  @Override
  public void close() {
    kill();
  }
}
