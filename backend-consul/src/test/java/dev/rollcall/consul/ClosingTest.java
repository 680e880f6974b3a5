package dev.rollcall.consul;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.InstanceKey;
import dev.rollcall.RegistryException;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.Timer;
import dev.rollcall.testkit.server.ConsulServer;
import dev.rollcall.testkit.server.FaultProxy;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What a client owes its callers when it is closed. */
class ClosingTest {
  private final Bench bench = new Bench();

  @AfterEach
  void close() {
    bench.close();
  }

  @Test
  @DisplayName("calls that wait in line for a silent agent end with the client, without its timer")
  void closing_endsWhatWaitsInLine() {
    ConsulServer server = bench.closing(ConsulServer.launch());
    FaultProxy proxy = bench.closing(FaultProxy.to(server));
    Timer timer = bench.closing(Timer.system("closing"));
    ConsulBackend backend =
        ConsulFaults.open("consul://127.0.0.1:" + proxy.port() + "?timeout=30s", timer);
    proxy.stall();
    List<CompletableFuture<?>> calls = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      calls.add(backend.snapshot(Selector.service("s" + i)).toCompletableFuture());
      calls.add(backend.deregister(new InstanceKey("s", "i" + i), Owner.ANY).toCompletableFuture());
    }

    backend.close();
    timer.close();

    for (CompletableFuture<?> call : calls) {
      assertThat(call)
          .failsWithin(10, TimeUnit.SECONDS)
          .withThrowableOfType(ExecutionException.class)
          .havingCause()
          .isInstanceOfSatisfying(
              RegistryException.class,
              failure -> assertThat(failure.kind()).isEqualTo(RegistryException.Kind.UNAVAILABLE));
    }
  }
}
