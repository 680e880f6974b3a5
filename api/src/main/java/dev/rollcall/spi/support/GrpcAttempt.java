package dev.rollcall.spi.support;

import dev.rollcall.Health;
import dev.rollcall.Liveness;
import dev.rollcall.spi.GrpcHealthClient;
import dev.rollcall.spi.Timer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;

/** Asks a gRPC server once, at the first of its host's addresses. */
final class GrpcAttempt extends CheckAttempt {
  private final Liveness.GrpcCheck check;
  private final GrpcHealthClient client;

  GrpcAttempt(
      CheckNetwork network, Timer timer, Liveness.GrpcCheck check, GrpcHealthClient client) {
    super(network, timer, check.address().host());
    this.check = check;
    this.client = client;
  }

  @Override
  void ask(InetAddress[] addresses) {
    CompletableFuture<Health> answer =
        client.ask(check, new InetSocketAddress(addresses[0], check.address().port()));
    onDrop(() -> answer.cancel(true));
    var unused =
        answer.whenComplete(
            (health, failed) -> result.complete(health == null ? Health.CRITICAL : health));
  }
}
