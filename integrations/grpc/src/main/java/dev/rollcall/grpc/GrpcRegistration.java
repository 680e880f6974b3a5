package dev.rollcall.grpc;

import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import io.grpc.Server;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * The stay of a gRPC server in a registry, which ends in order: the instance leaves the registry,
 * callers have time to see it, and then the server ends. Immutable and thread-safe.
 *
 * <pre>{@code
 * ServiceInstance self =
 *     ServiceInstance.builder("orders").address("10.0.0.7", server.getPort()).build();
 * GrpcRegistration registration = GrpcRegistration.register(registry, server, self).join();
 * }</pre>
 *
 * <p>A server with another liveness, as a check over TLS or of one service of the server, is
 * registered with the {@link Registry}, and put together with its registration here.
 *
 * @param registration where the instance stands in the registry
 * @param server started
 * @since 0.1.0
 */
public record GrpcRegistration(Registration registration, Server server) implements AutoCloseable {
  private static final String HEALTH = "grpc.health.v1.Health";

  /**
   * Registers a server whose health service says how well it is: every 3 s it is asked in plain
   * text, at the instance's address, for the health of the server as a whole. The store asks where
   * it can (Consul: the agent), else this process, see {@link Liveness#grpcCheck}. Until the first
   * answer, and while the answer is not {@code SERVING}, the instance is critical and nobody finds
   * it.
   *
   * @param registry where
   * @param server started, with gRPC's health service
   * @param instance what to register, with the address that others reach the server at
   * @return completes as {@link Registry#register} does
   * @throws RegistryException of kind {@code INVALID} where the server has no health service
   */
  public static CompletableFuture<GrpcRegistration> register(
      Registry registry, Server server, ServiceInstance instance) {
    if (server.getServices().stream()
        .noneMatch(service -> service.getServiceDescriptor().getName().equals(HEALTH))) {
      throw RegistryException.invalid(
          "server: without " + HEALTH + " (expected: a HealthStatusManager's service among its)");
    }
    return registry
        .register(instance, Liveness.grpcCheck(instance.address(), Duration.ofSeconds(3)))
        .thenApply(registration -> new GrpcRegistration(registration, server));
  }

  /**
   * Leaves in order: deregisters, waits until callers have had time to see it, lets the server
   * finish the calls that it has while it takes no new ones, and ends it. The server ends also
   * where the store cannot be told.
   *
   * @param drain how long callers have, zero or more; two seconds are plenty on a local network
   * @param grace how long calls may still take, zero or more; what is left then is cancelled
   * @return completes when the server has ended; fails then as {@link Registration#deregister} does
   *     where the store could not be told
   */
  public CompletableFuture<Void> leave(Duration drain, Duration grace) {
    CompletableFuture<Void> left = registration.drain(drain);
    return left.handleAsync(
            (done, failed) -> end(grace), task -> new Thread(task, "rollcall-grpc-leave").start())
        .thenCompose(ended -> left);
  }

  private Server end(Duration grace) {
    try {
      if (!server.shutdown().awaitTermination(grace.toNanos(), TimeUnit.NANOSECONDS)) {
        server.shutdownNow().awaitTermination();
      }
    } catch (InterruptedException impossible) {
      server.shutdownNow();
    }
    return server;
  }

  /**
   * Leaves as {@link #leave} with 2 s for callers and 30 s for calls, and waits for it: for a
   * shutdown hook. A store that cannot be told is no failure here: the registry goes on trying.
   * Idempotent.
   */
  @Override
  public void close() {
    leave(Duration.ofSeconds(2), Duration.ofSeconds(30)).exceptionally(untold -> null).join();
  }
}
