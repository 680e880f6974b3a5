package dev.rollcall.server.standard;

import static dev.rollcall.server.standard.BoundedProcess.ATTACKER;
import static dev.rollcall.server.standard.BoundedProcess.OPERATOR;
import static dev.rollcall.server.standard.BoundedProcess.READER;
import static dev.rollcall.server.standard.BoundedProcess.VICTIM;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A centre with a heap of 160 MB, and a client that tries each way of filling it. Others are served
 * on, and the process lives.
 */
@Tag("long")
@Timeout(600)
class BoundedMemoryTest {
  private static final String REGISTER = "/v1/agent/service/register";
  private static final int BIG = 900_000;
  private static final int INSTANCES = 1_200;

  private final List<Socket> sockets = new ArrayList<>();
  private BoundedProcess centre;

  @BeforeEach
  void start(@TempDir Path folder) throws Exception {
    centre = new BoundedProcess(folder, "-Xmx160m", "-XX:+ExitOnOutOfMemoryError");
    serves();
  }

  @AfterEach
  void stop() throws Exception {
    for (Socket socket : sockets) {
      socket.close();
    }
    centre.close();
  }

  /** Another client is served, and nothing was said of memory. */
  private void serves() throws Exception {
    assertThat(centre.said()).doesNotContain("OutOfMemoryError", "terminating due to");
    assertThat(centre.isAlive()).as(centre.said()).isTrue();
    assertThat(
            centre
                .send(VICTIM, "PUT", REGISTER, "{\"Name\":\"good\",\"Port\":80,\"Tags\":[\"t\"]}")
                .statusCode())
        .isEqualTo(200);
    assertThat(centre.send(VICTIM, "GET", "/v1/health/service/good", "").body())
        .contains("\"good\"");
    assertThat(centre.send(VICTIM, "GET", "/health/live", "").statusCode()).isEqualTo(200);
    assertThat(centre.said()).doesNotContain("OutOfMemoryError", "terminating due to");
  }

  /** Tells whether a request was refused for its memory; else it was taken. */
  private static boolean isRefused(HttpResponse<String> answer) {
    if (answer.statusCode() == 200) {
      return false;
    }
    assertThat(answer.statusCode()).as(answer.body()).isIn(413, 429);
    assertThat(answer.body()).matches("(?s).*memory for .*expected: at most \\d+.*");
    return true;
  }

  private interface Attempt {
    HttpResponse<String> at(int number) throws IOException, InterruptedException;
  }

  private void fill(int attempts, Attempt attempt) throws Exception {
    int refused = 0;
    for (int i = 0; i < attempts && refused < 20; i++) {
      refused += isRefused(attempt.at(i)) ? 1 : 0;
    }
    assertThat(refused).isEqualTo(20);
    serves();
  }

  @Test
  void hugeTags() throws Exception {
    String tag = "x".repeat(BIG);
    fill(
        400,
        i ->
            centre.send(
                ATTACKER,
                "PUT",
                REGISTER,
                "{\"Name\":\"evil\",\"ID\":\"evil-%d\",\"Port\":80,\"Tags\":[\"%s\"]}"
                    .formatted(i, tag)));
  }

  @Test
  void tagsThatEachCheckRepeats() throws Exception {
    String tag = "ü".repeat(100_000);
    String checks =
        IntStream.range(0, 64)
            .mapToObj(i -> "{\"CheckID\":\"NUMBER-" + i + "\",\"TTL\":\"1h\"}")
            .collect(Collectors.joining(","));
    fill(
        400,
        i ->
            centre.send(
                ATTACKER,
                "PUT",
                REGISTER,
                "{\"Name\":\"evil\",\"ID\":\"evil-%d\",\"Port\":80,\"Tags\":[\"%s\"],\"Checks\":[%s]}"
                    .formatted(i, tag, checks.replace("NUMBER", "" + i))));
    HttpResponse<String> all = centre.send(VICTIM, "GET", "/v1/health/state/any", "");
    assertThat(all.statusCode()).isIn(200, 413);
  }

