package dev.rollcall.server.standard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.rollcall.server.CentreLimits;
import dev.rollcall.testkit.server.ConsulServer;
import dev.rollcall.testkit.server.EtcdServer;
import dev.rollcall.testkit.server.FaultProxy;
import dev.rollcall.testkit.server.TestServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the centre says while the store behind it does not answer. */
@Execution(ExecutionMode.CONCURRENT)
@Timeout(300)
class DeadStoreTest {
  private static final String NO_LEADER = "No cluster leader";
  private static final List<String> READS =
      List.of(
          "/v1/catalog/services",
          "/v1/catalog/nodes",
          "/v1/catalog/service/web",
          "/v1/catalog/node/centre",
          "/v1/catalog/node-services/centre",
          "/v1/health/service/web",
          "/v1/health/service/web?passing",
          "/v1/health/node/centre",
          "/v1/health/checks/web",
          "/v1/health/state/any",
          "/v1/coordinate/nodes",
          "/v1/kv/a/b",
          "/v1/kv/a/b?raw",
          "/v1/kv/a?recurse",
          "/v1/kv/a?keys");
  private static final List<List<String>> WRITES =
      List.of(
          List.of("PUT", "/v1/agent/service/register", "{\"Name\":\"late\",\"Port\":80}"),
          List.of("PUT", "/v1/agent/service/deregister/nobody", ""),
          List.of("PUT", "/v1/agent/service/maintenance/web?enable=true", ""),
          List.of("PUT", "/v1/agent/maintenance?enable=true", ""),
          List.of(
              "PUT",
              "/v1/agent/check/register",
              "{\"Name\":\"late\",\"ServiceID\":\"web\",\"TTL\":\"1h\"}"),
          List.of("PUT", "/v1/agent/check/deregister/nothing", ""),
          List.of("PUT", "/v1/catalog/register", "{\"Node\":\"x\",\"Address\":\"10.0.0.1\"}"),
          List.of("PUT", "/v1/catalog/deregister", "{\"Node\":\"x\"}"),
          List.of("PUT", "/v1/kv/a/b", "2"),
          List.of("PUT", "/v1/kv/a/b?cas=7", "2"),
          List.of("DELETE", "/v1/kv/a/b", ""),
          List.of(
              "PUT", "/v1/txn", "[{\"KV\":{\"Verb\":\"set\",\"Key\":\"a/b\",\"Value\":\"Mg==\"}}]"),
          List.of("PUT", "/v1/txn", "[{\"KV\":{\"Verb\":\"delete\",\"Key\":\"a/b\"}}]"));

  private enum Store {
    ETCD {
      @Override
      TestServer launch() {
        return EtcdServer.launch("3.5");
      }

      @Override
      String uri(int port) {
        return "etcd://127.0.0.1:" + port + "/dead";
      }
    },
    CONSUL {
      @Override
      TestServer launch() {
        return ConsulServer.launch();
      }

      @Override
      String uri(int port) {
        return "consul://127.0.0.1:" + port + "?wait=1s&timeout=2s";
      }
    };

    abstract TestServer launch();

    abstract String uri(int port);
  }

  private static void soon(ThrowingRunnable assertion) {
    await()
        .atMost(Duration.ofMinutes(1))
        .pollInterval(Duration.ofMillis(100))
        .untilAsserted(assertion);
  }

  private static String header(HttpResponse<String> response, String name) {
    return response.headers().firstValue(name).orElse("");
  }

  private static void awaitLive(RunningCentre centre) {
    soon(
        () -> {
          assertThat(centre.send("GET", "/health/ready", "").statusCode()).isEqualTo(200);
          for (String path : List.of("/v1/catalog/services", "/v1/kv/a?keys")) {
            assertThat(header(centre.send("GET", path, ""), "x-consul-knownleader"))
                .isEqualTo("true");
          }
        });
  }

  /** Returns the reads with one parameter more. */
  private static List<String> with(String parameter) {
    return READS.stream().map(path -> path + (path.contains("?") ? "&" : "?") + parameter).toList();
  }

  /** Reads all beside each other: where the store is silent, each may wait until it is given up. */
  private static List<HttpResponse<String>> read(RunningCentre centre, List<String> paths) {
    return joined(paths.stream().map(path -> centre.sendAsync("GET", path, "")).toList());
  }

  private static void requireWritesAreRefused(RunningCentre centre, String how) {
    List<HttpResponse<String>> answers =
        joined(
            WRITES.stream()
                .map(write -> centre.sendAsync(write.get(0), write.get(1), write.get(2)))
                .toList());
    for (int i = 0; i < WRITES.size(); i++) {
      assertThat(answers.get(i).statusCode()).as("%s %s", how, WRITES.get(i)).isEqualTo(500);
    }
  }

  private static <T> List<T> joined(List<CompletableFuture<T>> futures) {
    return futures.stream().map(CompletableFuture::join).toList();
  }

  @ParameterizedTest
  @EnumSource
  void lostStore_isSaidByEveryAnswer(Store kind) throws Exception {
    try (TestServer server = kind.launch();
        FaultProxy proxy = FaultProxy.to(server);
        RunningCentre centre = new RunningCentre(kind.uri(proxy.port()), CentreLimits.standard())) {
      awaitLive(centre);
      assertThat(
              centre
                  .send(
                      "PUT",
                      "/v1/agent/service/register",
                      "{\"Name\":\"web\",\"Port\":80,\"Address\":\"10.0.0.1\"}")
                  .body())
          .isEmpty();
      assertThat(centre.send("PUT", "/v1/kv/a/b", "1").body()).isEqualTo("true");
      assertThat(centre.send("GET", "/v1/kv/a/b?raw", "").body()).isEqualTo("1");

      server.pause();
      requireLostIsSaid(centre, "paused");
      server.resume();
      awaitLive(centre);
      requireFoundIsSaid(centre);

      proxy.cut();
      requireLostIsSaid(centre, "cut");
      proxy.heal();
      awaitLive(centre);
      requireFoundIsSaid(centre);

      proxy.stall();
      requireLostIsSaid(centre, "silent");
      requireDashboardAndDependenciesSaySo(centre, "stale");
      proxy.heal();
      awaitLive(centre);
      requireFoundIsSaid(centre);
    }
  }

