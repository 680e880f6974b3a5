package dev.rollcall.server.consul;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import dev.rollcall.RegistryException;
import dev.rollcall.server.Centre;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a centre on memory shows after it has ended and begun anew with the same folder. */
@Timeout(120)
class KeptTest {
  @TempDir Path folder;

  private Centre centre;
  private Client client;

  @BeforeEach
  void start() {
    centre = CentreUnderTest.start("memory:", "n1", folder.resolve("data"));
    client = new Client(centre.uri() + "/v1");
  }

  @AfterEach
  void stop() {
    centre.close();
  }

  private void restart() {
    stop();
    start();
  }

  private static String withoutIndexes(String body) {
    return body.replaceAll("\"(Create|Modify)Index\": ?\\d+", "");
  }

  private void requireSame(List<String> paths, Runnable between) {
    List<String> before = paths.stream().map(path -> client.get(path).body()).toList();
    between.run();
    for (int i = 0; i < paths.size(); i++) {
      assertThat(withoutIndexes(client.get(paths.get(i)).body()))
          .as(paths.get(i))
          .isEqualTo(withoutIndexes(before.get(i)));
    }
  }

  private void put(String path, String body) {
    assertThat(client.put(path, body).statusCode()).as(path).isEqualTo(200);
  }

  @Test
  void agentsServices_areThereWithAllTheirFields() {
    put(
        "/agent/service/register",
        "{\"ID\":\"w1\",\"Name\":\"web\",\"Address\":\"10.0.0.1\",\"Port\":80,\"Tags\":[\"ü\",\"b\"],"
            + "\"Meta\":{\"k\":\"v;w\"},\"EnableTagOverride\":true,"
            + "\"TaggedAddresses\":{\"wan\":{\"Address\":\"192.0.2.1\",\"Port\":81}},"
            + "\"Weights\":{\"Passing\":3,\"Warning\":2},\"Checks\":["
            + "{\"CheckID\":\"one\",\"TTL\":\"1h\",\"Notes\":\"two\\nlines\"},"
            + "{\"Name\":\"two\",\"TTL\":\"1h\",\"DeregisterCriticalServiceAfter\":\"90m\"}]}");
    put("/agent/service/register", "{\"Name\":\"bare\"}");
    put("/agent/service/register", "{\"ID\":\"a;b%2F/c@d\",\"Name\":\"odd\"}");
    put("/agent/check/register", "{\"Name\":\"of the node\",\"TTL\":\"1h\"}");
    put("/agent/check/register", "{\"Name\":\"more\",\"ServiceID\":\"bare\",\"TTL\":\"1h\"}");
    put("/agent/service/maintenance/bare?enable=true&reason=because", "");
    put("/agent/service/register", "{\"Name\":\"gone\",\"Port\":1}");
    put("/agent/service/deregister/gone", "");
    put("/agent/check/register", "{\"Name\":\"gone too\",\"ServiceID\":\"bare\",\"TTL\":\"1h\"}");
    put("/agent/check/deregister/gone%20too", "");
    put("/agent/check/register", "{\"CheckID\":\"moves\",\"Name\":\"m\",\"TTL\":\"1h\"}");
    put(
        "/agent/check/register",
        "{\"CheckID\":\"moves\",\"Name\":\"m\",\"TTL\":\"1h\",\"ServiceID\":\"bare\"}");
    requireSame(
        List.of(
            "/agent/services",
            "/agent/checks",
            "/catalog/services",
            "/catalog/service/web",
            "/health/state/any",
            "/health/service/bare"),
        this::restart);
    assertThat(client.get("/agent/services").body()).contains("w1", "bare", "odd");
    assertThat(client.get("/agent/checks").body()).contains("of the node", "because");

    put("/agent/service/maintenance/bare?enable=false", "");
    put("/agent/maintenance?enable=true", "");
    requireSame(List.of("/agent/checks"), this::restart);
    assertThat(client.get("/agent/checks").body())
        .contains("_node_maintenance")
        .doesNotContain("_service_maintenance");
  }

