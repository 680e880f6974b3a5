package dev.rollcall.server.consul;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import dev.rollcall.server.Centre;
import dev.rollcall.testkit.server.ConsulServer;
import dev.rollcall.testkit.server.EtcdServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A real agent and the centre run the same checks, and come to the same. */
@Timeout(180)
class CheckFateTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static ConsulServer consul;
  private static Centre centre;
  private static Client real;
  private static Client ours;

  @BeforeAll
  static void start() {
    consul = ConsulServer.builder().hcl("performance{raft_multiplier=1}").launch();
    centre = CentreUnderTest.start("memory:", 0, consul.name());
    real = new Client(consul.endpoint() + "/v1");
    ours = new Client(centre.uri() + "/v1");
  }

  @AfterAll
  static void stop() {
    centre.close();
    consul.close();
  }

  private static void both(String path, String body) {
    for (Client client : List.of(real, ours)) {
      assertThat(client.put(path, body)).extracting(answer -> answer.statusCode()).isEqualTo(200);
    }
  }

  private static JsonNode check(Client client, String id) {
    try {
      return JSON.readTree(client.get("/agent/checks").body()).path(id);
    } catch (IOException malformed) {
      throw new AssertionError(malformed);
    }
  }

  private static String said(Client client, String id) {
    JsonNode check = check(client, id);
    return check.path("Status").asText() + ": " + check.path("Output").asText();
  }

  private static String who(Client client) {
    return client == real ? "agent" : "centre";
  }

  /**
   * Both come to say the same of a check, which is what is expected. An agent's alias may look at a
   * service while it is being removed; it looks again after a minute.
   */
  private static void sameCheck(String id, String status, String output) {
    for (Client client : List.of(real, ours)) {
      await()
          .atMost(Duration.ofMinutes(2))
          .pollInterval(Duration.ofMillis(20))
          .untilAsserted(
              () -> assertThat(said(client, id)).as(who(client)).isEqualTo(status + ": " + output));
    }
  }

  @Test
  void alias_followsAService() {
    both("/agent/service/register", "{\"Name\":\"app\",\"Port\":1}");
    both(
        "/agent/service/register",
        "{\"Name\":\"side\",\"Port\":2,\"Check\":{\"CheckID\":\"alias\",\"AliasService\":\"app\"}}");
    sameCheck("alias", "passing", "No checks found.");
    String check =
        "{\"Name\":\"c \\\"of\\\" app\",\"ID\":\"c\",\"ServiceID\":\"app\",\"TTL\":\"1h\"}";
    both("/agent/check/register", check);
    sameCheck("alias", "critical", "Aliased check \"c \\\"of\\\" app\" failing: ");
    both("/agent/check/pass/c?note=well", "");
    sameCheck("alias", "passing", "All checks passing.");
    both("/agent/check/warn/c?note=slow", "");
    sameCheck("alias", "warning", "Aliased check \"c \\\"of\\\" app\" failing: slow");
    both("/agent/check/pass/c", "");
    sameCheck("alias", "passing", "All checks passing.");
    both("/agent/check/fail/c?note=down", "");
    sameCheck("alias", "critical", "Aliased check \"c \\\"of\\\" app\" failing: down");
    both("/agent/service/deregister/app", "");
    sameCheck("alias", "critical", "Service app could not be found on node ");
    assertThat(check(ours, "alias").path("Type").asText()).isEqualTo("alias");
    both("/agent/service/deregister/side", "");
  }

  @Test
  void alias_saysWhatItsCheckSaysNow() {
    ours.put(
        "/agent/service/register",
        "{\"Name\":\"talks\",\"Port\":1,\"Check\":{\"CheckID\":\"t\",\"TTL\":\"1h\"}}");
    ours.put("/agent/check/register", "{\"Name\":\"hears\",\"AliasService\":\"talks\"}");
    for (String said : List.of("one", "two")) {
      ours.put("/agent/check/fail/t?note=" + said, "");
      await()
          .untilAsserted(
              () ->
                  assertThat(check(ours, "hears").path("Output").asText())
                      .endsWith("failing: " + said));
    }
    ours.put("/agent/check/deregister/hears", "");
    ours.put("/agent/service/deregister/talks", "");
  }

  /** At once; an agent looks for such a check once a minute. */
  @Test
  void alias_ofAService_followsItsNode() {
    ours.put("/agent/service/register", "{\"Name\":\"on-node\",\"Port\":1}");
    ours.put(
        "/agent/check/register",
        "{\"Name\":\"beside\",\"ServiceID\":\"on-node\",\"AliasService\":\"on-node\"}");
    awaitOurs("beside", "passing", "No checks found.");
    ours.put("/agent/check/register", "{\"Name\":\"disk\",\"TTL\":\"1h\"}");
    awaitOurs("beside", "critical", "Aliased check \"disk\" failing: ");
    ours.put("/agent/check/pass/disk", "");
    awaitOurs("beside", "passing", "All checks passing.");
    ours.put("/agent/check/deregister/disk", "");
    awaitOurs("beside", "passing", "No checks found.");
    ours.put("/agent/service/deregister/on-node", "");
  }

  /** An agent's own ones follow themselves, and stay critical; 1.8.7 dies of a node unknown. */
  @Test
  void alias_ofANode() {
    ours.put("/agent/check/register", "{\"Name\":\"far\",\"AliasNode\":\"ext\"}");
    ours.put(
        "/agent/check/register", "{\"Name\":\"off\",\"AliasNode\":\"ext\",\"AliasService\":\"s\"}");
    awaitOurs("far", "critical", "Service  could not be found on node ext");
    awaitOurs("off", "critical", "Service s could not be found on node ext");
    String node = "{\"Node\":\"ext\",\"Address\":\"10.0.0.1\",";
    ours.put("/catalog/register", node + "\"Check\":{\"Name\":\"ping\",\"Status\":\"passing\"}}");
    awaitOurs("far", "passing", "All checks passing.");
    ours.put(
        "/catalog/register",
        node
            + "\"Service\":{\"Service\":\"s\"},\"Check\":{\"Name\":\"of s\",\"ServiceID\":\"s\","
            + "\"Status\":\"warning\",\"Output\":\"so so\"}}");
    awaitOurs("off", "warning", "Aliased check \"of s\" failing: so so");
    assertThat(check(ours, "far").path("Status").asText()).isEqualTo("passing");
    ours.put(
        "/catalog/register",
        node + "\"Check\":{\"Name\":\"ping\",\"Status\":\"critical\",\"Output\":\"lost\"}}");
    awaitOurs("far", "critical", "Aliased check \"ping\" failing: lost");
    awaitOurs("off", "critical", "Aliased check \"ping\" failing: lost");
    ours.put("/catalog/deregister", "{\"Node\":\"ext\"}");
    awaitOurs("far", "critical", "Service  could not be found on node ext");
    for (String id : List.of("far", "off")) {
      ours.put("/agent/check/deregister/" + id, "");
    }
  }

  private static void awaitOurs(String id, String status, String output) {
    await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(() -> assertThat(said(ours, id)).isEqualTo(status + ": " + output));
  }

  @Test
  void grpc_asksAServersHealthService() {
    try (EtcdServer etcd = EtcdServer.launch("3.5")) {
      int port = URI.create(etcd.endpoint()).getPort();
      String service =
          "{\"Name\":\"%s\",\"Port\":1,\"Check\":{\"CheckID\":\"%s\",\"GRPC\":\"%s\","
              + "\"Interval\":\"1s\"}}";
      String address = "127.0.0.1:" + port;
      both("/agent/service/register", service.formatted("g", "serves", address));
      both("/agent/service/register", service.formatted("h", "knows-not", address + "/shop.v1"));
      String nobody = "127.0.0.1:" + unused();
      both("/agent/service/register", service.formatted("i", "nobody", nobody));
      sameCheck("serves", "passing", "gRPC check " + address + ": success");
      for (Client client : List.of(real, ours)) {
        for (String id : List.of("knows-not", "nobody")) {
          await()
              .atMost(Duration.ofSeconds(30))
              .until(() -> !check(client, id).path("Output").asText().isEmpty());
          assertThat(check(client, id).path("Status").asText()).as(id).isEqualTo("critical");
          assertThat(check(client, id).path("Type").asText()).as(id).isEqualTo("grpc");
        }
      }
    }
    for (Client client : List.of(real, ours)) {
      await()
          .atMost(Duration.ofSeconds(30))
          .until(() -> check(client, "serves").path("Status").asText().equals("critical"));
      for (String id : List.of("g", "h", "i")) {
        client.put("/agent/service/deregister/" + id, "");
      }
    }
  }

  private static int unused() {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    } catch (IOException failed) {
      throw new AssertionError(failed);
    }
  }

  @Test
  void thresholds_countAsAnAgentCounts() throws Exception {
    List<Integer> answers = List.of(200, 500, 500, 500, 200, 200, 200);
    Map<String, List<String>> seen = new ConcurrentHashMap<>();
    HttpServer target =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    target.setExecutor(Executors.newCachedThreadPool());
    target.createContext(
        "/",
        exchange -> {
          String who = exchange.getRequestURI().getPath();
          List<String> before = seen.computeIfAbsent(who, of -> new CopyOnWriteArrayList<>());
          // As what it counted when this request was sent.
          String status =
              check(who.equals("/agent") ? real : ours, "threshold").path("Status").asText();
          int answer = answers.get(Math.min(before.size(), answers.size() - 1));
          before.add(status);
          exchange.sendResponseHeaders(answer, -1);
          exchange.close();
        });
    target.start();
    try {
      for (Client client : List.of(real, ours)) {
        client.put(
            "/agent/check/register",
            "{\"Name\":\"threshold\",\"HTTP\":\"http://127.0.0.1:"
                + target.getAddress().getPort()
                + (client == real ? "/agent" : "/centre")
                + "\",\"Interval\":\"1s\",\"SuccessBeforePassing\":2,\"FailuresBeforeCritical\":3}");
      }
      await()
          .atMost(Duration.ofSeconds(60))
          .until(
              () ->
                  seen.getOrDefault("/agent", List.of()).size() >= answers.size()
                      && seen.getOrDefault("/centre", List.of()).size() >= answers.size());
      assertThat(seen.get("/agent").subList(0, answers.size()))
          .containsExactly(
              "critical", "passing", "passing", "passing", "critical", "critical", "passing");
      assertThat(seen.get("/centre").subList(0, answers.size()))
          .isEqualTo(seen.get("/agent").subList(0, answers.size()));
    } finally {
      for (Client client : List.of(real, ours)) {
        client.put("/agent/check/deregister/threshold", "");
      }
      target.stop(0);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"Name\":\"x\",\"AliasService\":\"a\",\"TTL\":\"1s\"}",
        "{\"Name\":\"x\",\"AliasService\":\"a\",\"TTL\":\"1s\",\"Interval\":\"1s\"}",
        "{\"Name\":\"x\",\"AliasService\":\"a\",\"TCP\":\"127.0.0.1:1\",\"Interval\":\"1s\"}",
        "{\"Name\":\"x\",\"AliasNode\":\"a\",\"HTTP\":\"http://127.0.0.1:1\",\"Interval\":\"1s\"}",
        "{\"Name\":\"x\",\"GRPC\":\"127.0.0.1:1\"}",
        "{\"Name\":\"x\",\"GRPC\":\"127.0.0.1:1\",\"TTL\":\"1s\"}",
        "{\"Name\":\"x\",\"GRPC\":\"127.0.0.1:1\",\"TTL\":\"1s\",\"Interval\":\"1s\"}",
      })
  void refusals_inTheSameWords(String body) {
    assertThat(ours.put("/agent/check/register", body).body())
        .isEqualTo(real.put("/agent/check/register", body).body());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          "UDP":"127.0.0.1:53"        | UDP is not served by this centre (expected: TTL, HTTP,
          "H2PING":"127.0.0.1:53"     | H2PING is not served by this centre (expected: TTL, HTTP,
          "OSService":"ssh"           | OSService is not served by this centre (expected: TTL, HTTP,
          "TCP":"127.0.0.1:53","TCPUseTLS":true | TCPUseTLS: true (expected: false, or an HTTP check)
          "GRPC":"here"               | GRPC: (expected: host:port, or host:port/service)
          "GRPC":"169.254.169.254:80" | GRPC: "169.254.169.254:80" (expected: the address that reg
          "TCP":"127.0.0.1:53","FailuresBeforeWarning":2,"FailuresBeforeCritical":1 | FailuresBeforeW
          """)
  void refusals_byASentence(String check, String sentence) {
    var answer =
        ours.put("/agent/check/register", "{\"Name\":\"x\",\"Interval\":\"1s\"," + check + "}");
    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(answer.body()).startsWith("Invalid check: " + sentence);
  }
}
