package dev.rollcall.micrometer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.rollcall.Absence;
import dev.rollcall.InstanceKey;
import dev.rollcall.Registration.State;
import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.RegistryObserver.StoreCall;
import dev.rollcall.RegistryObserver.Transition;
import dev.rollcall.RegistryObserver.Verb;
import dev.rollcall.RegistryObserver.WatchState;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class MicrometerObserverTest {
  private static final InstanceKey KEY = new InstanceKey("orders", "a");

  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final MicrometerObserver observer = new MicrometerObserver(meters);

  private double watches(WatchState state) {
    return gauge("rollcall.watches", state);
  }

  private double gauge(String name, Enum<?> state) {
    return meters.get(name).tag("state", state.name().toLowerCase(Locale.ROOT)).gauge().value();
  }

  private static <S extends Enum<S>> Transition<S> step(S from, S to, int seconds) {
    return new Transition<>(from, to, Duration.ofSeconds(seconds), "");
  }

  @Test
  void watches_areCountedByTheirState() {
    observer.watchOpened("orders");
    observer.watchOpened("payments");
    assertThat(watches(WatchState.LOADING)).isEqualTo(2);

    observer.watchChanged("orders", step(WatchState.LOADING, WatchState.LIVE, 1));
    observer.watchChanged("orders", step(WatchState.LIVE, WatchState.INTERRUPTED, 1));
    assertThat(watches(WatchState.LIVE)).isZero();
    assertThat(watches(WatchState.INTERRUPTED)).isEqualTo(1);
    observer.watchChanged("orders", step(WatchState.INTERRUPTED, WatchState.LIVE, 7));
    observer.watchChanged("payments", step(WatchState.LOADING, WatchState.CLOSED, 1));
    assertThat(watches(WatchState.LIVE)).isEqualTo(1);
    assertThat(watches(WatchState.LOADING)).isZero();
    Timer outages = meters.get("rollcall.watch.outages").timer();
    assertThat(outages.count()).isEqualTo(1);
    assertThat(outages.totalTime(TimeUnit.SECONDS)).isEqualTo(7);
    assertThat(meters.get("rollcall.watch.interruptions").tag("service", "orders").counter())
        .satisfies(it -> assertThat(it.count()).isEqualTo(1));
  }

  @Test
  void registrations_areCountedByTheirState_andTheirEvents() {
    observer.registrationOpened(KEY);
    observer.registrationChanged(KEY, step(State.PENDING, State.ACTIVE, 1));
    observer.registrationChanged(KEY, step(State.ACTIVE, State.LOST, 1));
    assertThat(gauge("rollcall.registrations", State.LOST)).isEqualTo(1);
    observer.registrationChanged(KEY, step(State.LOST, State.ACTIVE, 1));
    observer.registrationChanged(KEY, step(State.ACTIVE, State.FENCED, 1));
    observer.deregistered(KEY);

    assertThat(gauge("rollcall.registrations", State.PENDING)).isZero();
    assertThat(gauge("rollcall.registrations", State.ACTIVE)).isZero();
    assertThat(gauge("rollcall.registrations", State.LOST)).isZero();
    for (String event : List.of("registered", "lost", "restored", "fenced", "deregistered")) {
      assertThat(meters.get("rollcall.registrations.events").tag("event", event).counter().count())
          .as(event)
          .isEqualTo(1);
    }
  }

  @Test
  void calls_areTimedByVerbAndOutcome() {
    observer.storeCalled(
        new StoreCall(Verb.RENEW, "orders", Duration.ofMillis(20), Optional.empty()));
    observer.storeCalled(
        new StoreCall(
            Verb.RENEW,
            "orders",
            Duration.ofMillis(500),
            Optional.of(RegistryException.denied("no", null))));

    Timer good =
        meters.get("rollcall.store.calls").tags("verb", "renew", "outcome", "success").timer();
    assertThat(good.totalTime(TimeUnit.MILLISECONDS)).isEqualTo(20);
    Timer bad =
        meters.get("rollcall.store.calls").tags("verb", "renew", "outcome", "denied").timer();
    assertThat(bad.totalTime(TimeUnit.MILLISECONDS)).isEqualTo(500);
  }

  @Test
  void protectionAndMissedEvents_areCounted() {
    observer.protectionBegan("orders");
    observer.protectionBegan("payments");
    observer.protectionEnded("orders", Duration.ofSeconds(9));
    observer.missed(25);

    assertThat(meters.get("rollcall.services.protected").gauge().value()).isEqualTo(1);
    assertThat(meters.get("rollcall.observer.missed").counter().count()).isEqualTo(25);
  }

  @Test
  void changesAndListeners_areTimedByService() {
    observer.changeDelivered("orders", Duration.ofMillis(3), 4);
    observer.changeDelivered("orders", Duration.ofMillis(1), 0);
    observer.listenerThrew("orders", Duration.ofMillis(8), new IllegalStateException("no"));

    assertThat(meters.get("rollcall.changes.lag").timer().count()).isEqualTo(2);
    assertThat(meters.get("rollcall.changes.lag").timer().max(TimeUnit.MILLISECONDS)).isEqualTo(3);
    assertThat(meters.get("rollcall.changes.conflated").counter().count()).isEqualTo(4);
    assertThat(
            meters
                .get("rollcall.listener.calls")
                .tag("outcome", "failure")
                .timer()
                .totalTime(TimeUnit.MILLISECONDS))
        .isEqualTo(8);
  }

  @Test
  void services_areToldApartUpToABound() {
    MicrometerObserver bounded = new MicrometerObserver(meters, Tags.of("store", "eu"), 2);
    for (int i = 0; i < 1000; i++) {
      bounded.lookupFailed("s" + i, Absence.Reason.NOT_REGISTERED);
      bounded.lookupFailed("s0", Absence.Reason.NOT_REGISTERED);
    }

    assertThat(meters.find("rollcall.lookups.failed").counters())
        .extracting(it -> it.getId().getTag("service") + " " + it.count())
        .containsExactlyInAnyOrder("s0 1001.0", "s1 1.0", "other 998.0");
  }

  @Test
  void tags_areAddedToEveryMeter() {
    SimpleMeterRegistry own = new SimpleMeterRegistry();
    try (Registry registry =
        Registry.builder("memory:")
            .observer(new MicrometerObserver(own, Tags.of("store", "eu"), 10))
            .build()) {
      Scenario.live(registry, own);
    }
    assertThat(own.getMeters())
        .hasSizeGreaterThan(15)
        .allSatisfy(it -> assertThat(it.getId().getTag("store")).isEqualTo("eu"));
    assertThat(own.getMeters())
        .extracting(Meter::getId)
        .allSatisfy(id -> assertThat(id.getDescription()).isNotEmpty());
  }

  @Test
  void registryThatIsClosed_leavesItsGaugesAtZero() {
    try (Registry registry = Registry.builder("memory:").observer(observer).build()) {
      Scenario.live(registry, meters);
      registry.catalog().await(Duration.ofSeconds(30));
      await().until(() -> watches(WatchState.LIVE) == 3);
      assertThat(gauge("rollcall.registrations", State.ACTIVE)).isEqualTo(1);
    }

    await().until(() -> watches(WatchState.LIVE) == 0);
    await().until(() -> gauge("rollcall.registrations", State.ACTIVE) == 0);
    assertThat(meters.find("rollcall.watches").gauges())
        .allSatisfy(it -> assertThat(it.value()).isZero());
  }

  @Test
  void badNumberOfServices_isRefused() {
    assertThatThrownBy(() -> new MicrometerObserver(meters, Tags.empty(), -1))
        .isInstanceOf(RegistryException.class)
        .hasMessage("maxServices: -1 (expected: 0-10000)");
    assertThatThrownBy(() -> new MicrometerObserver(meters, Tags.empty(), 10_001))
        .isInstanceOf(RegistryException.class);
  }
}