  @Test
  void manyServicesWithMeta() throws Exception {
    String meta =
        IntStream.range(0, 64)
            .mapToObj(i -> "\"key" + i + "\":\"" + "v".repeat(512) + "\"")
            .collect(Collectors.joining(","));
    fill(
        20_000,
        i ->
            centre.send(
                ATTACKER,
                "PUT",
                REGISTER,
                "{\"Name\":\"evil%d\",\"Port\":80,\"Meta\":{%s}}".formatted(i, meta)));
  }

  @Test
  void checksWithLargeOutputsAndBodies() throws Exception {
    String output = "\u20ac".repeat(4_096);
    String body = "b".repeat(16_000);
    centre.send(ATTACKER, "PUT", REGISTER, "{\"Name\":\"evil\",\"Port\":80}");
    for (int service = 0; service < 8; service++) {
      centre.send(
          ATTACKER,
          "PUT",
          REGISTER,
          "{\"Name\":\"evil\",\"ID\":\"evil-%d\",\"Port\":80}".formatted(service));
    }
    fill(
        20_000,
        i -> {
          if (i % 2 == 0) {
            return centre.send(
                ATTACKER,
                "PUT",
                "/v1/agent/check/register",
                "{\"CheckID\":\"http-%d\",\"Name\":\"n\",\"ServiceID\":\"evil-%d\",\"HTTP\":\"http://127.0.0.1:9000/\",\"Interval\":\"1h\",\"Body\":\"%s\"}"
                    .formatted(i, i % 8, body));
          }
          HttpResponse<String> put =
              centre.send(
                  ATTACKER,
                  "PUT",
                  "/v1/agent/check/register",
                  "{\"CheckID\":\"ttl-%d\",\"Name\":\"n\",\"ServiceID\":\"evil-%d\",\"TTL\":\"1h\"}"
                      .formatted(i, i % 8));
          return put.statusCode() != 200
              ? put
              : centre.send(
                  ATTACKER,
                  "PUT",
                  "/v1/agent/check/update/ttl-" + i,
                  "{\"Status\":\"passing\",\"Output\":\"%s\"}".formatted(output));
        });
  }

  @Test
  void requiredServicesAndWhatTheyAreTold() throws Exception {
    fill(
        20_000,
        i -> {
          String required =
              IntStream.range(0, 256)
                  .mapToObj(n -> "\"evil-" + i + "-" + n + "\"")
                  .collect(Collectors.joining(","));
          return centre.send(
              ATTACKER,
              "POST",
              "/services",
              "{\"ServiceName\":\"evil\",\"ServiceURL\":\"http://127.0.0.1:9/%d\",\"HeartbeatURL\":\"http://127.0.0.1:9000/h\",\"ServiceUpdateURL\":\"http://127.0.0.1:9000/u\",\"RequiredServices\":[%s]}"
                  .formatted(i, required));
        });
  }

  @Test
  void keysAndSessions_ofAnAdministratorEvenly() throws Exception {
    String value = "v".repeat(500_000);
    fill(400, i -> centre.send(OPERATOR, "PUT", "/v1/kv/k" + i, value));
    assertThat(centre.send(OPERATOR, "DELETE", "/v1/kv/?recurse", "").body()).isEqualTo("true");
    String name = "n".repeat(BIG);
    fill(
        400,
        i -> centre.send(OPERATOR, "PUT", "/v1/session/create", "{\"Name\":\"" + name + "\"}"));
  }

  @Test
  void bodiesUnderWay() throws Exception {
    for (int i = 0; i < 600; i++) {
      Socket socket = centre.begin(ATTACKER, "PUT " + REGISTER, "Content-Length: 1000000\r\n\r\n");
      sockets.add(socket);
      sendOn(socket, new byte[999_999]);
    }
    serves();
  }

  private static void sendOn(Socket socket, byte[] bytes) {
    Thread sending =
        new Thread(
            () -> {
              try {
                socket.getOutputStream().write(bytes);
              } catch (IOException cut) {
                // What it is about.
              }
            });
    sending.setDaemon(true);
    sending.start();
  }

