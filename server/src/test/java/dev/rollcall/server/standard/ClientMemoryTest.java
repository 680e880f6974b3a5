package dev.rollcall.server.standard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.rollcall.server.Centre;
import dev.rollcall.server.CentreLimits;
import dev.rollcall.server.access.AccessControl;
import dev.rollcall.server.access.Limits;
import dev.rollcall.server.access.Tokens;
import dev.rollcall.server.consul.ConsulApiSettings;
import dev.rollcall.server.consul.Permissions;
import dev.rollcall.server.outbound.OutboundPolicy;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A client fills its budget, and makes room again; another is served in any case. */
@Timeout(180)
class ClientMemoryTest {
  private static final String ONE = "one-token-0123456789-0123456789-0123";
  private static final String OTHER = "other-token-0123456789-0123456789-01";
  private static final String REGISTER = "/v1/agent/service/register";
  private static final long MEMORY = 2 << 20;

  private static Centre centre;
  private static final HttpClient HTTP =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  @BeforeAll
  static void start(@TempDir Path folder) throws IOException {
    Path tokens = folder.resolve("tokens");
    Files.writeString(tokens, "one token:%s admin\nother token:%s admin\n".formatted(ONE, OTHER));
    Files.setPosixFilePermissions(tokens, PosixFilePermissions.fromString("rw-------"));
    centre =
        StandardCentre.builder(
                "memory:",
                AccessControl.of(Tokens.read(tokens), Limits.standard()),
                OutboundPolicy.standard(),
                new ConsulApiSettings("dc1", "centre", 10_000, 1, Permissions.everything()))
            .limits(CentreLimits.standard().withMemory(MEMORY, MEMORY))
            .port(0)
            .start();
  }

  @AfterAll
  static void stop() {
    centre.close();
  }

  @AfterEach
  void nothingIsHeld() {
    await()
        .atMost(Duration.ofMinutes(1))
        .untilAsserted(
            () -> {
              assertThat(metric("rollcall_memory_kept")).isZero();
              // That of this very request.
              assertThat(metric("rollcall_memory_under_way")).isLessThan(20_000);
            });
  }

  private static double metric(String name) throws IOException, InterruptedException {
    return send(OTHER, "GET", "/metrics", "")
        .body()
        .lines()
        .filter(line -> line.startsWith(name + " "))
        .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
        .sum();
  }

