package dev.rollcall.consul;

import static dev.rollcall.consul.Bench.eventually;
import static dev.rollcall.consul.Bench.get;
import static dev.rollcall.consul.Bench.instance;
import static dev.rollcall.consul.Bench.put;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpServer;
import dev.rollcall.Health;
import dev.rollcall.HostPort;
import dev.rollcall.Liveness;
import dev.rollcall.RegistryException;
import dev.rollcall.spi.Lease;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest;
import dev.rollcall.spi.RegisterRequest.Claim;
import dev.rollcall.testkit.server.ConsulExtension;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Checks as Consul is told them, and as its agent shows them. */
class ChecksTest {
  @RegisterExtension static final ConsulExtension CONSUL = ConsulExtension.create();

  private static final Duration EVERY = Duration.ofSeconds(1);
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Bench bench = new Bench();
  private HttpServer server;
  private ConsulBackend backend;
  private RawConsul raw;
  private String service;

  @BeforeEach
  void open() throws Exception {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(200, -1);
          exchange.close();
        });
    server.start();
    backend = bench.open(CONSUL.port());
    raw = new RawConsul(CONSUL.endpoint());
    service = "c" + System.nanoTime();
  }

  @AfterEach
  void close() {
    server.stop(0);
    bench.close();
  }

  private int port() {
    return server.getAddress().getPort();
  }

  private Liveness.HttpCheck http() {
    return Liveness.httpCheck(URI.create("http://127.0.0.1:" + port() + "/"), EVERY);
  }

  private Liveness.TcpCheck tcp() {
    return Liveness.tcpCheck("127.0.0.1", port(), EVERY);
  }

  /** Nothing speaks gRPC there. */
  private Liveness.GrpcCheck grpc() {
    return Liveness.grpcCheck(new HostPort("127.0.0.1", port()), EVERY);
  }

  private static List<JsonNode> written(Liveness liveness) {
    return written(body(liveness));
  }

  private static RegistrationBody body(Liveness liveness) {
    return RegistrationBody.of(
        new RegisterRequest(
            instance("orders", "a", 1), liveness, new Owner("me", 1), Claim.TAKE_OVER));
  }

  private static List<JsonNode> written(RegistrationBody body) {
    List<JsonNode> checks = new ArrayList<>();
    try {
      JSON.readTree(body.json()).path("Checks").forEach(checks::add);
    } catch (IOException malformed) {
      throw new AssertionError(malformed);
    }
    return checks;
  }

  @Test
  @DisplayName("everything that a check says is written under Consul's names, and nothing else")
  void fields_areConsuls() throws Exception {
    List<JsonNode> checks =
        written(
            Liveness.all(
                    Liveness.httpCheck(URI.create("https://10.0.0.7/health"), EVERY)
                        .method("POST")
                        .header("X-A", "1")
                        .header("x-a", "2")
                        .header("Authorization", "Bearer t")
                        .body("well?")
                        .tlsServerName("orders.example")
                        .tlsSkipVerify(),
                    Liveness.tcpCheck("::1", 5432, EVERY),
                    Liveness.grpcCheck(new HostPort("10.0.0.7", 9090), EVERY)
                        .service("shop.v1.Orders")
                        .tlsServerName("orders.example"),
                    Liveness.grpcCheck(new HostPort("::1", 9090), EVERY))
                .deregisterAfter(Duration.ofMinutes(2)));
    String times =
        "\"DeregisterCriticalServiceAfter\":\"120000ms\",\"Interval\":\"1000ms\","
            + "\"Timeout\":\"1000ms\"}";
    assertThat(checks.stream().map(ChecksTest::withoutIds))
        .containsExactly(
            JSON.readTree(
                "{\"Name\":\"Rollcall\",\"HTTP\":\"https://10.0.0.7/health\",\"Method\":\"POST\","
                    + "\"Header\":{\"X-A\":[\"1\",\"2\"],\"Authorization\":[\"Bearer t\"]},"
                    + "\"Body\":\"well?\",\"TLSServerName\":\"orders.example\","
                    + "\"TLSSkipVerify\":true,"
                    + times),
            JSON.readTree("{\"Name\":\"Rollcall\",\"TCP\":\"[::1]:5432\"," + times),
            JSON.readTree(
                "{\"Name\":\"Rollcall\",\"GRPC\":\"10.0.0.7:9090/shop.v1.Orders\","
                    + "\"GRPCUseTLS\":true,\"TLSServerName\":\"orders.example\","
                    + times),
            JSON.readTree("{\"Name\":\"Rollcall\",\"GRPC\":\"[::1]:9090\"," + times));
    assertThat(checks.stream().map(check -> check.path("CheckID").asText()))
        .doesNotHaveDuplicates();
  }

  private static JsonNode withoutIds(JsonNode check) {
    return ((ObjectNode) check.deepCopy()).<JsonNode>without(List.of("CheckID", "Notes"));
  }

  @Test
  @DisplayName("a check that says nothing more is written as before: older agents know no more")
  void fields_thatAreNotGiven_areNotWritten() {
    JsonNode check = written(http()).get(0);
    assertThat(check.fieldNames())
        .toIterable()
        .containsExactlyInAnyOrder(
            "CheckID",
            "Name",
            "Notes",
            "HTTP",
            "Interval",
            "Timeout",
            "DeregisterCriticalServiceAfter");
  }

  @Test
  @DisplayName("what is sent is not shown: a header may be a password")
  void body_isNotShown() {
    RegistrationBody body = body(http().header("Authorization", "canary").body("canary"));
    assertThat(body.json()).contains("canary");
    assertThat(body.toString()).doesNotContain("canary");
  }

  @Test
  @DisplayName(
      "the agent runs each check, shows its kind and state, and drops all with the instance")
  void agent_runsThemAll() {
    Owner owner = Bench.owner();
    put(
        backend,
        instance(service, "a", 1),
        Liveness.all(http().method("POST").body("x").header("A", "b"), tcp(), grpc()),
        owner,
        end -> {});
    eventually(
        () ->
            assertThat(agentChecks())
                .isEqualTo(Map.of("http", "passing", "tcp", "passing", "grpc", "critical")));
    // What it found is at the agent first: the catalog is told when the state changes.
    eventually(() -> assertThat(agentChecks("Output").get("grpc")).contains("rpc error"));
    assertThat(get(backend.entries(service)).get(0).health()).isEqualTo(Health.CRITICAL);

    // The same owner with fewer checks: the others are gone with the fields of before.
    put(backend, instance(service, "a", 2), Liveness.all(http(), tcp()), owner, end -> {});
    eventually(() -> assertThat(agentChecks().values()).containsExactly("passing", "passing"));
    assertThat(agentChecks()).containsOnlyKeys("http", "tcp");
    eventually(
        () -> assertThat(get(backend.entries(service)).get(0).health()).isEqualTo(Health.PASSING));
    get(backend.deregister(instance(service, "a", 2).key(), owner));
    assertThat(agentChecks()).isEmpty();
  }

  @Test
  @DisplayName("another owner takes over with other checks; the old one's lease is over")
  void takeover_replacesTheChecks() {
    Lease old =
        put(
            backend,
            instance(service, "a", 1),
            Liveness.all(http(), grpc()),
            Bench.owner(),
            e -> {});
    put(backend, instance(service, "a", 2), Liveness.all(tcp(), http()), Bench.owner(), end -> {});
    eventually(() -> assertThat(agentChecks()).containsOnlyKeys("tcp", "http"));
    assertThat(Bench.refused(old.renew()).kind()).isEqualTo(RegistryException.Kind.CONFLICT);
  }

  @Test
  @DisplayName("a server name is refused by an agent that does not know it, and never passed over")
  void serverName_ofAnAgentThatDoesNotKnowIt_isRefused() {
    Liveness check = grpc().tlsServerName("orders.example");
    RegistryException refused =
        Bench.refused(
            backend.register(
                new RegisterRequest(
                    instance(service, "a", 1), check, Bench.owner(), Claim.TAKE_OVER),
                end -> {}));
    assertThat(refused.kind()).isEqualTo(RegistryException.Kind.INVALID);
    assertThat(refused).hasMessageContaining("TLSServerName");
  }

  /** Kinds and states of the service's checks at the agent. */
  private Map<String, String> agentChecks() {
    return agentChecks("Status");
  }

  private Map<String, String> agentChecks(String field) {
    Map<String, String> states = new TreeMap<>();
    try {
      for (JsonNode check : JSON.readTree(raw.get("agent/checks").body())) {
        if (check.path("ServiceName").asText().equals(service)) {
          states.put(check.path("Type").asText(), check.path(field).asText());
        }
      }
    } catch (IOException malformed) {
      throw new AssertionError(malformed);
    }
    return states;
  }
}
