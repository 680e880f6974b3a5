package dev.rollcall.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.rollcall.InstanceKey;
import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registration.State;
import dev.rollcall.RegistryException;
import dev.rollcall.RegistryException.Kind;
import dev.rollcall.Samples;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceView;
import dev.rollcall.spi.InstanceEvent;
import dev.rollcall.spi.InstanceEvent.Departure;
import dev.rollcall.spi.LeaseListener.LeaseEnd;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.WatchSink;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What an operator reads: one line a transition, and warnings where an operator has to look. */
class LogTest extends RegistryFixture {
  private static final Liveness HEARTBEAT = Liveness.heartbeat(ScriptedBackend.TTL);
  private static final ServiceInstance A = Samples.instance("a");
  private static final InstanceKey KEY = A.key();

  private final RecordedLog log = new RecordedLog();
  private final RegistryException down = RegistryException.unavailable("it is down", null);

  @AfterEach
  void closeLog() {
    log.close();
  }

  @Test
  void registration_saysWhenItComesAndGoes() {
    Registration registration = registry.register(A, HEARTBEAT).join();
    timer.advance(Duration.ofMinutes(5));
    registration.close();

    assertThat(log.lines()).containsExactly("INFO registered: " + KEY, "INFO deregistered: " + KEY);
  }

  @Test
  void lostAndRestored_areAWarningAndALine() {
    registry.register(A, HEARTBEAT).join();
    backend.onRegister = call -> {};
    backend.lastRegister().listener.ended(LeaseEnd.EXPIRED);
    timer.advance(Duration.ofSeconds(3));
    backend.lastRegister().accept();

    assertThat(log.lines())
        .containsExactly(
            "INFO registered: " + KEY,
            "WARN lost: " + KEY + ": its lease has expired; it is being registered again",
            "INFO restored: " + KEY + ", after PT3S");
  }

  @Test
  void fenced_isAWarning_andTheLastLine() {
    Registration registration = registry.register(A, HEARTBEAT).join();
    backend.lastRegister().listener.ended(LeaseEnd.SUPERSEDED);
    registration.close();

    assertThat(log.lines())
        .containsExactly(
            "INFO registered: " + KEY, "WARN fenced: " + KEY + ": another owner has taken it over");
  }

  @Test
  void refusedAnnouncement_isAWarning_sinceNoFutureTells() {
    backend.onRegister = call -> call.refuse(Kind.DENIED);
    Registration registration = registry.announce(A, HEARTBEAT);
    await().until(() -> registration.state() == State.CLOSED);
    assertThat(registry.register(A, HEARTBEAT)).isCompletedExceptionally();

    assertThat(log.lines()).containsExactly("WARN refused: " + KEY + ": the store says DENIED");
  }

  @Test
  void interruption_thatComesAfterTheClose_isNoOutage() {
    OutageLog outages = new OutageLog(timer);
    WatchSink sink = new NoSink();
    new LoggedWatches(backend, outages, new Observation(timer), timer)
        .watch(Selector.service("orders"), sink)
        .close();
    backend.lastWatch().sink.interrupted(down);
    timer.advance(Duration.ofMinutes(5));
    outages.close();

    assertThat(log.lines()).noneMatch(line -> line.startsWith("WARN"));
  }

  @Test
  void outage_thatIsOver_leavesItsPlaceAmongTheNamed() {
    OutageLog outages = new OutageLog(timer);
    outages.lost("stays", "service stays", OutageLog.How.STALE, down);
    for (int n = 0; n < 30; n++) {
      outages.lost(n, "service s" + n, OutageLog.How.STALE, down);
      outages.back(n);
    }
    timer.advance(Duration.ofMinutes(1));
    outages.close();

    assertThat(log.lines())
        .contains("INFO stale: service s29: it is down", "INFO live: service s29, after PT0S")
        .anyMatch(line -> line.startsWith("WARN out of reach for PT1M: service stays, 1 in all"));
  }

  private static final class NoSink implements WatchSink {
    @Override
    public void replace(Selector scope, List<ServiceInstance> instances, long revision) {}

    @Override
    public void apply(List<InstanceEvent> events, long revision) {}

    @Override
    public void synced() {}

    @Override
    public void interrupted(RegistryException cause) {}
  }

  @Test
  void stream_saysStaleSinceAndWhy_andLiveAfter() {
    registry.service("orders");
    ScriptedBackend.Opened watch = backend.lastWatch();
    watch.sink.interrupted(down);
    timer.advance(Duration.ofSeconds(1));
    watch.load(A);
    watch.sink.interrupted(down);
    watch.sink.interrupted(RegistryException.unavailable("still", null));
    timer.advance(Duration.ofMillis(12_300));
    watch.sink.synced();
    watch.sink.synced();

    assertThat(log.lines())
        .containsExactly(
            "INFO not loaded: service orders: it is down",
            "INFO live: service orders, after PT1S",
            "INFO stale: service orders: it is down",
            "INFO live: service orders, after PT12.3S");
  }

