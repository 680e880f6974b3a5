package dev.rollcall.spi;

import dev.rollcall.Health;
import dev.rollcall.Liveness;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;

/**
 * Asks a gRPC server for its health, for checks that run in this process. Found by {@link
 * java.util.ServiceLoader}: the JDK's HTTP client cannot speak gRPC, and the interface of Rollcall
 * brings none. {@code rollcall-backend-etcd} has one. Thread-safe.
 *
 * @since 0.1.0
 */
public interface GrpcHealthClient {

  /**
   * Asks once, by {@code grpc.health.v1.Health/Check}. Returns at once.
   *
   * @param check which service, and whether and how by TLS; its times are the caller's business
   * @param address where to ask: that of the check's host, resolved
   * @return completes with {@link Health#PASSING} for {@code SERVING} and {@link Health#CRITICAL}
   *     for any other status, or exceptionally where there is no answer; cancelling it gives up and
   *     frees all that was taken
   */
  CompletableFuture<Health> ask(Liveness.GrpcCheck check, InetSocketAddress address);
}
