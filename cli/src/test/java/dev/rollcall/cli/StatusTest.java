package dev.rollcall.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Freshness;
import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registration.State;
import dev.rollcall.Registry;
import dev.rollcall.RegistryStatus;
import dev.rollcall.RegistryStatus.Reachability;
import dev.rollcall.ServiceInstance;
import dev.rollcall.testkit.server.FaultProxy;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code Registry.status()} on real stores that are cut off, and {@code rollcall status}. */
class StatusTest extends StoresBehindProxies {
  @ParameterizedTest
  @ValueSource(strings = {"etcd", "consul"})
  void cut_isUnreachableWithCauseAndSince_andBackAfterwards(String store) {
    try (Orders orders = orders(store)) {
      FaultProxy proxy = orders.proxy();
      Registry registry = orders.registry();
      Registration registration = orders.registration();
      assertThat(registry.status().store()).isEqualTo(Reachability.REACHABLE);

      proxy.cut();
      eventually(() -> assertThat(registration.status().state()).isEqualTo(State.LOST));
      eventually(
          () -> {
            RegistryStatus status = registry.status();
            assertThat(status.store()).isEqualTo(Reachability.UNREACHABLE);
            assertThat(status.outage().orElseThrow().age()).isPositive();
            assertThat(status.outage().orElseThrow().cause())
                .hasMessageContaining("127.0.0.1:" + proxy.port());
            assertThat(status.services().get("orders")).isInstanceOf(Freshness.Stale.class);
            assertThat(registration.status().cause()).isPresent();
          });
      assertThat(registration.status().reason()).isNotEmpty();

      proxy.heal();
      eventually(
          () -> {
            assertThat(registry.status().store()).isEqualTo(Reachability.REACHABLE);
            assertThat(registry.status().services().get("orders"))
                .isInstanceOf(Freshness.Live.class);
            assertThat(registration.status().state()).isEqualTo(State.ACTIVE);
            assertThat(registration.status().reason()).isEmpty();
          });
    }
  }

  @Test
  void command_tellsOfAStoreThatAnswers() {
    String uri = uri("etcd", etcd.port());
    try (Registry registry = Registry.open(uri)) {
      registry
          .register(
              ServiceInstance.builder("orders").address("127.0.0.1", 1).build(),
              Liveness.heartbeat(Duration.ofSeconds(30)))
          .join();
      Run people = Run.of("status", "--backend", uri);
      assertThat(people.code()).as(people.err()).isZero();
      assertThat(people.out().lines().toList())
          .hasSize(3)
          .satisfies(lines -> assertThat(lines.get(0)).matches("store +etcd://\\S+"))
          .satisfies(lines -> assertThat(lines.get(1)).matches("reachable +yes"))
          .satisfies(lines -> assertThat(lines.get(2)).matches("services +1, 1 live"));

      Run programs = Run.of("status", "--json", "--backend", uri);
      assertThat(programs.out())
          .endsWith("\"reachable\":true,\"services\":1,\"freshness\":{\"live\":1}}\n")
          .contains("{\"store\":\"etcd://");
    }
  }

  @Test
  void command_onAStoreThatIsDown_saysWhy_andFails() {
    try (FaultProxy proxy = FaultProxy.to(etcd.server())) {
      proxy.refuse();
      Run run = Run.of("status", "--timeout=2s", "--backend", uri("etcd", proxy.port()));
      assertThat(run.code()).isEqualTo(1);
      assertThat(run.out()).containsPattern("reachable +no: ");
      Run json = Run.of("status", "--timeout=2s", "--json", "--backend", uri("etcd", proxy.port()));
      assertThat(json.code()).isEqualTo(1);
      assertThat(json.out()).contains("\"reachable\":false,\"cause\":\"");
    }
  }

  @Test
  void command_neverShowsASecret() {
    Run run =
        Run.of(
            "status",
            "--timeout=500ms",
            "--backend",
            "etcd://me:c4n4ry@127.0.0.1:" + etcd.port() + "/x");
    assertThat(run.out() + run.err()).doesNotContain("c4n4ry");
  }

  private static void eventually(org.awaitility.core.ThrowingRunnable assertion) {
    Awaitility.await().atMost(90, TimeUnit.SECONDS).untilAsserted(assertion);
  }
}