  @Test
  void definitionsOfChecks_areAsTheyWere() throws IOException {
    HttpServer target =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    AtomicReference<String> asked = new AtomicReference<>("");
    target.createContext(
        "/health",
        exchange -> {
          String body =
              new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
          asked.set(
              exchange.getRequestMethod()
                  + " "
                  + exchange.getRequestHeaders().get("X-Secret")
                  + " "
                  + body);
          exchange.sendResponseHeaders(200, -1);
          exchange.close();
        });
    target.start();
    try {
      int port = target.getAddress().getPort();
      put(
          "/agent/service/register",
          "{\"Name\":\"web\",\"Port\":80,\"Checks\":[{\"CheckID\":\"h\",\"HTTP\":\"http://127.0.0.1:"
              + port
              + "/health\",\"Method\":\"post\",\"Header\":{\"X-Secret\":[\"a\",\"b\"]},\"Body\":\"ü\","
              + "\"Interval\":\"1s\",\"Timeout\":\"900ms\"},{\"CheckID\":\"t\",\"TCP\":\"127.0.0.1:"
              + port
              + "\",\"Interval\":\"1s\"}]}");
      requirePassing();
      restart();
      asked.set("");
      requirePassing();
      await().until(() -> asked.get().equals("POST [a, b] ü"));
    } finally {
      target.stop(0);
    }
  }

  private void requirePassing() {
    await()
        .atMost(Duration.ofMinutes(1))
        .untilAsserted(
            () ->
                assertThat(client.get("/health/service/web?passing").body())
                    .contains("\"h\"", "\"t\""));
  }

  @Test
  void heartbeats_countWhileTheirTimeLasts_andNoLonger() throws InterruptedException {
    put(
        "/agent/service/register",
        "{\"Name\":\"a\",\"Check\":{\"CheckID\":\"ca\",\"TTL\":\"1h\"}}");
    put(
        "/agent/service/register",
        "{\"Name\":\"b\",\"Check\":{\"CheckID\":\"cb\",\"TTL\":\"1h\",\"Status\":\"passing\"}}");
    put(
        "/agent/service/register",
        "{\"Name\":\"c\",\"Check\":{\"CheckID\":\"cc\",\"TTL\":\"2s\"}}");
    put("/agent/check/warn/ca?note=hm", "");
    put("/agent/check/pass/cc", "");
    stop();
    long began = System.nanoTime();
    await().until(() -> System.nanoTime() - began > 2_100_000_000L);
    start();
    String checks = client.get("/agent/checks?filter=ServiceName!=%22%22").body();
    assertThat(status(checks, "ca")).isEqualTo("warning");
    assertThat(checks).contains("\"hm\"");
    assertThat(status(checks, "cb")).as("nobody has said so since").isEqualTo("critical");
    assertThat(status(checks, "cc")).as("its time is over").isEqualTo("critical");
    put("/agent/check/pass/cc", "");
    assertThat(status(client.get("/agent/checks").body(), "cc")).isEqualTo("passing");
  }

  private static String status(String checks, String id) {
    return checks.replaceAll(
        "(?s).*\"CheckID\":\"" + id + "\",\"Name\":\"[^\"]*\",\"Status\":\"([a-z]+)\".*", "$1");
  }

  @Test
  void catalogsEntries_areThere_andNoOthers() {
    put(
        "/catalog/register",
        "{\"Node\":\"db\",\"ID\":\"40e4a748-2192-161a-0510-9bf59fe950b5\",\"Address\":\"10.0.0.7\","
            + "\"NodeMeta\":{\"external-node\":\"true\"},\"TaggedAddresses\":{\"lan\":\"10.0.0.7\"},"
            + "\"Service\":{\"ID\":\"pg1\",\"Service\":\"postgres\",\"Port\":5432,\"Tags\":[\"x\"]},"
            + "\"Checks\":[{\"Name\":\"of node\",\"Status\":\"passing\"},{\"CheckID\":\"pg\","
            + "\"Name\":\"of service\",\"ServiceID\":\"pg1\",\"Status\":\"warning\",\"Output\":\"o\\no\"}]}");
    put("/catalog/register", "{\"Node\":\"bare\",\"Address\":\"10.0.0.8\"}");
    put(
        "/catalog/register",
        "{\"Node\":\"db\",\"SkipNodeUpdate\":true,\"Service\":{\"Service\":\"second\",\"Port\":1}}");
    put(
        "/catalog/register",
        "{\"Node\":\"gone\",\"Address\":\"10.0.0.9\",\"Service\":{\"Service\":\"g\"}}");
    put("/catalog/deregister", "{\"Node\":\"gone\"}");
    put(
        "/catalog/register",
        "{\"Node\":\"db\",\"Address\":\"10.0.0.7\",\"SkipNodeUpdate\":true,"
            + "\"Check\":{\"Name\":\"gone\",\"ServiceID\":\"pg1\"}}");
    put("/catalog/deregister", "{\"Node\":\"db\",\"CheckID\":\"gone\"}");
    List<String> paths =
        List.of(
            "/catalog/nodes",
            "/catalog/services",
            "/catalog/node/db",
            "/catalog/node/bare",
            "/health/node/db",
            "/health/service/postgres",
            "/health/service/second");
    requireSame(paths, this::restart);
    requireSame(paths, this::restart);
    assertThat(client.get("/catalog/node/gone").body()).isEqualTo("null");
    put("/catalog/deregister", "{\"Node\":\"db\",\"ServiceID\":\"second\"}");
    requireSame(paths, this::restart);
    assertThat(client.get("/health/service/second").body()).isEqualTo("[]");
  }

