package dev.rollcall.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.rollcall.spi.BackendUri;
import dev.rollcall.testkit.ManualTimer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** When a client is replaced, on no server at all. */
@Tag("inside")
final class EtcdGatewayTest {
  private static final Duration DEADLINE = Duration.ofSeconds(5);

  private final ManualTimer timer = new ManualTimer();
  private final EtcdGateway gateway =
      new EtcdGateway(
          EtcdOptions.of(BackendUri.parse("etcd://127.0.0.1:1")), timer, new SkippedEntries());

  @AfterEach
  void close() {
    gateway.close();
  }

  /** A call that is never answered. */
  private CompletableFuture<Object> hang() {
    return gateway.call("call", DEADLINE, client -> new CompletableFuture<>());
  }

  @Test
  void call_thatIsOverdue_replacesTheClientItWasSentThrough() {
    EtcdGateway.Connection first = gateway.client(null);
    CompletableFuture<Object> call = hang();
    timer.advance(DEADLINE);
    assertThat(call.isCompletedExceptionally()).isTrue();
    await().untilAsserted(() -> assertThat(gateway.client(null)).isNotSameAs(first));
  }

  @Test
  void call_thatIsOverdue_leavesAYoungerClientAlone() throws InterruptedException {
    EtcdGateway.Connection first = gateway.client(null);
    CompletableFuture<Object> call = hang();
    timer.advance(Duration.ofSeconds(3));
    EtcdGateway.Connection second = gateway.client(first);
    assertThat(second).isNotSameAs(first);
    timer.advance(Duration.ofSeconds(2));
    assertThat(call.isCompletedExceptionally()).isTrue();
    CountDownLatch after = new CountDownLatch(1);
    gateway.executeAsync(after::countDown);
    after.await();
    await()
        .during(Duration.ofMillis(200))
        .untilAsserted(() -> assertThat(gateway.client(null)).isSameAs(second));
  }
}