  @Test
  void longOutage_isAWarningAtDoublingIntervals_untilItEnds() {
    registry.service("orders");
    registry.catalog();
    backend.watches.forEach(watch -> watch.load());
    backend.watches.forEach(watch -> watch.sink.interrupted(down));
    timer.advance(Duration.ofSeconds(59));
    assertThat(log.warnings()).isEmpty();
    timer.advance(Duration.ofMinutes(10));
    backend.watches.get(0).sink.synced();
    backend.watches.get(1).sink.synced();
    timer.advance(Duration.ofHours(1));

    assertThat(log.warnings())
        .containsExactly(
            "out of reach for PT1M: service orders, 2 in all; last failure: it is down",
            "out of reach for PT2M: service orders, 2 in all; last failure: it is down",
            "out of reach for PT4M: service orders, 2 in all; last failure: it is down",
            "out of reach for PT8M: service orders, 2 in all; last failure: it is down");
    assertThat(log.lines())
        .endsWith(
            "INFO live: service orders, after PT10M59S",
            "INFO live: the catalog, after PT10M59S",
            "INFO reachable: nothing is out of reach any more, after PT10M59S");
  }

  @Test
  void registrationsAlone_areSilentForAMinute() {
    registry.register(A, HEARTBEAT).join();
    backend.onRegister = call -> call.refuse(Kind.UNAVAILABLE);
    backend.lastRegister().onRenew = renewal -> renewal.completeExceptionally(down);
    timer.advance(Duration.ofSeconds(50));
    assertThat(log.lines())
        .containsExactly(
            "INFO registered: " + KEY,
            "WARN lost: "
                + KEY
                + ": no renewal was answered for its TTL; it is being registered again");
    timer.advance(Duration.ofSeconds(20));
    assertThat(log.lines()).hasSize(3).last().asString().startsWith("WARN out of reach for PT1M: ");
    assertThat(log.lines().get(2))
        .endsWith(": registrations, 1 in all; last failure: the store says UNAVAILABLE");
  }

  @Test
  void outageOfAThousandServices_isNoThousandLines() {
    for (int i = 0; i < 1000; i++) {
      registry.service("s" + i);
    }
    backend.watches.forEach(watch -> watch.load());
    backend.watches.forEach(watch -> watch.sink.interrupted(down));
    assertThat(log.lines()).hasSize(10);
    backend.watches.forEach(watch -> watch.sink.synced());
    assertThat(log.lines())
        .hasSize(21)
        .endsWith("INFO reachable: nothing is out of reach any more, after PT0S");
  }

  @Test
  void watchThatIsDropped_isNotMissed() {
    ServiceView view = registry.service("orders");
    backend.lastWatch().sink.interrupted(down);
    registry.close();
    timer.advance(Duration.ofHours(1));

    assertThat(view.instances()).isEmpty();
    assertThat(log.lines()).containsExactly("INFO not loaded: service orders: it is down");
  }

  @Test
  void throwingListener_isAWarningWithItsService() {
    AtomicInteger calls = new AtomicInteger();
    registry
        .service("orders")
        .watch(
            change -> {
              calls.incrementAndGet();
              throw new IllegalStateException("no");
            });
    backend.lastWatch().load(A);
    await().until(() -> calls.get() > 0);

    assertThat(log.lines())
        .containsExactly("WARN a listener of service orders has thrown; it stays subscribed");
  }

  @Test
  void protection_beginsAndEndsWithALine() {
    FakeChecker checker = new FakeChecker();
    LossGuard guard = new LossGuard(timer, checker, 0.5, Duration.ofMinutes(5));
    InstanceCache cache = new InstanceCache("orders", timer, guard.window());
    ServiceInstance b = Samples.instance("b");
    cache.replace(List.of(A, b), 1);
    cache.synced();
    cache.apply(
        List.of(
            new InstanceEvent.Remove(A.key(), Departure.EXPIRED),
            new InstanceEvent.Remove(b.key(), Departure.EXPIRED)),
        2);
    guard.ask(cache.takeNewlyHeld(), cache, (from, instance) -> from.release(instance));
    assertThat(log.lines())
        .containsExactly(
            "INFO protected: service orders: too many are gone at once; those that accept"
                + " connections stay");
    checker.accepting = address -> false;
    timer.advance(Duration.ofSeconds(10));

    assertThat(log.lines()).last().isEqualTo("INFO unprotected: service orders, after PT10S");
    assertThat(log.lines()).hasSize(2);
  }
}