  @Test
  void keys_areThereWithFlagsAndIndexes_andIndexesOnlyGrow() {
    put("/kv/a/b?flags=18446744073709551615", "1");
    put("/kv/a/b", "2");
    put("/kv/a/empty", "");
    put("/kv/a/flagged?flags=7", "x");
    put("/kv/gone", "x");
    assertThat(client.send("DELETE", "/kv/gone", "").join().body()).isEqualTo("true");
    String before = client.get("/kv/a?recurse").body();
    long index = Client.index(client.get("/kv/a?recurse"));
    restart();
    assertThat(client.get("/kv/a?recurse").body()).isEqualTo(before);
    assertThat(client.get("/kv/gone").statusCode()).isEqualTo(404);

    long modified = Client.index(client.get("/kv/a/flagged"));
    assertThat(modified).isLessThanOrEqualTo(index);
    assertThat(client.put("/kv/a/flagged?flags=8&cas=" + (modified + 1), "y").body())
        .isEqualTo("false");
    assertThat(client.put("/kv/a/flagged?flags=8&cas=" + modified, "y").body()).isEqualTo("true");
    long next = Client.index(client.get("/kv/a/flagged"));
    assertThat(next).isGreaterThan(index);
    restart();
    assertThat(Client.index(client.get("/kv/a/flagged"))).isEqualTo(next);
    assertThat(client.get("/kv/a/flagged").body()).contains("\"Flags\":8");
  }

  @Test
  void locks_areReleased_andWhatEndsWithASession_isGone() {
    String releasing = session("release");
    String deleting = session("delete");
    assertThat(client.put("/kv/lock?acquire=" + releasing, "me").body()).isEqualTo("true");
    assertThat(client.put("/kv/lock?release=" + releasing, "me").body()).isEqualTo("true");
    assertThat(client.put("/kv/lock?acquire=" + releasing, "me again").body()).isEqualTo("true");
    assertThat(client.put("/kv/ephemeral?acquire=" + deleting, "me").body()).isEqualTo("true");
    restart();
    assertThat(client.get("/kv/lock").body()).contains("\"LockIndex\":2").doesNotContain("Session");
    assertThat(client.get("/kv/lock?raw").body()).isEqualTo("me again");
    assertThat(client.get("/kv/ephemeral").statusCode()).isEqualTo(404);
    assertThat(client.get("/session/list").body()).isEqualTo("[]");
    restart();
    assertThat(client.get("/kv/ephemeral").statusCode()).isEqualTo(404);
  }

  private String session(String behavior) {
    String body = client.put("/session/create", "{\"Behavior\":\"" + behavior + "\"}").body();
    return UUID.fromString(body.replaceAll(".*\"ID\":\"([^\"]+)\".*", "$1")).toString();
  }

  @Test
  void folder_isOneCentres() {
    assertThatThrownBy(() -> CentreUnderTest.start("memory:", "n1", folder.resolve("data")))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("another process has it");
    assertThat(client.get("/catalog/nodes").statusCode()).isEqualTo(200);
    stop();
    assertThatThrownBy(() -> CentreUnderTest.start("memory:", "n2", folder.resolve("data")))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("another node");
    start();
  }

  /** The address that registered is what its checks may call, also after a restart. */
  @Test
  void registrants_areKept() {
    CheckDefinition definition =
        CheckDefinition.of(
            Fields.of(
                Json.parse(
                    ("{\"Name\":\"n\",\"HTTP\":\"https://[::1]:8443/a?b=c\",\"Interval\":\"90s\","
                            + "\"Header\":{\"A\":[\"1\",\"2\"],\"B\":[\"3\"]},\"Body\":\"x\","
                            + "\"SuccessBeforePassing\":2,\"FailuresBeforeCritical\":3,"
                            + "\"DeregisterCriticalServiceAfter\":\"2h\",\"Notes\":\"a\\nb\"}")
                        .getBytes(StandardCharsets.UTF_8))),
            "");
    AgentEntry entry =
        new AgentEntry(
            null,
            List.of(
                new AgentEntry.Check(
                    definition, "i", "n", false, InetAddress.getLoopbackAddress())));
    byte[] written =
        Json.bytes(
            false,
            to -> {
              to.writeStartObject();
              entry.write(to);
              to.writeEndObject();
            });
    assertThat(AgentEntry.read(Fields.of(Json.reread(written)), "n1")).isEqualTo(entry);
  }
}
