package dev.rollcall.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.rollcall.Freshness;
import dev.rollcall.Health;
import dev.rollcall.Liveness;
import dev.rollcall.NoInstanceException;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceView;
import dev.rollcall.kv.KeyValue;
import dev.rollcall.kv.KeyValueStore;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The code of {@code docs/how-to-test-your-service.md} that needs no store, as it runs. */
class HowToTest {
  @RegisterExtension final RollcallExtension rollcall = RollcallExtension.inMemory();

  @BeforeAll
  static void beforeAll() {
    Awaitility.setDefaultTimeout(1, TimeUnit.MINUTES);
  }

  static String target(ServiceView payments) {
    try {
      ServiceInstance target = payments.pick();
      return target.host() + ":" + target.port();
    } catch (NoInstanceException none) {
      return "busy";
    }
  }

  @Test
  void callsWhatIsThere() {
    FakeService payments = rollcall.service("payments").passing("10.0.0.7:8080");
    assertThat(target(payments.view())).isEqualTo("10.0.0.7:8080");

    payments.critical("10.0.0.7:8080");
    assertThat(target(payments.view())).isEqualTo("busy");

    payments.passing("10.0.0.8:8080").gone("10.0.0.7:8080");
    assertThat(target(payments.view())).isEqualTo("10.0.0.8:8080");
  }

  @Test
  void copesWithAnOutage() {
    FakeService payments = rollcall.service("payments").passing("10.0.0.7:8080");
    ServiceView view = payments.view();

    payments.outage();
    rollcall.advance(Duration.ofMinutes(5));
    assertThat(view.snapshot().freshness())
        .isInstanceOfSatisfying(
            Freshness.Stale.class, stale -> assertThat(stale.age()).isGreaterThan(MINUTES_5));
    assertThat(target(view)).isEqualTo("10.0.0.7:8080"); // an outage removes nothing

    payments.recover();
    assertThat(view.snapshot().freshness()).isInstanceOf(Freshness.Live.class);
  }

  private static final Duration MINUTES_5 = Duration.ofMinutes(5).minusNanos(1);

  static Registration begin(Registry registry) {
    ServiceInstance self =
        ServiceInstance.builder("orders").id("a").address("10.0.0.7", 8080).build();
    return registry.announce(self, Liveness.heartbeat(Duration.ofSeconds(10)));
  }

  @Test
  void registersAsSoonAsTheStoreIsThere() {
    rollcall.outage();
    Registration self = begin(rollcall.registry());
    assertThat(self.state()).isEqualTo(Registration.State.PENDING);

    rollcall.recover();
    rollcall.advance(Duration.ofMinutes(1)); // past every pause between two attempts
    await().until(() -> self.state() == Registration.State.ACTIVE);
    assertThat(rollcall.service("orders").instances()).containsExactly(self.instance());
  }

  /** Adds one, whoever else does so. */
  static void count(KeyValueStore values) {
    boolean written = false;
    while (!written) {
      KeyValue before = values.get("orders/count").join().orElseThrow();
      String more = String.valueOf(Integer.parseInt(before.text()) + 1);
      written = values.compareAndSet("orders/count", before.version(), more).join();
    }
  }

  @Test
  void countsWhatOthersCountAsWell() {
    FakeKeyValues values = rollcall.keyValues().put("orders/count", "7");

    values.conflict("orders/count", "8"); // another client is faster, once
    count(values.store());
    assertThat(values.get("orders/count").orElseThrow().text()).isEqualTo("9");
  }

  @Test
  void opensItsRegistryItself() {
    rollcall.service("payments").passing("10.0.0.7:8080");
    try (Registry registry = Registry.open(rollcall.uri())) {
      assertThat(target(registry.service("payments"))).isEqualTo("10.0.0.7:8080");
    }
  }

  @Test
  void comesInOverTheNetwork() {
    FakeService payments = rollcall.service("payments").passing("10.0.0.7:8080");
    URI centre = rollcall.centre();
    try (Registry registry = Registry.open("consul://" + centre.getAuthority())) {
      ServiceView view = registry.service("payments");
      await().until(() -> target(view).equals("10.0.0.7:8080"));

      payments.critical("10.0.0.7:8080");
      await().until(() -> target(view).equals("busy"));
    }
  }

  @Test
  void withoutJUnit() {
    try (FakeStore store = FakeStore.open()) {
      FakeService payments = store.service("payments").critical("10.0.0.7:8080");
      assertThat(target(payments.view())).isEqualTo("busy");
      assertThat(payments.instances().get(0).health()).isEqualTo(Health.CRITICAL);
    }
  }
}
