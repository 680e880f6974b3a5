package dev.rollcall.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.rollcall.Registry;
import dev.rollcall.ServiceView;
import dev.rollcall.testkit.server.ConsulServer;
import dev.rollcall.testkit.server.EtcdServer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.web.client.RestClient;
import org.springframework.web.client.RestClientException;

/**
 * Three applications in JVMs of their own are replaced one after the other, while a load-balanced
 * {@link RestClient} makes 200 requests a second: once by SIGTERM, and once by SIGKILL with up to
 * three attempts a request.
 */
@Tag("long")
class RollingRestartTest {
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final int INSTANCES = 3;

  @TempDir Path logs;

  private Process orders(String uri) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            Apps.Orders.class.getName(),
            "--spring.application.name=orders",
            "--spring.main.banner-mode=off",
            "--logging.config=classpath:logback-test.xml",
            "--server.address=127.0.0.1",
            "--server.port=0",
            "--rollcall.uri=" + uri)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(logs.resolve("orders.log").toFile()))
        .start();
  }

  private void restartAll(String uri, boolean kill) throws Exception {
    List<Process> running = new ArrayList<>();
    ScheduledExecutorService load = Executors.newScheduledThreadPool(16);
    try (ConfigurableApplicationContext caller =
        Apps.plain(LoadBalancerTest.Caller.class, "--rollcall.uri=" + uri)) {
      ServiceView view = caller.getBean(Registry.class).service("orders");
      for (int i = 0; i < INSTANCES; i++) {
        running.add(orders(uri));
      }
      await().atMost(PATIENCE).until(() -> view.instances().size() == INSTANCES);

      RestClient client = caller.getBean(RestClient.Builder.class).build();
      AtomicInteger made = new AtomicInteger();
      Queue<String> failures = new ConcurrentLinkedQueue<>();
      load.scheduleAtFixedRate(
          () ->
              load.execute(
                  () -> {
                    made.incrementAndGet();
                    call(client, kill ? 3 : 1, failures);
                  }),
          0,
          5,
          TimeUnit.MILLISECONDS);
      for (int i = 0; i < INSTANCES; i++) {
        Process old = running.remove(0);
        List<String> before = ids(view);
        running.add(orders(uri));
        await().atMost(PATIENCE).until(() -> !before.containsAll(ids(view)));
        if (kill) {
          old.destroyForcibly();
        } else {
          old.destroy();
        }
        assertThat(old.waitFor(60, TimeUnit.SECONDS)).isTrue();
        await().atMost(PATIENCE).until(() -> view.instances().size() == INSTANCES);
      }
      load.shutdownNow();
      assertThat(load.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
      assertThat(made.get()).isGreaterThan(1000);
      assertThat(failures).as("of %d requests", made.get()).isEmpty();
    } finally {
      load.shutdownNow();
      running.forEach(Process::destroyForcibly);
    }
  }

  private static List<String> ids(ServiceView view) {
    return view.instances().stream().map(instance -> instance.id()).toList();
  }

  private static void call(RestClient client, int attempts, Queue<String> failures) {
    for (int left = attempts; left > 0; left--) {
      try {
        client.get().uri("http://orders/hello").retrieve().toBodilessEntity();
        return;
      } catch (RestClientException | IllegalStateException e) {
        if (left == 1 && !Thread.currentThread().isInterrupted()) {
          failures.add(String.valueOf(e));
        }
      }
    }
  }

  @Test
  void consul_graceful() throws Exception {
    try (ConsulServer server = ConsulServer.launch()) {
      restartAll("consul://127.0.0.1:" + server.port(), false);
    }
  }

  @Test
  void consul_killed() throws Exception {
    try (ConsulServer server = ConsulServer.launch()) {
      restartAll("consul://127.0.0.1:" + server.port(), true);
    }
  }

  @Test
  void etcd_graceful() throws Exception {
    try (EtcdServer server = EtcdServer.launch("3.5")) {
      restartAll("etcd://127.0.0.1:" + server.port(), false);
    }
  }

  @Test
  void etcd_killed() throws Exception {
    try (EtcdServer server = EtcdServer.launch("3.5")) {
      restartAll("etcd://127.0.0.1:" + server.port(), true);
    }
  }
}
