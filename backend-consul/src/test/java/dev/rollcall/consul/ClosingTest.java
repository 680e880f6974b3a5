package dev.rollcall.consul;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.InstanceKey;
import dev.rollcall.Liveness;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest;
import dev.rollcall.spi.RegisterRequest.Claim;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.support.SystemTimer;
import dev.rollcall.testkit.server.ConsulServer;
import dev.rollcall.testkit.server.FaultProxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
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
    Timer timer = bench.closing(SystemTimer.named("closing"));
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

    calls.forEach(ClosingTest::assertEnded);
  }

  @Test
  @DisplayName("a departure that waits until nothing can arrive ends with the client as well")
  void closing_endsWhatWaitsForItsTime() throws InterruptedException {
    ConsulServer server = bench.closing(ConsulServer.launch());
    FaultProxy proxy = bench.closing(FaultProxy.to(server));
    CountDownLatch waits = new CountDownLatch(1);
    Timer timer = bench.closing(new NoticingTimer(waits));
    ConsulBackend backend =
        ConsulFaults.open("consul://127.0.0.1:" + proxy.port() + "?timeout=4s", timer);
    ServiceInstance instance = Bench.instance("s", "i", 0);
    Owner owner = Bench.owner();
    RegisterRequest request =
        new RegisterRequest(instance, Liveness.permanent(), owner, Claim.TAKE_OVER);
    Bench.get(backend.register(request, end -> {})); // a cold client may send nothing in time
    proxy.stall();
    assertEnded(backend.register(request, end -> {}).toCompletableFuture());
    proxy.heal();
    CompletableFuture<?> departure =
        backend.deregister(instance.key(), owner).toCompletableFuture();
    for (int again = 0; again < 6 && !waits.await(6, TimeUnit.SECONDS); again++) {
      // On a busy machine the agent's answer may come too late for it to wait at all.
      assertThat(departure).as("did not look, and did not fail").isCompletedExceptionally();
      departure = backend.deregister(instance.key(), owner).toCompletableFuture();
    }
    assertThat(waits.getCount()).as("looked once, and waits to look again: %s", departure).isZero();

    backend.close();
    timer.close();

    assertEnded(departure);
  }

  @Test
  @DisplayName("a closed client does not look any more for what may run late")
  void closing_endsTheLooking() throws InterruptedException {
    ConsulServer server = bench.closing(ConsulServer.launch());
    FaultProxy proxy = bench.closing(FaultProxy.to(server));
    CountDownLatch waits = new CountDownLatch(1);
    NoticingTimer timer = bench.closing(new NoticingTimer(waits));
    ConsulBackend backend =
        ConsulFaults.open("consul://127.0.0.1:" + proxy.port() + "?timeout=4s", timer);
    RegisterRequest request =
        new RegisterRequest(
            Bench.instance("s", "i", 0), Liveness.permanent(), Bench.owner(), Claim.TAKE_OVER);
    Bench.get(backend.register(request, end -> {})); // a cold client may send nothing in time
    proxy.stall();
    assertEnded(backend.register(request, end -> {}).toCompletableFuture());
    proxy.heal();
    Bench.get(backend.register(request, end -> {}));
    assertThat(waits.await(30, TimeUnit.SECONDS)).as("looks").isTrue();

    backend.close();

    int looks = timer.looks.get();
    Bench.pass(AgentRegistrations.AGAIN.multipliedBy(6));
    assertThat(timer.looks.get()).isLessThanOrEqualTo(looks + 1);
  }

  /** Says when the client waits to look again for what may be registered yet. */
  private record NoticingTimer(Timer timer, CountDownLatch waits, AtomicInteger looks)
      implements Timer {
    NoticingTimer(CountDownLatch waits) {
      this(SystemTimer.named("closing"), waits, new AtomicInteger());
    }

    @Override
    public long nanoTime() {
      return timer.nanoTime();
    }

    @Override
    public Scheduled schedule(Runnable task, Duration delay) {
      if (delay.equals(AgentRegistrations.AGAIN)) {
        looks.incrementAndGet();
        waits.countDown();
      }
      return timer.schedule(task, delay);
    }

    @Override
    public void close() {
      timer.close();
    }
  }

  private static void assertEnded(CompletableFuture<?> call) {
    assertThat(call)
        .failsWithin(10, TimeUnit.SECONDS)
        .withThrowableOfType(ExecutionException.class)
        .havingCause()
        .isInstanceOfSatisfying(
            RegistryException.class,
            failure -> assertThat(failure.kind()).isEqualTo(RegistryException.Kind.UNAVAILABLE));
  }
}
