package dev.rollcall.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.rollcall.Catalog;
import dev.rollcall.Freshness;
import dev.rollcall.Health;
import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.RegistryException.Kind;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceView;
import dev.rollcall.kv.KeyValueStore;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FakeStoreTest {
  private static final ServiceInstance ORDERS =
      ServiceInstance.builder("orders").id("a").address("10.0.0.7", 8080).build();
  private static final Liveness ALIVE = Liveness.heartbeat(Duration.ofSeconds(10));

  private final FakeStore store = FakeStore.open();

  @AfterEach
  void close() {
    store.close();
  }

  private Freshness freshness(String service) {
    return store.registry().service(service).snapshot().freshness();
  }

  @Test
  void outage_isOfEverything() {
    Catalog catalog = store.registry().catalog();
    ServiceView payments = store.service("payments").passing("h:1").view();
    assertThat(catalog.freshness()).isInstanceOf(Freshness.Live.class);

    store.outage();

    assertThat(payments.snapshot().freshness()).isInstanceOf(Freshness.Stale.class);
    assertThat(catalog.freshness()).isInstanceOf(Freshness.Stale.class);
    assertThat(freshness("another")).isInstanceOf(Freshness.Loading.class);

    store.recover();
    assertThat(payments.snapshot().freshness()).isInstanceOf(Freshness.Live.class);
    assertThat(catalog.freshness()).isInstanceOf(Freshness.Live.class);
    assertThat(freshness("another")).isInstanceOf(Freshness.Live.class);
  }

  @Test
  void recovery_isOfEveryPart_andThatOfAPartIsNotOfTheStore() {
    ServiceView payments = store.service("payments").outage().view();
    store.outage();
    store.service("payments").recover();
    assertThat(payments.snapshot().freshness()).isInstanceOf(Freshness.Loading.class);

    store.service("payments").outage();
    store.recover();
    assertThat(payments.snapshot().freshness()).isInstanceOf(Freshness.Live.class);
  }

  @Test
  void registration_failsByItsDeadlineInAnOutage() {
    store.outage();
    CompletableFuture<Registration> registering = store.registry().register(ORDERS, ALIVE);

    store.advance(Duration.ofSeconds(11));

    assertThatThrownBy(registering::join)
        .isInstanceOf(CompletionException.class)
        .cause()
        .isInstanceOfSatisfying(
            RegistryException.class, why -> assertThat(why.kind()).isEqualTo(Kind.UNAVAILABLE));
    store.recover();
    assertThat(store.service("orders").instances()).isEmpty();
  }

  @Test
  void registration_isRefusedAtOnceWhereItIsDenied() {
    store.denied();

    assertThatThrownBy(() -> store.registry().register(ORDERS, ALIVE).join())
        .cause()
        .isInstanceOfSatisfying(
            RegistryException.class, why -> assertThat(why.kind()).isEqualTo(Kind.DENIED));
  }

  @Test
  void heartbeats_keepPaceWithTimeThatIsAdvanced() {
    Registration registration = store.registry().register(ORDERS, ALIVE).join();

    store.advance(Duration.ofHours(1));

    assertThat(registration.state()).isEqualTo(Registration.State.ACTIVE);
    assertThat(store.service("orders").instances()).containsExactly(ORDERS);
  }

  @Test
  void lease_runsOutInAnOutage_andIsTakenAnewAfterwards() {
    Registration registration = store.registry().register(ORDERS, ALIVE).join();
    store.outage();

    store.advance(Duration.ofSeconds(11));
    assertThat(store.service("orders").instances())
        .extracting(ServiceInstance::health)
        .containsExactly(Health.CRITICAL);

    store.recover();
    store.advance(Duration.ofMinutes(1));
    await().until(() -> store.service("orders").instances().get(0).health() == Health.PASSING);
    await().until(() -> registration.state() == Registration.State.ACTIVE);
  }

  @Test
  void ejection_endsWithTheTimeThatIsAdvanced() {
    ServiceView payments = store.service("payments").passing("h:1", "h:2").view();
    ServiceInstance first = payments.instances().get(0);
    payments.failed(first);
    for (int i = 0; i < 100; i++) {
      assertThat(payments.pick()).isNotEqualTo(first);
    }

    store.advance(Duration.ofSeconds(2));

    await().until(() -> payments.pick().equals(first));
  }

  @ParameterizedTest
  @ValueSource(strings = {"PT-1S", "PT24H0.000000001S"})
  void timeOutOfBounds_isRefused(String by) {
    assertThatThrownBy(() -> store.advance(Duration.parse(by)))
        .isInstanceOf(RegistryException.class)
        .hasMessage("by: " + Duration.parse(by) + " (expected: PT0S to PT24H)");
  }

  @Test
  void uri_opensTheSameStore() {
    try (Registry theirs = Registry.open(store.uri())) {
      ServiceView seen = theirs.service("orders");
      store.registry().register(ORDERS, ALIVE).join();
      await().until(() -> !seen.instances().isEmpty());

      store.service("orders").outage();
      assertThat(seen.snapshot().freshness()).isInstanceOf(Freshness.Stale.class);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"fake:", "fake:x", "fake://h:1/"})
  void uriOfNoStore_isRefused(String uri) {
    assertThatThrownBy(() -> Registry.open(uri))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("expected: what FakeStore.uri() of an open one says");
    assertThatThrownBy(() -> KeyValueStore.open(uri)).isInstanceOf(RegistryException.class);
    assertThatThrownBy(() -> Registry.open(store.uri() + "?dc=x"))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("dc");
  }

  @Test
  void stores_areSeparate() {
    try (FakeStore other = FakeStore.open()) {
      other.service("payments").passing("h:1");
      other.keyValues().put("a", "1");
      assertThat(store.service("payments").instances()).isEmpty();
      assertThat(store.keyValues().get("a")).isEmpty();
      assertThat(other.uri()).isNotEqualTo(store.uri());
    }
  }

  @Test
  void close_mendsTheLineAndDeregisters() {
    Registry theirs = Registry.open(store.uri());
    ServiceView seen = theirs.service("orders");
    Registration registration = store.registry().register(ORDERS, ALIVE).join();
    await().until(() -> !seen.instances().isEmpty());
    String uri = store.uri();
    store.outage();

    store.close();
    store.close();

    assertThat(registration.state()).isEqualTo(Registration.State.CLOSED);
    assertThatThrownBy(store::registry).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(store::keyValueStore).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(store::centre).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> Registry.open(uri)).isInstanceOf(RegistryException.class);
    assertThat(seen.snapshot().freshness()).isInstanceOf(Freshness.Stale.class);
    assertThat(seen.instances()).isEmpty(); // it was deregistered before
    theirs.close();
  }
}
