package dev.rollcall.examples;

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
import dev.rollcall.testkit.server.ConsulExtension;
import dev.rollcall.testkit.server.FaultProxy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The code of {@code docs/how-to-*.md}, as it runs. */
class HowToTest {
  @RegisterExtension static final ConsulExtension consul = ConsulExtension.create();

  private static final ServiceInstance PAYMENTS =
      ServiceInstance.builder("payments").id("a").address("127.0.0.1", 8080).build();

  @BeforeAll
  static void beforeAll() {
    Awaitility.setDefaultTimeout(1, TimeUnit.MINUTES);
  }

  // ---- docs/how-to-test-your-service.md

  static String target(ServiceView payments) {
    try {
      ServiceInstance target = payments.pick();
      return target.host() + ":" + target.port();
    } catch (NoInstanceException none) {
      return "busy";
    }
  }

  @Test
  void anotherProcessComesAndGoes() {
    try (Registry mine = Registry.open("memory:shop")) {
      ServiceView payments = mine.service("payments");
      try (Registry theirs = Registry.open("memory:shop")) {
        theirs.register(PAYMENTS, Liveness.heartbeat(Duration.ofSeconds(10))).join();
        await().until(() -> target(payments).equals("127.0.0.1:8080"));
      }
      await().until(() -> target(payments).equals("busy"));
    }
  }

  @Test
  void anOutage_isSurvived() {
    try (FaultProxy line = FaultProxy.to(consul.server());
        Registry registry = Registry.open("consul://127.0.0.1:" + line.port())) {
      registry.register(PAYMENTS, Liveness.heartbeat(Duration.ofSeconds(10))).join();
      ServiceView payments = registry.service("payments");
      await().until(() -> target(payments).equals("127.0.0.1:8080"));

      line.cut();
      await().until(() -> payments.snapshot().freshness() instanceof Freshness.Stale);
      assertThat(target(payments)).isEqualTo("127.0.0.1:8080"); // an outage removes nothing

      line.heal();
      await().until(() -> payments.snapshot().freshness() instanceof Freshness.Live);
    }
  }

  // ---- docs/how-to-restart-without-errors.md

  @Test
  void aReplacement_takesOverBeforeTheOldOneLeaves() {
    try (Registry registry = Registry.open("memory:")) {
      ServiceInstance old =
          ServiceInstance.builder("orders").id("old").address("127.0.0.1", 8080).build();
      Registration leaving =
          registry.register(old, Liveness.heartbeat(Duration.ofSeconds(10))).join();
      ServiceView orders = registry.service("orders");

      ServiceInstance next =
          ServiceInstance.builder("orders")
              .id("next")
              .address("127.0.0.1", 8081)
              .health(Health.CRITICAL) // known, and not picked yet
              .build();
      Registration coming =
          registry.register(next, Liveness.heartbeat(Duration.ofSeconds(10))).join();
      await().until(() -> orders.snapshot().all().size() == 2);
      assertThat(orders.instances()).containsExactly(old);

      coming.health(Health.PASSING).join(); // caches are warm, callers are welcome
      await().until(() -> orders.instances().size() == 2);

      leaving.drain(Duration.ofMillis(500)).join(); // deregister, then give callers time to see it
      assertThat(orders.instances()).containsExactly(coming.instance());
    }
  }

  @Test
  void theSignalToEnd_drains() throws Exception {
    try (Registry registry = Registry.open("memory:")) {
      Registration registration =
          registry.register(PAYMENTS, Liveness.heartbeat(Duration.ofSeconds(10))).join();

      Thread leave =
          new Thread(() -> registration.drain(Duration.ofSeconds(2)).join(), "leave-registry");
      Runtime.getRuntime().addShutdownHook(leave);

      assertThat(Runtime.getRuntime().removeShutdownHook(leave)).isTrue();
      leave.start();
      leave.join();
      assertThat(registry.snapshot("payments").join().all()).isEmpty();
    }
  }

  @Test
  void theSameId_isReplacedInOneStep() {
    try (Registry before = Registry.open("memory:blue");
        Registry after = Registry.open("memory:blue")) {
      Liveness alive = Liveness.heartbeat(Duration.ofSeconds(10));
      Registration first = before.register(PAYMENTS, alive).join();

      Registration second =
          after.register(PAYMENTS.toBuilder().address("127.0.0.1", 8081).build(), alive).join();
      await().until(() -> first.state() == Registration.State.FENCED);
      first.close(); // removes nothing: the key is the second one's
      assertThat(after.snapshot("payments").join().all()).containsExactly(second.instance());
    }
  }

  static Registry open(String store, Path cache) {
    return Registry.builder(store)
        .cache(cache) // a folder on a local disk: start with the last known states
        .build();
  }

  static String trust(Freshness freshness) {
    if (freshness instanceof Freshness.Stale stale) {
      return "as of " + stale.age().toMinutes() + " minutes ago: " + stale.cause().getMessage();
    }
    return freshness instanceof Freshness.Live ? "live" : "not to be relied on";
  }

  @Test
  void aProcess_startsWhileItsStoreIsDown(@TempDir Path folder) {
    try (FaultProxy line = FaultProxy.to(consul.server());
        Registry owner = Registry.open("consul://127.0.0.1:" + consul.port())) {
      String store = "consul://127.0.0.1:" + line.port();
      owner.register(PAYMENTS, Liveness.permanent()).join();
      try (Registry before = open(store, folder)) {
        before.service("payments").await(Duration.ofSeconds(30));
      }
      line.cut();
      try (Registry after = open(store, folder)) {
        ServiceView payments = after.service("payments");
        assertThat(payments.pick()).isEqualTo(PAYMENTS);
        assertThat(trust(payments.snapshot().freshness())).startsWith("as of 0 minutes ago: ");
        line.heal();
        await().until(() -> trust(payments.snapshot().freshness()).equals("live"));
      }
    }
  }

  // ---- docs/how-to-use-several-stores.md

  static List<Registration> announceInBoth(Registry first, Registry second, ServiceInstance self) {
    Liveness alive = Liveness.heartbeat(Duration.ofSeconds(10));
    return List.of(first.announce(self, alive), second.announce(self, alive));
  }

  static ServiceInstance pick(ServiceView first, ServiceView second) {
    try {
      return first.pick();
    } catch (NoInstanceException none) {
      return second.pick();
    }
  }

  @Test
  void aService_movesFromOneStoreToAnother() {
    String oldStore = "memory:old";
    String newStore = "memory:new";
    try (Registry before = Registry.open(oldStore);
        Registry after = Registry.open(newStore)) {
      List<Registration> self = announceInBoth(before, after, PAYMENTS);
      ServiceView first = after.service("payments");
      ServiceView second = before.service("payments");
      await().until(() -> first.instances().equals(List.of(PAYMENTS)));
      await().until(() -> second.instances().equals(List.of(PAYMENTS)));

      self.get(1).deregister().join();
      await().until(() -> first.instances().isEmpty());
      assertThat(pick(first, second)).isEqualTo(PAYMENTS);
    }
  }
}