  @Test
  void bodiesOfTinyTokens() throws Exception {
    String body = "[" + "{},".repeat(300_000) + "{}]";
    List<Thread> senders = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      Thread sender =
          new Thread(
              () -> {
                try {
                  for (int n = 0; n < 20; n++) {
                    centre.send(ATTACKER, "PUT", REGISTER, body);
                  }
                } catch (IOException cut) {
                  // What it is about.
                } catch (InterruptedException ended) {
                  Thread.currentThread().interrupt();
                }
              });
      senders.add(sender);
      sender.start();
    }
    for (Thread sender : senders) {
      sender.join();
    }
    serves();
  }

  @Test
  void requestsWhoseAnswersNobodyReads() throws Exception {
    byte[] requests =
        ("GET /v1/catalog/services HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Consul-Token: "
                + ATTACKER
                + "\r\n\r\n")
            .repeat(5_000)
            .getBytes(StandardCharsets.US_ASCII);
    for (int i = 0; i < 100; i++) {
      Socket socket = centre.begin(ATTACKER, "GET /v1/catalog/services", "\r\n");
      sockets.add(socket);
      sendOn(socket, requests);
    }
    serves();
  }

  @Test
  void idleConnectionsAndWaitingQueries() throws Exception {
    for (int i = 0; i < 1_200; i++) {
      sockets.add(centre.begin(READER, "GET /v1/catalog/services?index=1000000&wait=5m", ""));
    }
    serves();
    for (Socket socket : sockets) {
      socket.getOutputStream().write("\r\n".getBytes(StandardCharsets.US_ASCII));
    }
    serves();
  }

  @Test
  void longAnswersThatNobodyReads() throws Exception {
    String meta =
        IntStream.range(0, 60)
            .mapToObj(i -> "\"key" + i + "\":\"" + "v".repeat(500) + "\"")
            .collect(Collectors.joining(","));
    for (int i = 0; i < 60; i++) {
      assertThat(
              centre
                  .send(
                      VICTIM,
                      "PUT",
                      REGISTER,
                      "{\"Name\":\"good-big\",\"ID\":\"good-big-%d\",\"Port\":80,\"Meta\":{%s}}"
                          .formatted(i, meta))
                  .statusCode())
          .isEqualTo(200);
    }
    for (int i = 0; i < 300; i++) {
      // Each another answer, which is shared with none.
      sockets.add(
          centre.begin(
              READER, "GET /v1/health/service/good-big?node-meta=", "X: " + i + "\r\n\r\n"));
    }
    serves();
    assertThat(centre.directBytes()).isLessThan(64 << 20);
  }

  @Test
  void dashboardsThatDoNotRead_costNextToNothing_andOneThatReadsSeesTheLatest() throws Exception {
    for (int i = 0; i < INSTANCES; i++) {
      change(i, 0);
    }
    for (int i = 0; i < 200; i++) {
      sockets.add(centre.begin(READER, "GET /dashboard/events", "\r\n"));
    }
    for (int i = 0; i < INSTANCES; i++) {
      change(i, 1);
    }
    long direct = centre.directBytes();
    long heap = centre.heapBytes();
    System.out.println("direct " + direct + ", heap " + heap);
    assertThat(direct).isLessThan(64 << 20);
    assertThat(heap).isLessThan(128 << 20);
    serves();
    HttpResponse<String> shown =
        centre.send(VICTIM, "GET", "/dashboard/instances?service=good-499", "");
    assertThat(shown.body()).contains("\"round\":\"1\"").doesNotContain("\"round\":\"0\"");
  }

  /** More than the kernel takes for one connection, if all of it were sent. */
  private void change(int instance, int round) throws Exception {
    String filler =
        IntStream.range(0, 9)
            .mapToObj(i -> "\"filler" + i + "\":\"" + "f".repeat(500) + "\"")
            .collect(Collectors.joining(","));
    String put =
        "{\"Name\":\"good-%d\",\"ID\":\"i-%d\",\"Port\":80,\"Meta\":{\"round\":\"%d\",%s}}"
            .formatted(instance % 500, instance, round, filler);
    assertThat(centre.send(VICTIM, "PUT", REGISTER, put).statusCode()).isEqualTo(200);
  }
}
