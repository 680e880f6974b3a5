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
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
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
          List.of("DELETE", "/v1/kv/a/b", ""));

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

  private static String with(String path, String parameter) {
    return path + (path.contains("?") ? "&" : "?") + parameter;
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
        for (String path : READS) {
          for (String asked : List.of(path, with(path, "stale"), with(path, "consistent"))) {
            HttpResponse<String> refused = centre.send("GET", asked, "");
            assertThat(refused.statusCode()).as(asked).isEqualTo(500);
            assertThat(refused.body()).as(asked).isEqualTo(NO_LEADER);
            assertThat(header(refused, "x-consul-knownleader")).as(asked).isEqualTo("false");
          }
        }
        assertThat(centre.send("GET", "/v1/status/leader", "").body()).isEqualTo("\"\"");
        assertThat(centre.send("GET", "/health/ready", "").statusCode()).isEqualTo(503);
        requireDashboardAndDependenciesSaySo(centre, "loading");
        soon(
            () -> {
              for (List<String> write : WRITES) {
                assertThat(centre.send(write.get(0), write.get(1), write.get(2)).statusCode())
                    .as("%s", write)
                    .isEqualTo(500);
              }
            });

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
          for (String path : READS) {
            HttpResponse<String> old = centre.send("GET", path, "");
            assertThat(header(old, "x-consul-knownleader")).as(how + path).isEqualTo("false");
          }
        });
    for (String path : READS) {
      for (String asked : List.of(path, with(path, "stale"))) {
        HttpResponse<String> old = centre.send("GET", asked, "");
        assertThat(old.statusCode()).as(how + asked).isEqualTo(200);
        assertThat(Long.parseLong(header(old, "x-consul-lastcontact")))
            .as(how + asked)
            .isPositive();
      }
      HttpResponse<String> refused = centre.send("GET", with(path, "consistent"), "");
      assertThat(refused.statusCode()).as(how + path).isEqualTo(500);
      assertThat(refused.body()).as(how + path).isEqualTo(NO_LEADER);
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
    for (List<String> write : WRITES) {
      assertThat(centre.send(write.get(0), write.get(1), write.get(2)).statusCode())
          .as("%s %s", how, write)
          .isEqualTo(500);
    }
    assertThat(centre.send("GET", "/v1/status/leader", "").body()).isEqualTo("\"\"");
    assertThat(centre.send("GET", "/v1/agent/self", "").body())
        .contains("\"leader\":\"false\"", "\"leader_addr\":\"\"");
    assertThat(centre.send("GET", "/health/ready", "").statusCode()).isEqualTo(503);
  }

  private static void requireFoundIsSaid(RunningCentre centre) {
    soon(
        () -> {
          for (String path : READS) {
            HttpResponse<String> fresh = centre.send("GET", with(path, "consistent"), "");
            assertThat(fresh.statusCode()).as(path).isEqualTo(200);
            assertThat(header(fresh, "x-consul-lastcontact")).as(path).isEqualTo("0");
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
