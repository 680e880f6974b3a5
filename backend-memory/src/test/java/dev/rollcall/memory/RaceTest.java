package dev.rollcall.memory;

import static dev.rollcall.memory.Fixture.TICK;
import static dev.rollcall.memory.Fixture.get;
import static dev.rollcall.memory.Fixture.instance;
import static dev.rollcall.memory.Fixture.key;
import static dev.rollcall.memory.Fixture.register;
import static dev.rollcall.memory.Fixture.request;
import static dev.rollcall.memory.Fixture.snapshot;
import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Health;
import dev.rollcall.Liveness;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.Lease;
import dev.rollcall.spi.LeaseListener.LeaseEnd;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Selector;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class RaceTest {
  private static final Duration TTL = Duration.ofSeconds(1);
  private static final Liveness HEARTBEAT = Liveness.heartbeat(TTL);
  private static final ServiceInstance A = instance("orders", "a");

  private final ManualTimer timer = new ManualTimer();
  private final RegistryBackend backend = MemoryStore.builder(timer).withoutGuard().build().open();
  private final ExecutorService threads = Executors.newCachedThreadPool();

  @AfterEach
  void stop() {
    threads.shutdownNow();
  }

  @Test
  void renewal_thatSucceeded_isGoodForATtl() throws Exception {
    AtomicBoolean over = new AtomicBoolean();
    AtomicInteger renewed = new AtomicInteger();
    Callable<Void> renewer =
        () -> {
          Owner owner = new Owner(Thread.currentThread().getName(), 1);
          ServiceInstance mine = instance("orders", "i" + Thread.currentThread().getId());
          Lease lease = register(backend, mine, HEARTBEAT, owner);
          while (!over.get()) {
            long before = timer.nanoTime();
            boolean failed = lease.renew().toCompletableFuture().isCompletedExceptionally();
            if (failed) {
              lease = register(backend, mine, HEARTBEAT, owner);
              continue;
            }
            renewed.incrementAndGet();
            boolean passing =
                snapshot(backend, "orders").stream()
                    .anyMatch(i -> i.equals(mine) && i.health() == Health.PASSING);
            assertThat(passing || timer.nanoTime() - before >= TTL.toNanos()).isTrue();
          }
          return null;
        };
    List<Future<Void>> renewers = List.of(threads.submit(renewer), threads.submit(renewer));
    // On a busy machine all ticks may be over before a renewer has begun.
    for (int i = 0;
        i < 20_000 || (renewed.get() == 0 && renewers.stream().noneMatch(Future::isDone));
        i++) {
      timer.advance(i % 100 == 0 ? TTL : TICK);
    }
    over.set(true);
    for (Future<Void> future : renewers) {
      future.get();
    }
    assertThat(renewed).hasPositiveValue();
  }

  @Test
  void expiry_againstRenewals_endsALeaseOnceOrNotAtAll() throws Exception {
    for (int round = 0; round < 3000; round++) {
      AtomicInteger told = new AtomicInteger();
      Owner owner = new Owner("o" + round, 1);
      Lease lease = register(backend, A, HEARTBEAT, owner, end -> told.incrementAndGet());
      timer.advance(TTL.minus(TICK));
      Future<Boolean> renewed =
          together(
              () -> timer.advance(TICK),
              () -> !lease.renew().toCompletableFuture().isCompletedExceptionally());
      boolean alive = snapshot(backend, "orders").get(0).health() == Health.PASSING;
      assertThat(alive).isEqualTo(renewed.get());
      assertThat(told).hasValue(alive ? 0 : 1);
    }
  }

  @Test
  void deregistration_againstRegistrationAndRenewal_isFinal() throws Exception {
    Recorder sink = new Recorder();
    backend.watch(Selector.everything(), sink);
    for (int round = 1; round <= 10_000; round++) {
      Owner owner = new Owner("o" + round % 7, round);
      Lease lease = register(backend, A, HEARTBEAT, owner);
      Future<Boolean> unused =
          together(
              () -> get(backend.deregister(A.key(), owner)),
              () -> {
                lease.renew();
                backend.register(request(A, HEARTBEAT, owner), end -> {});
                lease.renew();
                return true;
              });
      unused.get();
      assertThat(snapshot(backend, "orders")).isEmpty();
    }
    timer.advance(TTL.multipliedBy(2));
    assertThat(sink.state()).isEmpty();
  }

  @Test
  void takeOver_byMany_leavesOneAndFencesTheOthers() throws Exception {
    for (int round = 0; round < 1000; round++) {
      AtomicInteger superseded = new AtomicInteger();
      String suffix = " " + round;
      Future<Boolean> other =
          together(
              () ->
                  register(
                      backend,
                      A,
                      HEARTBEAT,
                      new Owner("one" + suffix, 1),
                      end -> superseded.addAndGet(end == LeaseEnd.SUPERSEDED ? 1 : 100)),
              () -> {
                register(
                    backend,
                    A,
                    HEARTBEAT,
                    new Owner("two" + suffix, 1),
                    end -> superseded.addAndGet(end == LeaseEnd.SUPERSEDED ? 1 : 100));
                return true;
              });
      other.get();
      assertThat(superseded).hasValue(1);
      get(backend.deregister(key("orders", "a"), Owner.ANY));
      assertThat(superseded).hasValue(101);
    }
  }

  /** Runs both at the same moment, one on this thread; returns when the first is done. */
  private Future<Boolean> together(Runnable here, Callable<Boolean> there) throws Exception {
    CyclicBarrier start = new CyclicBarrier(2);
    Future<Boolean> result =
        threads.submit(
            () -> {
              start.await();
              return there.call();
            });
    start.await();
    here.run();
    result.get();
    return result;
  }
}