  private static HttpResponse<String> send(String token, String method, String path, String body)
      throws IOException, InterruptedException {
    return HTTP.send(
        HttpRequest.newBuilder(URI.create(centre.uri() + path))
            .timeout(Duration.ofMinutes(1))
            .header("X-Consul-Token", token)
            .method(method, HttpRequest.BodyPublishers.ofString(body))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private static int put(String token, String path, String body)
      throws IOException, InterruptedException {
    HttpResponse<String> answer = send(token, "PUT", path, body);
    if (answer.statusCode() != 200) {
      assertThat(answer.body())
          .matches("(?s).*memory for what is registered: .*\\(expected: at most 2097152.*");
    }
    return answer.statusCode();
  }

  private static int register(String token, String id, String tag)
      throws IOException, InterruptedException {
    return put(
        token,
        REGISTER,
        "{\"Name\":\"web\",\"ID\":\"%s\",\"Port\":80,\"Tags\":[\"%s\"]}".formatted(id, tag));
  }

  private static void deregister(String id) throws IOException, InterruptedException {
    assertThat(send(ONE, "PUT", "/v1/agent/service/deregister/" + id, "").statusCode())
        .isEqualTo(200);
  }

  @Test
  void tags() throws Exception {
    String tag = "t".repeat(400_000);
    assertThat(register(ONE, "web-1", tag)).isEqualTo(200);
    assertThat(register(ONE, "web-2", tag)).isEqualTo(200);
    assertThat(register(ONE, "web-3", tag)).isEqualTo(429);
    assertThat(register(ONE, "web-2", tag + "more")).isEqualTo(200);
    assertThat(register(OTHER, "web-4", tag)).isEqualTo(200);
    assertThat(send(ONE, "GET", "/v1/agent/services", "").body()).doesNotContain("web-3");
    deregister("web-1");
    assertThat(register(ONE, "web-3", tag)).isEqualTo(200);
    deregister("web-2");
    deregister("web-3");
    deregister("web-4");
  }

  @Test
  void tagsThatEachCheckRepeats() throws Exception {
    String checks =
        IntStream.range(0, 60)
            .mapToObj(i -> "{\"CheckID\":\"c" + i + "\",\"TTL\":\"1h\"}")
            .collect(Collectors.joining(","));
    assertThat(
            put(
                ONE,
                REGISTER,
                "{\"Name\":\"web\",\"Tags\":[\"%s\"],\"Checks\":[%s]}"
                    .formatted("t".repeat(30_000), checks)))
        .isEqualTo(413);
    assertThat(
            put(
                ONE,
                REGISTER,
                "{\"Name\":\"web\",\"Tags\":[\"t\"],\"Checks\":[%s]}".formatted(checks)))
        .isEqualTo(200);
    // The checks stay, and would repeat them.
    assertThat(register(ONE, "web", "t".repeat(30_000))).isEqualTo(413);
    deregister("web");
  }

  @Test
  void whatChecksSay() throws Exception {
    assertThat(register(ONE, "web", "t")).isEqualTo(200);
    String output = "\u20ac".repeat(4_096);
    int taken = 0;
    int answer = 200;
    for (int i = 0; i < 500 && answer == 200; i++) {
      answer =
          put(
              ONE,
              "/v1/agent/check/register",
              "{\"CheckID\":\"c%d\",\"Name\":\"n\",\"ServiceID\":\"web\",\"TTL\":\"1h\"}"
                  .formatted(i));
      if (answer == 200) {
        answer =
            put(
                ONE,
                "/v1/agent/check/update/c" + i,
                "{\"Status\":\"passing\",\"Output\":\"%s\"}".formatted(output));
        taken = i;
      }
    }
    assertThat(answer).isEqualTo(429);
    assertThat(taken).isBetween(40, 90);
    // What it says has no room, that it lives has.
    String last =
        send(ONE, "GET", "/v1/agent/checks", "").body().replaceAll("(?s).*\"c" + taken + "\":", "");
    assertThat(last).startsWith("{").contains("\"Status\":\"passing\"");
    assertThat(put(ONE, "/v1/agent/check/pass/c0", "")).isEqualTo(200);
    assertThat(put(ONE, "/v1/agent/check/pass/c1?note=less", "")).isEqualTo(200);
    deregister("web");
  }

  @Test
  void whatChecksSend() throws Exception {
    assertThat(register(ONE, "web", "t")).isEqualTo(200);
    int taken = 0;
    while (taken < 500
        && put(
                ONE,
                "/v1/agent/check/register",
                "{\"CheckID\":\"h%d\",\"Name\":\"n\",\"ServiceID\":\"web\",\"HTTP\":\"http://127.0.0.1:9000/\",\"Interval\":\"1h\",\"Body\":\"%s\"}"
                    .formatted(taken, "b".repeat(16_000)))
            == 200) {
      taken++;
    }
    assertThat(taken).isBetween(80, 130);
    // The same again is in its own place, and another one has the place of one that goes.
    assertThat(send(ONE, "PUT", "/v1/agent/check/deregister/h0", "").statusCode()).isEqualTo(200);
    assertThat(
            put(
                ONE,
                "/v1/agent/check/register",
                "{\"CheckID\":\"x\",\"Name\":\"n\",\"ServiceID\":\"web\",\"HTTP\":\"http://127.0.0.1:9000/\",\"Interval\":\"1h\"}"))
        .isEqualTo(200);
    deregister("web");
  }

  @Test
  void keys() throws Exception {
    String value = "v".repeat(400_000);
    assertThat(put(ONE, "/v1/kv/a", value)).isEqualTo(200);
    assertThat(put(ONE, "/v1/kv/b", value)).isEqualTo(200);
    assertThat(put(ONE, "/v1/kv/c", value)).isEqualTo(429);
    assertThat(put(ONE, "/v1/kv/b", value + "more")).isEqualTo(200);
    assertThat(send(ONE, "PUT", "/v1/kv/b?cas=1", value).body()).isEqualTo("false");
    assertThat(put(OTHER, "/v1/kv/b", value)).isEqualTo(200); // it is the other's now
    assertThat(put(ONE, "/v1/kv/c", value)).isEqualTo(200);
    assertThat(send(ONE, "DELETE", "/v1/kv/?recurse", "").body()).isEqualTo("true");
  }

  @Test
  void sessions() throws Exception {
    String name = "{\"Name\":\"" + "n".repeat(400_000) + "\"}";
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      HttpResponse<String> created = send(ONE, "PUT", "/v1/session/create", name);
      assertThat(created.statusCode()).isEqualTo(200);
      ids.add(created.body().replaceAll("[^0-9a-f-]", ""));
    }
    assertThat(put(ONE, "/v1/session/create", name)).isEqualTo(429);
    assertThat(send(ONE, "PUT", "/v1/session/create", "{\"Node\":\"none\"}").statusCode())
        .isEqualTo(500);
    for (String id : ids) {
      String uuid = id.substring(id.length() - 36);
      assertThat(send(ONE, "PUT", "/v1/session/destroy/" + uuid, "").body()).isEqualTo("true");
    }
  }

  @Test
  void nodes() throws Exception {
    String meta = "v".repeat(400_000);
    String node = "{\"Node\":\"n%d\",\"Address\":\"10.0.0.1\",\"NodeMeta\":{\"k\":\"META\"}}";
    node = node.replace("META", meta);
    assertThat(put(ONE, "/v1/catalog/register", node.formatted(1))).isEqualTo(200);
    assertThat(put(ONE, "/v1/catalog/register", node.formatted(2))).isEqualTo(200);
    assertThat(put(ONE, "/v1/catalog/register", node.formatted(3))).isEqualTo(429);
    assertThat(put(ONE, "/v1/catalog/deregister", "{\"Node\":\"n1\"}")).isEqualTo(200);
    assertThat(put(ONE, "/v1/catalog/deregister", "{\"Node\":\"n2\"}")).isEqualTo(200);
  }

  @Test
  void dependencies() throws Exception {
    String required =
        IntStream.range(0, 256).mapToObj(n -> "\"r" + n + "\"").collect(Collectors.joining(","));
    String service =
        "{\"ServiceName\":\"dep\",\"ServiceURL\":\"http://127.0.0.1:9/%d\",\"HeartbeatURL\":\"http://127.0.0.1:9000/h\",\"ServiceUpdateURL\":\"http://127.0.0.1:9000/u\",\"RequiredServices\":[%s]}";
    int taken = 0;
    while (taken < 20
        && send(ONE, "POST", "/services", service.formatted(taken, required)).statusCode() == 200) {
      taken++;
    }
    assertThat(taken).isBetween(2, 5);
    HttpResponse<String> refused = send(ONE, "POST", "/services", service.formatted(99, required));
    assertThat(refused.statusCode()).isEqualTo(429);
    assertThat(refused.body())
        .contains("memory for what is registered", "expected: at most 2097152");
    assertThat(send(ONE, "POST", "/services", service.formatted(0, required)).statusCode())
        .isEqualTo(200);
    for (int i = 0; i < taken; i++) {
      assertThat(send(ONE, "DELETE", "/services", "http://127.0.0.1:9/" + i).statusCode())
          .isEqualTo(200);
    }
  }

  @Test
  void bodiesUnderWay_areBounded_andAnothersAreTaken() throws Exception {
    List<Socket> sockets = new ArrayList<>();
    try {
      for (int i = 0; i < 4; i++) {
        sockets.add(
            begin(ONE, "PUT " + REGISTER, "Content-Length: 400000\r\n\r\n" + "x".repeat(390_000)));
      }
      await()
          .atMost(Duration.ofMinutes(1))
          .until(
              () ->
                  send(ONE, "GET", "/v1/agent/services", "").statusCode() == 200
                      && send(ONE, "PUT", "/v1/kv/x", "y".repeat(500_000)).statusCode() == 429);
      assertThat(send(ONE, "PUT", "/v1/kv/x", "y".repeat(500_000)).body())
          .contains("memory for requests under way", "expected: at most 2097152");
      assertThat(send(OTHER, "PUT", "/v1/kv/x", "y".repeat(500_000)).body()).isEqualTo("true");
      assertThat(send(OTHER, "DELETE", "/v1/kv/x", "").body()).isEqualTo("true");
    } finally {
      for (Socket socket : sockets) {
        socket.close();
      }
    }
    await()
        .atMost(Duration.ofMinutes(1))
        .until(() -> send(ONE, "PUT", "/v1/kv/x", "y".repeat(500_000)).statusCode() == 200);
    assertThat(send(ONE, "DELETE", "/v1/kv/x", "").body()).isEqualTo("true");
  }

  @Test
  void streams_areBounded() throws Exception {
    List<Socket> sockets = new ArrayList<>();
    try {
      for (int i = 0; i < 60; i++) {
        sockets.add(begin(ONE, "GET /dashboard/events", "\r\n"));
      }
      int refused = 0;
      for (Socket socket : sockets) {
        String line = new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII);
        refused += line.equals("HTTP/1.1 429") ? 1 : 0;
      }
      assertThat(refused).isBetween(10, 40);
      assertThat(send(OTHER, "GET", "/v1/agent/services", "").statusCode()).isEqualTo(200);
      assertThat(send(ONE, "GET", "/health/live", "").statusCode()).isEqualTo(200);
    } finally {
      for (Socket socket : sockets) {
        socket.close();
      }
    }
  }

  private static Socket begin(String token, String requestLine, String rest) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), centre.port());
    socket.setSoTimeout(60_000);
    socket
        .getOutputStream()
        .write(
            (requestLine
                    + " HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Consul-Token: "
                    + token
                    + "\r\n"
                    + rest)
                .getBytes(StandardCharsets.US_ASCII));
    return socket;
  }
}
