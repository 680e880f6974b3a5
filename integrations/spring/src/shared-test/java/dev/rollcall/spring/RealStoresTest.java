package dev.rollcall.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.rollcall.Freshness;
import dev.rollcall.Registry;
import dev.rollcall.Snapshot;
import dev.rollcall.kv.KeyValueStore;
import dev.rollcall.testkit.server.ConsulServer;
import dev.rollcall.testkit.server.EtcdServer;
import dev.rollcall.testkit.server.TestServer;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.web.client.RestClient;

/**
 * Applications and callers on a real store. It is down when some of them start: one that kept what
 * it knew, and others that did not.
 */
@Tag("stores")
class RealStoresTest {
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  @TempDir Path folder;

  private static ConfigurableApplicationContext orders(String uri) {
    return Apps.web(
        Apps.Orders.class,
        "--spring.application.name=orders",
        "--rollcall.uri=" + uri,
        "--rollcall.config.deadline=5s",
        "--spring.config.import=optional:rollcall:",
        "--management.endpoint.health.show-details=always");
  }

  private static ConfigurableApplicationContext caller(String uri, String... more) {
    List<String> arguments = new ArrayList<>(List.of("--rollcall.uri=" + uri));
    arguments.addAll(List.of(more));
    return Apps.plain(LoadBalancerTest.Caller.class, arguments.toArray(String[]::new));
  }

  private static void awaitCall(ConfigurableApplicationContext caller, int port) {
    await()
        .atMost(PATIENCE)
        .ignoreExceptions()
        .untilAsserted(() -> assertThat(call(caller)).isEqualTo(port));
  }

  private static int call(ConfigurableApplicationContext caller) {
    return Integer.parseInt(
        String.valueOf(
            caller
                .getBean(RestClient.Builder.class)
                .build()
                .get()
                .uri("http://orders/hello")
                .retrieve()
                .body(String.class)));
  }

  private static void put(String uri, String greeting) {
    try (KeyValueStore store = KeyValueStore.open(uri)) {
      store.put("config/orders/greeting", greeting).orTimeout(30, TimeUnit.SECONDS).join();
    }
  }

  private static void awaitGreeting(ConfigurableApplicationContext application, String greeting) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(application.getEnvironment().getProperty("greeting"))
                    .isEqualTo(greeting));
  }

  private static void awaitHealth(ConfigurableApplicationContext application, String status) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> {
              HttpResponse<String> health =
                  Apps.get(Apps.port(application, "server"), "/actuator/health/rollcall");
              assertThat(health.body()).contains("\"status\":\"" + status + "\"");
            });
  }

  private void live(TestServer server, String uri) {
    String cache = "--rollcall.cache.path=" + folder;
    put(uri, "hello");
    try (ConfigurableApplicationContext first = orders(uri);
        ConfigurableApplicationContext caller = caller(uri)) {
      assertThat(first.getEnvironment().getProperty("greeting")).isEqualTo("hello");
      int port = Apps.port(first, "server");
      awaitCall(caller, port);
      awaitHealth(first, "UP");
      try (ConfigurableApplicationContext before = caller(uri, cache)) {
        awaitCall(before, port);
      }
      put(uri, "good morning");
      awaitGreeting(first, "good morning");

      server.stop();
      awaitHealth(first, "DOWN");
      try (ConfigurableApplicationContext second = orders(uri);
          ConfigurableApplicationContext warm = caller(uri, cache);
          ConfigurableApplicationContext empty = caller(uri, "--rollcall.discovery.await=1s")) {
        awaitHealth(second, "DOWN");
        assertThat(call(caller)).as("what is known stays").isEqualTo(port);
        assertThat(call(warm)).as("what was kept is known").isEqualTo(port);
        assertThatThrownBy(() -> call(empty)).hasMessageContaining("orders");

        server.start();
        awaitHealth(first, "UP");
        awaitHealth(second, "UP");
        await().atMost(PATIENCE).until(() -> isLive(warm) && isLive(empty));
        put(uri, "good evening");
        awaitGreeting(first, "good evening");
        awaitGreeting(second, "good evening");
        Set<Integer> reached = new TreeSet<>();
        await()
            .atMost(PATIENCE)
            .until(
                () -> {
                  reached.add(call(caller));
                  return reached.size() == 2;
                });
        assertThat(reached).containsExactlyInAnyOrder(port, Apps.port(second, "server"));
      }
      await()
          .atMost(PATIENCE)
          .until(() -> caller.getBean(Registry.class).service("orders").instances().size() == 1);
      for (int i = 0; i < 20; i++) {
        assertThat(call(caller)).as("the second one has left").isEqualTo(port);
      }
    }
  }

  private static boolean isLive(ConfigurableApplicationContext caller) {
    Snapshot orders = caller.getBean(Registry.class).service("orders").snapshot();
    return orders.freshness() instanceof Freshness.Live && orders.instances().size() == 2;
  }

  @Test
  void application_onConsul() {
    try (ConsulServer server = ConsulServer.launch()) {
      live(server, "consul://127.0.0.1:" + server.port());
    }
  }

  @Test
  void application_onEtcd() {
    try (EtcdServer server = EtcdServer.launch("3.5")) {
      live(server, "etcd://127.0.0.1:" + server.port());
    }
  }
}
