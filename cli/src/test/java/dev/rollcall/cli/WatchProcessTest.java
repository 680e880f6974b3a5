package dev.rollcall.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import dev.rollcall.testkit.server.EtcdExtension;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code watch} as a process. */
class WatchProcessTest {
  @RegisterExtension static final EtcdExtension etcd = EtcdExtension.version("3.5");

  @TempDir Path folder;
  private String store;

  @BeforeEach
  void freshStore() {
    store = "etcd://127.0.0.1:" + etcd.port() + "/cli-" + UUID.randomUUID();
  }

  @Test
  void watch_printsTheStateFirstAndThenEachChange() throws Exception {
    try (Registry registry = Registry.open(store);
        Program service = Program.start(folder, store, "watch", "service", "orders");
        Program json = Program.start(folder, store, "watch", "services", "--json")) {
      service.awaitOut("has no instances");
      json.awaitOut("\"services\":[]");
      Registration registration = registry.register(instance(0), heartbeat()).join();
      service.awaitOut("+ o1");
      json.awaitOut("\"appeared\":[\"orders\"]");
      registration.close();
      service.awaitOut("- o1");
      json.awaitOut("\"vanished\":[\"orders\"]");

      service.signal("TERM");
      assertThat(service.exitCode()).isEqualTo(143);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "--json"})
  void readerThatGoesAway_endsTheWatchOfAQuietService(String option) throws Exception {
    String[] args =
        Stream.of("watch", "service", "quiet", option)
            .filter(it -> !it.isEmpty())
            .toArray(String[]::new);
    try (Program watch = Program.startPiped(folder, store, "head -1", args)) {
      watch.awaitOut("quiet");
      assertThat(watch.exitCode()).as(watch::toString).isZero();
      assertThat(watch.err()).isEmpty();
    }
  }

  @Test
  void watchThatIsKilled_endsTheInputOfItsReader() throws Exception {
    try (Program watch =
        Program.startPiped(folder, store, "cat", "watch", "service", "quiet", "--json")) {
      watch.awaitOut("quiet");
      watch.signalChildren("KILL", "java");
      assertThat(watch.exitCode()).as(watch::toString).isEqualTo(137);
    }
  }

  @Test
  void exec_runsOneAtATimeAndTheLatestStateLast() throws Exception {
    Path log = folder.resolve("runs");
    String command =
        "printf 'begin\\n' >>'"
            + log
            + "'; cat >>'"
            + log
            + "'; sleep 0.2; echo end >>'"
            + log
            + "'; exit 3";
    try (Registry registry = Registry.open(store);
        Program watch =
            Program.start(folder, store, "watch", "service", "orders", "--exec", command)) {
      Registration registration = registry.register(instance(0), heartbeat()).join();
      for (int weight = 1; weight <= 50; weight++) {
        registration.update(instance(weight)).join();
      }
      Awaitility.await()
          .atMost(60, TimeUnit.SECONDS)
          .until(
              () ->
                  Files.exists(log)
                      && Files.readString(log).contains("\"weight\":50")
                      && Files.readString(log).endsWith("end\n"));

      List<String> lines = Files.readAllLines(log);
      for (int i = 0; i < lines.size(); i += 3) {
        assertThat(lines.get(i)).isEqualTo("begin");
        assertThat(lines.get(i + 1)).startsWith("{\"event\":\"changed\"");
        assertThat(lines.get(i + 2)).isEqualTo("end");
      }
      assertThat(lines.get(lines.size() - 2)).contains("\"weight\":50");
      watch.awaitErr("--exec: the command has ended with exit code 3");
    }
  }

  @Test
  void post_isRepeatedUntilItIsTaken() throws Exception {
    List<String> taken = new CopyOnWriteArrayList<>();
    AtomicInteger attempts = new AtomicInteger();
    HttpServer receiver =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    receiver.createContext(
        "/",
        exchange -> {
          try (exchange) {
            String body =
                new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            boolean works = attempts.incrementAndGet() > 2;
            if (works) {
              taken.add(body);
            }
            exchange.sendResponseHeaders(works ? 204 : 503, -1);
          }
        });
    receiver.start();
    String url = "http://127.0.0.1:" + receiver.getAddress().getPort() + "/hook?token=secret";
    try (Registry registry = Registry.open(store);
        Program watch = Program.start(folder, store, "watch", "service", "orders", "--post", url)) {
      watch.awaitErr("status 503; trying again");
      registry.register(instance(7), heartbeat()).join();

      Awaitility.await()
          .atMost(60, TimeUnit.SECONDS)
          .until(() -> taken.stream().anyMatch(body -> body.contains("\"weight\":7")));
      assertThat(taken.get(0)).contains("\"instances\":[]");
      assertThat(watch.err()).doesNotContain("secret");
    } finally {
      receiver.stop(0);
    }
  }

  private static ServiceInstance instance(int weight) {
    return ServiceInstance.builder("orders")
        .id("o1")
        .address("127.0.0.1", 1)
        .weight(weight)
        .build();
  }

  private static Liveness heartbeat() {
    return Liveness.heartbeat(Duration.ofSeconds(30));
  }
}
