package dev.rollcall.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.rollcall.testkit.server.ConsulExtension;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * What {@code docs/migrate-from-spring-cloud-consul.md} says: applications with Spring Cloud Consul
 * and with the starter, each in a process of its own, at the same time on one Consul.
 */
@Tag("long")
class MigrateFromSpringCloudConsulTest {
  @RegisterExtension static final ConsulExtension consul = ConsulExtension.create();

  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final String OLD = "orders on spring-cloud-consul";
  private static final String NEW = "orders on rollcall";

  private final Deque<AutoCloseable> opened = new ArrayDeque<>();

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable each : opened) {
      each.close();
    }
  }

  /**
   * As the guide prepares it: it calls those alone that pass, and asks for them each second instead
   * of every 35. For this test it also asks for keys more often.
   */
  private Service before(String name) throws Exception {
    return opened(
        Service.start(
            Consumer.SPRING_CLOUD_CONSUL,
            name,
            "--spring.cloud.consul.host=127.0.0.1",
            "--spring.cloud.consul.port=" + consul.port(),
            "--spring.cloud.consul.config.watch.wait-time=2",
            "--spring.cloud.consul.discovery.query-passing=true",
            "--spring.cloud.loadbalancer.cache.ttl=1s"));
  }

  /** When it ends, callers of both sorts have five seconds to see it. */
  private Service after(String name) throws Exception {
    return opened(
        Service.start(
            Consumer.STARTER_3,
            name,
            "--rollcall.uri=consul://127.0.0.1:" + consul.port(),
            "--rollcall.registration.drain=5s"));
  }

  private <T extends AutoCloseable> T opened(T service) {
    opened.push(service);
    return service;
  }

  private static void put(String key, String value) throws Exception {
    HttpResponse<String> reply =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(URI.create(consul.endpoint() + "/v1/kv/" + key))
                    .PUT(HttpRequest.BodyPublishers.ofString(value))
                    .build(),
                HttpResponse.BodyHandlers.ofString());
    assertThat(reply.statusCode()).isEqualTo(200);
  }

  private static void awaitAnswer(Service asked, String path, String answer) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(asked.get(path).body()).isEqualTo(answer));
  }

  @Test
  void bothSidesAtOnce_andOrdersMovesThereAndBackWithoutAGap() throws Exception {
    put("config/application/greeting", "hello");
    put("config/customers/db/pool", "20");
    put("config/billing/db/pool", "30");
    Service orders = before("orders");
    Service billing = before("billing");
    Service customers = after("customers");
    for (Service each : List.of(orders, billing, customers)) {
      each.started();
    }

    // The same keys.
    awaitAnswer(billing, "/property/greeting", "hello");
    awaitAnswer(customers, "/property/greeting", "hello");
    awaitAnswer(billing, "/property/db.pool", "30");
    awaitAnswer(customers, "/property/db.pool", "20");
    put("config/application/greeting", "good morning");
    awaitAnswer(billing, "/property/greeting", "good morning");
    awaitAnswer(customers, "/property/greeting", "good morning");

    // Each finds the other.
    awaitAnswer(billing, "/call/customers", "customers on rollcall");
    awaitAnswer(customers, "/call/billing", "billing on spring-cloud-consul");
    awaitAnswer(billing, "/call/orders", OLD);
    awaitAnswer(customers, "/call/orders", OLD);

    Load oldCaller = opened(new Load(billing));
    Load newCaller = opened(new Load(customers));
    Service moved = after("orders").started();
    for (Load caller : List.of(oldCaller, newCaller)) {
      caller.awaitAnswersOf(Set.of(OLD, NEW));
    }
    assertThat(orders.post("/actuator/serviceregistry", "{\"status\":\"OUT_OF_SERVICE\"}"))
        .satisfies(reply -> assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200));
    for (Load caller : List.of(oldCaller, newCaller)) {
      caller.awaitAnswersOf(Set.of(NEW));
    }
    orders.terminate();

    // And back.
    Service back = before("orders").started();
    for (Load caller : List.of(oldCaller, newCaller)) {
      caller.awaitAnswersOf(Set.of(OLD, NEW));
    }
    moved.terminate();
    for (Load caller : List.of(oldCaller, newCaller)) {
      caller.awaitAnswersOf(Set.of(OLD));
      assertThat(caller.failures()).isEmpty();
      System.out.println("calls of orders: " + caller.calls());
    }
    back.terminate();
  }

  /** Asks a service twenty times a second for what another one answers. Guarded by itself. */
  private static final class Load implements AutoCloseable {
    private static final int LATEST = 30;

    private final ScheduledExecutorService worker = Executors.newSingleThreadScheduledExecutor();
    private final List<String> failures = new ArrayList<>();
    private final Deque<String> latest = new ArrayDeque<>();
    private final Service caller;
    private long calls;

    Load(Service caller) {
      this.caller = caller;
      worker.scheduleWithFixedDelay(this::call, 0, 50, TimeUnit.MILLISECONDS);
    }

    private void call() {
      try {
        HttpResponse<String> reply = caller.get("/call/orders");
        called(reply.statusCode() == 200, reply.body());
      } catch (IOException failed) {
        called(false, failed.toString());
      } catch (InterruptedException ended) {
        Thread.currentThread().interrupt();
      }
    }

    private synchronized void called(boolean well, String answer) {
      calls++;
      if (!well) {
        failures.add(answer);
      }
      latest.add(answer);
      if (latest.size() > LATEST) {
        latest.remove();
      }
    }

    /** Waits until the latest of the calls from now on were answered by just these. */
    void awaitAnswersOf(Set<String> answers) {
      synchronized (this) {
        latest.clear();
      }
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () -> {
                List<String> now = latest();
                assertThat(now).hasSize(LATEST);
                assertThat(Set.copyOf(now)).isEqualTo(answers);
              });
    }

    private synchronized List<String> latest() {
      return List.copyOf(latest);
    }

    synchronized List<String> failures() {
      return List.copyOf(failures);
    }

    synchronized long calls() {
      return calls;
    }

    @Override
    public void close() {
      worker.shutdownNow();
    }
  }
}
