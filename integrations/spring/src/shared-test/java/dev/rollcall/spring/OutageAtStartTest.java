package dev.rollcall.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.rollcall.junit.FakeStore;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.springframework.cloud.client.discovery.DiscoveryClient;
import org.springframework.context.ConfigurableApplicationContext;

/** An application whose store does not answer when it starts. RealStoresTest stops a real one. */
class OutageAtStartTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @Test
  void application_starts_saysSo_andRecoversByItself() throws Exception {
    try (FakeStore store = FakeStore.open()) {
      store.service("payments").passing("10.0.0.7:8080");
      store.outage();
      try (ConfigurableApplicationContext orders =
          Apps.web(
              Apps.Orders.class,
              "--spring.application.name=orders",
              "--rollcall.uri=" + store.uri(),
              "--management.endpoint.health.show-details=always",
              "--management.endpoint.health.probes.enabled=true",
              "--management.endpoints.web.exposure.include=health,rollcall")) {
        int port = Apps.port(orders, "server");
        awaitHealth(port, "DOWN");
        assertThat(Apps.get(port, "/actuator/health/readiness").statusCode())
            .as("an outage takes no application out of service")
            .isEqualTo(200);
        assertThat(Apps.get(port, "/actuator/rollcall").body())
            .contains("\"store\":\"unreachable\"")
            .contains("\"cause\":")
            .contains("\"state\":\"pending\"");
        assertThat(store.service("orders").instances()).isEmpty();

        store.recover();
        awaitHealth(port, "UP");
        await().atMost(PATIENCE).until(() -> store.service("orders").instances().size() == 1);
        assertThat(orders.getBean(DiscoveryClient.class).getInstances("payments"))
            .extracting(each -> each.getHost())
            .containsExactly("10.0.0.7");
      }
      assertThat(store.service("orders").instances()).as("it has left").isEmpty();
    }
  }

  private static void awaitHealth(int port, String status) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> {
              HttpResponse<String> health = Apps.get(port, "/actuator/health/rollcall");
              assertThat(health.body()).contains("\"status\":\"" + status + "\"");
            });
  }
}
