package dev.rollcall.micrometer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.rollcall.Liveness;
import dev.rollcall.Registry;
import dev.rollcall.testkit.server.ConsulServer;
import dev.rollcall.testkit.server.EtcdServer;
import dev.rollcall.testkit.server.TestServer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** An outage of a real store, as the meters have it. */
class RealStoresTest {
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();

  private void outage(TestServer server, String uri) {
    try (Registry registry =
        Registry.builder(uri).observer(new MicrometerObserver(meters)).build()) {
      registry
          .register(Scenario.instance("a", 8080), Liveness.heartbeat(Duration.ofSeconds(3)))
          .join();
      registry.service(Scenario.SERVICE).await(Duration.ofSeconds(30));
      await().until(() -> watches("live") == 1 && registrations("active") == 1);

      server.stop();
      await().atMost(Duration.ofSeconds(60)).until(() -> watches("interrupted") == 1);
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> calls("unavailable") > 0 && registrations("lost") == 1);

      server.start();
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> watches("live") == 1 && registrations("active") == 1);
      assertThat(watches("interrupted")).isZero();
      assertThat(meters.get("rollcall.watch.outages").timer().count()).isPositive();
      assertThat(
              meters
                  .get("rollcall.registrations.events")
                  .tags("service", Scenario.SERVICE, "event", "restored")
                  .counter()
                  .count())
          .isPositive();
    }
  }

  private double watches(String state) {
    return meters.get("rollcall.watches").tag("state", state).gauge().value();
  }

  private double registrations(String state) {
    return meters.get("rollcall.registrations").tag("state", state).gauge().value();
  }

  private long calls(String outcome) {
    return meters.find("rollcall.store.calls").tag("outcome", outcome).timers().stream()
        .mapToLong(timer -> timer.count())
        .sum();
  }

  @Test
  void outageOfEtcd_isMeasured() {
    try (EtcdServer server = EtcdServer.launch("3.5")) {
      outage(server, "etcd://127.0.0.1:" + server.port());
    }
  }

  @Test
  void outageOfConsul_isMeasured() {
    try (ConsulServer server = ConsulServer.launch()) {
      outage(server, "consul://127.0.0.1:" + server.port());
    }
  }
}