  @ParameterizedTest
  @EnumSource
  void storeThatWasNeverHeardOf_isNotAnEmptyOne(Store kind) throws Exception {
    try (TestServer server = kind.launch();
        FaultProxy proxy = FaultProxy.to(server)) {
      proxy.refuse();
      try (RunningCentre centre =
          new RunningCentre(kind.uri(proxy.port()), CentreLimits.standard())) {
        for (List<String> asked : List.of(READS, with("stale"), with("consistent"))) {
          for (HttpResponse<String> refused : read(centre, asked)) {
            URI uri = refused.uri();
            assertThat(refused.statusCode()).as("%s", uri).isEqualTo(500);
            assertThat(refused.body()).as("%s", uri).isEqualTo(NO_LEADER);
            assertThat(header(refused, "x-consul-knownleader")).as("%s", uri).isEqualTo("false");
          }
        }
        assertThat(centre.send("GET", "/v1/status/leader", "").body()).isEqualTo("\"\"");
        assertThat(centre.send("GET", "/health/ready", "").statusCode()).isEqualTo(503);
        requireDashboardAndDependenciesSaySo(centre, "loading");
        soon(() -> requireWritesAreRefused(centre, "unheard of"));

        proxy.heal();
        awaitLive(centre);
        assertThat(centre.send("GET", "/v1/kv/a/b", "").statusCode()).isEqualTo(404);
        assertThat(centre.send("GET", "/v1/health/service/web?consistent", "").body())
            .isEqualTo("[]");
      }
    }
  }

  private static void requireLostIsSaid(RunningCentre centre, String how) throws Exception {
    soon(
        () -> {
          for (HttpResponse<String> old : read(centre, READS)) {
            assertThat(header(old, "x-consul-knownleader"))
                .as("%s %s", how, old.uri())
                .isEqualTo("false");
          }
        });
    for (List<String> asked : List.of(READS, with("stale"))) {
      for (HttpResponse<String> old : read(centre, asked)) {
        assertThat(old.statusCode()).as("%s %s", how, old.uri()).isEqualTo(200);
        assertThat(Long.parseLong(header(old, "x-consul-lastcontact")))
            .as("%s %s", how, old.uri())
            .isPositive();
      }
    }
    for (HttpResponse<String> refused : read(centre, with("consistent"))) {
      assertThat(refused.statusCode()).as("%s %s", how, refused.uri()).isEqualTo(500);
      assertThat(refused.body()).as("%s %s", how, refused.uri()).isEqualTo(NO_LEADER);
    }
    HttpResponse<String> first = centre.send("GET", "/v1/health/service/web", "");
    HttpResponse<String> waited =
        centre.send(
            "GET",
            "/v1/health/service/web?wait=100ms&index=" + header(first, "x-consul-index"),
            "");
    assertThat(header(waited, "x-consul-knownleader")).isEqualTo("false");
    assertThat(Long.parseLong(header(waited, "x-consul-lastcontact")))
        .isGreaterThan(Long.parseLong(header(first, "x-consul-lastcontact")));
    requireWritesAreRefused(centre, how);
    assertThat(centre.send("GET", "/v1/status/leader", "").body()).isEqualTo("\"\"");
    assertThat(centre.send("GET", "/v1/agent/self", "").body())
        .contains("\"leader\":\"false\"", "\"leader_addr\":\"\"");
    assertThat(centre.send("GET", "/health/ready", "").statusCode()).isEqualTo(503);
  }

  private static void requireFoundIsSaid(RunningCentre centre) {
    soon(
        () -> {
          for (HttpResponse<String> fresh : read(centre, with("consistent"))) {
            assertThat(fresh.statusCode()).as("%s", fresh.uri()).isEqualTo(200);
            assertThat(header(fresh, "x-consul-lastcontact")).as("%s", fresh.uri()).isEqualTo("0");
          }
        });
  }

  private static void requireDashboardAndDependenciesSaySo(RunningCentre centre, String state)
      throws Exception {
    soon(() -> assertThat(firstState(centre)).contains("\"state\":\"" + state + "\""));
    HttpResponse<String> refused =
        centre.send(
            "POST",
            "/services",
            """
            {"ServiceName":"Late","ServiceURL":"http://127.0.0.1:8081",\
            "RequiredServices":[],"ServiceUpdateURL":"http://127.0.0.1:8081/services",\
            "HeartbeatURL":"http://127.0.0.1:8081/heartbeat"}""");
    assertThat(refused.statusCode()).as(refused.body()).isEqualTo(503);
  }

  /** Returns what a page is told when it opens. */
  private static String firstState(RunningCentre centre) throws IOException {
    try (Socket socket = centre.connect();
        BufferedReader reader =
            new BufferedReader(
                new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8))) {
      socket
          .getOutputStream()
          .write(
              "GET /dashboard/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
                  .getBytes(StandardCharsets.US_ASCII));
      String line;
      while ((line = reader.readLine()) != null) {
        if (line.startsWith("data: {\"now\"")) {
          return line;
        }
      }
      throw new IOException("the stream has ended");
    }
  }
}
