package dev.rollcall.server.standard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** Those that send slowly, twice, or nothing that is a request. */
@Timeout(120)
class PoorSenderTest {
  private static RunningCentre centre;

  @BeforeAll
  static void start() {
    centre = new RunningCentre(RunningCentre.strict());
  }

  @AfterAll
  static void stop() {
    centre.close();
  }

  private static void write(OutputStream out, String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.ISO_8859_1));
    out.flush();
  }

  @Test
  void headersThatDrip_areCutOff_howeverSteadily() throws Exception {
    long began = System.nanoTime();
    int status =
        centre.raw(
            out -> {
              write(out, "GET /v1/catalog/services HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ");
              while (System.nanoTime() - began < Duration.ofSeconds(30).toNanos()) {
                write(out, "y");
                Thread.sleep(20);
              }
              write(out, "\r\n\r\n");
            });

    assertThat(status).isIn(0, 400, 408);
  }

  @Test
  void secondRequestThatDrips_isCutOffToo() throws Exception {
    try (Socket socket = centre.connect()) {
      write(socket.getOutputStream(), "GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
      byte[] answer = socket.getInputStream().readNBytes(12);
      assertThat(new String(answer, StandardCharsets.US_ASCII)).isEqualTo("HTTP/1.1 200");
      Thread drip =
          new Thread(
              () -> {
                try {
                  long began = System.nanoTime();
                  while (System.nanoTime() - began < Duration.ofSeconds(30).toNanos()) {
                    write(socket.getOutputStream(), "G");
                    Thread.sleep(20);
                  }
                } catch (IOException cut) {
                  // What it is about.
                } catch (InterruptedException ended) {
                  Thread.currentThread().interrupt();
                }
              });
      drip.setDaemon(true);
      drip.start();
      assertThat(isEnded(socket)).isTrue();
      assertThat(drip.isAlive() && socket.isConnected()).isTrue(); // not because it had ended
      drip.interrupt();
    }
  }

  private static boolean isEnded(Socket socket) {
    try {
      socket.getInputStream().readAllBytes();
    } catch (IOException reset) {
      return true;
    }
    return true;
  }

  @Test
  void oneClient_hasNoMoreConnectionsThanItMay() throws Exception {
    List<Socket> open = new ArrayList<>();
    try {
      for (int i = 0; i < 200; i++) {
        open.add(centre.connect());
      }
      int served = 0;
      for (Socket socket : open) {
        try {
          write(socket.getOutputStream(), "GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
          served += socket.getInputStream().readNBytes(12).length == 12 ? 1 : 0;
        } catch (IOException closed) {
          // One too many.
        }
      }
      assertThat(served).isBetween(1, 50);
    } finally {
      for (Socket socket : open) {
        socket.close();
      }
    }
    await()
        .atMost(Duration.ofMinutes(1))
        .ignoreExceptions()
        .until(() -> centre.send("GET", "/health/live", "").statusCode() == 200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET /v1/catalog/services HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n",
        "GET /v1/catalog/services HTTP/1.1\r\nHost: evil.example\r\nHost: 127.0.0.1\r\n\r\n",
        "GET /v1/catalog/services HTTP/1.1\r\nHost: 127.0.0.1\r\nhost: 127.0.0.1\r\n\r\n",
      })
  void twoHosts_areRefused(String request) throws Exception {
    assertThat(centre.raw(out -> write(out, request))).isEqualTo(400);
  }

  @Test
  void twoHosts_alsoInASecondRequestThatCameAlong() throws Exception {
    String first = "PUT /v1/kv/a HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\n\r\n1";
    String second =
        "GET /v1/catalog/services HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n";
    try (Socket socket = centre.connect()) {
      write(socket.getOutputStream(), first);
      assertThat(new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII))
          .isEqualTo("HTTP/1.1 200");
      write(socket.getOutputStream(), second);
      assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
          .contains("HTTP/1.1 400")
          .doesNotContain("consul-index");
    }
    centre.send("DELETE", "/v1/kv/a", "");
  }

  @Test
  void oneOfEach_overHttp2_isAnswered() throws Exception {
    assertThat(http2(":method", "GET", ":path", "/health/live", ":authority", "127.0.0.1"))
        .isEqualTo(Http2Sender.Fate.ANSWERED);
    assertThat(http2(":method", "GET", ":path", "/health/live", ":authority", "a.b", "host", "a.b"))
        .isEqualTo(Http2Sender.Fate.ANSWERED);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        ":path /health/live :path /v1/catalog/services :authority 127.0.0.1",
        ":path /health/live :authority 127.0.0.1 :authority evil.example",
        ":path /health/live :authority 127.0.0.1 host evil.example",
        ":path /health/live host 127.0.0.1 host evil.example",
        ":method PUT :path /health/live :authority 127.0.0.1"
      })
  void twoOfOne_overHttp2_endTheConnection(String headers) throws Exception {
    List<String> sent = new ArrayList<>(List.of(":method", "GET"));
    sent.addAll(List.of(headers.split(" ", -1)));
    assertThat(http2(sent.toArray(new String[0]))).isEqualTo(Http2Sender.Fate.CONNECTION_ENDED);
  }

  private static Http2Sender.Fate http2(String... namesAndValues) throws IOException {
    List<String> headers = new ArrayList<>(List.of(namesAndValues));
    headers.addAll(2, List.of(":scheme", "http"));
    try (Socket socket = centre.connect()) {
      return Http2Sender.request(socket, headers.toArray(new String[0]));
    }
  }

  @Test
  void upgradeThatIsNone_hidesNoSecondHost() throws Exception {
    try (Socket socket = centre.connect()) {
      write(
          socket.getOutputStream(),
          "GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: no\r\n\r\n");
      assertThat(new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII))
          .isEqualTo("HTTP/1.1 200");
      write(
          socket.getOutputStream(),
          "GET /v1/catalog/services HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n");
      assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
          .contains("HTTP/1.1 400")
          .doesNotContain("consul-index");
    }
  }

  @Test
  void manyRequestsWhoseAnswersAreNotRead_areCutOff() throws Exception {
    String request = "GET /v1/catalog/services HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
    try (Socket socket = centre.connect()) {
      write(socket.getOutputStream(), request.repeat(500));
      String answers = read(socket);
      assertThat(answers.split("HTTP/1.1 200", -1).length).isLessThan(20);
    }
    assertThat(centre.isAlive()).isTrue();
  }

  private static String read(Socket socket) {
    StringBuilder read = new StringBuilder();
    try {
      int value = socket.getInputStream().read();
      while (value >= 0) {
        read.append((char) value);
        value = socket.getInputStream().read();
      }
    } catch (IOException reset) {
      // Cut off.
    }
    return read.toString();
  }

  @Test
  void bodyThatTrickles_isCutOff_longBeforeARequestTakesTooLong() throws Exception {
    try (RunningCentre patient = new RunningCentre(RunningCentre.patient())) {
      long began = System.nanoTime();
      int status =
          patient.raw(
              out -> {
                write(
                    out,
                    "PUT /v1/kv/slow HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000\r\n\r\n");
                while (System.nanoTime() - began < Duration.ofMinutes(1).toNanos()) {
                  write(out, "y");
                  Thread.sleep(100);
                }
              });
      assertThat(status).isIn(0, 408);
      assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(40));
    }
  }

  @Test
  void bodyThatComesSteadily_isTaken() throws Exception {
    try (RunningCentre patient = new RunningCentre(RunningCentre.patient())) {
      int status =
          patient.raw(
              out -> {
                write(
                    out,
                    "PUT /v1/kv/steady HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 60000\r\n\r\n");
                for (int i = 0; i < 60; i++) {
                  write(out, "y".repeat(1_000));
                  Thread.sleep(100);
                }
              });
      assertThat(status).isEqualTo(200);
    }
  }

  @Test
  void bodyThatLooksLikeHeaders_isABody() throws Exception {
    String body = "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n";
    assertThat(centre.send("PUT", "/v1/kv/hosts", body).body()).isEqualTo("true");
    assertThat(centre.send("GET", "/v1/kv/hosts?raw", "").body()).isEqualTo(body);
    centre.send("DELETE", "/v1/kv/hosts", "");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"Name\":\"LONG\"}",
        "{\"Name\":\"a\",\"ID\":\"LONG\"}",
        "{\"Name\":\"a\",\"ID\":\"a/LONG\"}",
        "{\"Name\":\"a\",\"Check\":{\"CheckID\":\"LONG\",\"TTL\":\"1h\"}}"
      })
  void namesThatAreTooLong_areRefused(String body) throws Exception {
    for (String name : List.of("x".repeat(254), "ü".repeat(127))) {
      HttpResponse<String> refused =
          centre.send("PUT", "/v1/agent/service/register", body.replace("LONG", name));
      assertThat(refused.statusCode()).as(refused.body()).isEqualTo(400);
    }
  }

  @Test
  void longestNames_areTaken() throws Exception {
    String name = "n".repeat(253);
    HttpResponse<String> taken =
        centre.send(
            "PUT",
            "/v1/agent/service/register",
            "{\"Name\":\"" + name + "\",\"ID\":\"" + name + "/" + name + "\"}");
    assertThat(taken.statusCode()).as(taken.body()).isEqualTo(200);
    assertThat(
            centre
                .send("PUT", "/v1/agent/service/deregister/" + name + "%2F" + name, "")
                .statusCode())
        .isEqualTo(200);
    assertThat(centre.send("GET", "/v1/agent/services", "").body()).isEqualTo("{}");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v1/catalog/services",
        "/v1/agent/self",
        "/v1/kv/none",
        "/v1/nothing",
        "/health/live",
        "/",
        "/v1/agent/service/a/../b",
        "/nowhere"
      })
  void noAnswer_mayBeTakenForAnotherKind(String path) throws Exception {
    assertThat(centre.send("GET", path, "").headers().allValues("x-content-type-options"))
        .containsExactly("nosniff");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\u0000\u0000\u0000garbage garbage garbage",
        "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "PUT /v1/kv/a HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10\r\n\r\nab",
        "PUT /v1/kv/a HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFF\r\n",
        "GET /v1/kv/%zz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        "GET /v1/catalog/services?index=%zz&%=& HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        "GET /v1/catalog/services HTTP/1.1\r\nHost: [::1\r\n\r\n",
        "GET /v1/catalog/services HTTP/1.1\r\nHost: a b\r\n\r\n",
        "\u0000\u0001\u0002\u0003"
      })
  void nonsense_leavesNoStackTrace(String nonsense) throws Exception {
    Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    ListAppender<ILoggingEvent> log = new ListAppender<>();
    log.start();
    root.addAppender(log);
    try {
      for (int i = 0; i < 3; i++) {
        try (Socket socket = centre.connect()) {
          write(socket.getOutputStream(), nonsense);
          if (i == 1) {
            socket.setSoLinger(true, 0); // a reset, not an end
          } else if (i == 2) {
            socket.shutdownOutput();
            isEnded(socket);
          }
        }
      }
      assertThat(centre.send("GET", "/health/live", "").statusCode()).isEqualTo(200);
    } finally {
      root.detachAppender(log);
    }
    assertThat(List.copyOf(log.list))
        .filteredOn(event -> event.getLevel().isGreaterOrEqual(Level.WARN))
        .filteredOn(event -> event.getThrowableProxy() != null)
        .extracting(ILoggingEvent::getFormattedMessage)
        .isEmpty();
  }
}
