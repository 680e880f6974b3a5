package dev.rollcall.server.standard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What strangers may send to a running centre. It says no, or cuts them off, and serves on. */
@Timeout(180)
class HostileInputTest {
  private static final String REGISTER = "/v1/agent/service/register";
  private static RunningCentre centre;

  @BeforeAll
  static void start() {
    centre = new RunningCentre(RunningCentre.hasty());
  }

  @AfterAll
  static void stop() {
    centre.close();
  }

  @AfterEach
  void servesOn() throws Exception {
    assertThat(centre.isAlive()).isTrue();
  }

  @ParameterizedTest
  @CsvSource({"POST, /services", "DELETE, /services", "PUT, " + REGISTER})
  void bodyOf10Megabytes(String method, String path) throws Exception {
    int status =
        centre.raw(
            out -> {
              write(
                  out,
                  method
                      + " "
                      + path
                      + " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10485760\r\n\r\n");
              out.write(new byte[10 << 20]);
            });

    assertThat(status).isIn(413, 0);
  }

  @ParameterizedTest
  @CsvSource({"POST, /services", "PUT, " + REGISTER})
  void bodyInEndlessChunks(String method, String path) throws Exception {
    int status =
        centre.raw(
            out -> {
              write(
                  out,
                  method
                      + " "
                      + path
                      + " HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n");
              while (true) {
                write(out, "400\r\n" + "x".repeat(1024) + "\r\n");
              }
            });

    assertThat(status).isIn(413, 400, 0);
  }

  @Test
  void bodiesOf10Megabytes_againAndAgain_memoryComesBack() throws Exception {
    long before = usedAfterCollection();
    for (int i = 0; i < 50; i++) {
      bodyOf10Megabytes("POST", "/services");
    }

    await().atMost(Duration.ofMinutes(1)).until(() -> usedAfterCollection() < before + (32L << 20));
  }

  @Test
  void headersWithoutEnd() throws Exception {
    int status =
        centre.raw(
            out -> {
              write(out, "GET /v1/catalog/services HTTP/1.1\r\nHost: 127.0.0.1\r\n");
              while (true) {
                write(out, "X-Header: " + "y".repeat(1_000) + "\r\n");
              }
            });

    assertThat(status).isIn(400, 431, 0);
  }

  @Test
  void urlWithoutEnd() throws Exception {
    assertThat(centre.raw(out -> write(out, "GET /" + "x".repeat(1 << 20) + " HTTP/1.1\r\n\r\n")))
        .isIn(400, 414, 0);
  }

  @Test
  void slowHeaders() throws Exception {
    assertThat(
            centre.raw(
                out -> {
                  for (char c : ("GET / HTTP/1.1\r\nX: " + "y".repeat(5_000)).toCharArray()) {
                    out.write(c);
                    Thread.sleep(50);
                  }
                }))
        .isIn(400, 408, 0);
  }

  @Test
  void slowBody() throws Exception {
    assertThat(
            centre.raw(
                out -> {
                  write(
                      out,
                      "POST /services HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5000\r\n\r\n");
                  for (int i = 0; i < 5_000; i++) {
                    out.write('{');
                    Thread.sleep(50);
                  }
                }))
        .isIn(400, 408, 503, 0);
  }

  @Test
  void lyingLength() throws Exception {
    assertThat(
            centre.raw(
                out ->
                    write(
                        out,
                        "POST /services HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n"
                            + "Content-Length: 3\r\n\r\n{}x")))
        .isIn(400, 0);
    assertThat(
            centre.raw(
                out ->
                    write(
                        out,
                        "POST /services HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n")))
        .isIn(400, 0);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "BREW / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        "TRACE / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        "CONNECT 10.0.0.1:80 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        "GET http://169.254.169.254/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        "PATCH /services HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n",
        "GET /services HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        "DELETE " + REGISTER + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "\u0000\u0001\u0002\r\n\r\n",
        "GET /v1/../services HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        "GET /v1/kv/%00 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
      })
  void requestThatIsNone(String request) throws Exception {
    assertThat(centre.raw(out -> write(out, request))).isIn(0, 400, 403, 404, 405, 501, 505);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "null",
        "[]",
        "1",
        "{",
        "{'Name':'a','Name':'b','Port':80}",
        "{'Name':1,'Port':80}",
        "{'Name':'a','Port':'x'}",
        "{'Name':'a','Port':70000}",
        "{'Name':'a','Port':-1}",
        "{'Name':'a','Port':1e999999}",
        "{'Name':'a','Port':80,'Tags':'x'}",
        "{'Name':'a','Port':80,'Tags':[1]}",
        "{'Name':'a','Port':80,'Meta':[]}",
        "{'Name':'a','Port':80,'Meta':{'a':{}}}",
        "{'Name':'a','Port':80,'Meta':{'a b':'c'}}",
        "{'Name':'a\\r\\nX: y','Port':80}",
        "{'Name':'a','ID':'b\\r\\n','Port':80}",
        "{'Name':'a','Port':80,'Address':'10.0.0.1\\r\\n'}",
        "{'Name':'a','Port':80,'Tags':['x\\r\\ny']}",
        "{'Name':'a','Port':80,'Meta':{'k':'x\\r\\ny'}}",
        "{'Name':'a','Port':80,'Meta':{'k\\r\\n':'y'}}",
        "{'Name':'\\u0000','Port':80}",
        "{'Name':'\\ud800','Port':80}",
        "{'Name':'a','Port':80,'Check':{'HTTP':'file:///etc/passwd','Interval':'1s'}}",
        "{'Name':'a','Port':80,'Check':{'HTTP':'http://x/','Interval':'soon'}}",
        "{'Name':'a','Port':80} x"
      })
  void registrationThatIsNone_ofConsul(String json) throws Exception {
    var response = centre.send("PUT", REGISTER, json.replace('\'', '"'));

    assertThat(response.statusCode()).as(response.body()).isBetween(400, 422);
    assertThat(centre.send("GET", "/v1/agent/services", "").body()).isEqualTo("{}");
  }

  @ParameterizedTest
  @CsvSource({"POST, /services", "PUT, " + REGISTER})
  void deepJson(String method, String path) throws Exception {
    String deep = "{\"Name\":" + "[".repeat(10_000) + "]".repeat(10_000) + "}";

    assertThat(centre.send(method, path, deep).statusCode()).isEqualTo(400);
  }

  @ParameterizedTest
  @CsvSource({"POST, /services", "DELETE, /services", "PUT, " + REGISTER})
  void invalidUtf8(String method, String path) throws Exception {
    byte[] body = "{\"Name\":\"aa\",\"Port\":80}".getBytes(StandardCharsets.US_ASCII);
    body[9] = (byte) 0xc3;

    assertThat(centre.send(method, path, body).statusCode()).isEqualTo(400);
  }

  @Test
  void scriptInEveryField_isDataEverywhere() throws Exception {
    String script = "<script>alert(1)<\\/script>";
    String json =
        """
        {"Name":"x<script>","ID":"i<script>","Port":80,"Address":"10.0.0.1","Tags":["%s"],"Meta":{"k":"%s"}}
        """
            .formatted(script, script);

    int status = centre.send("PUT", REGISTER, json).statusCode();
    assertThat(status).isIn(200, 400);
    for (String path :
        List.of("/v1/agent/services", "/v1/health/service/x%3Cscript%3E", "/metrics")) {
      var response = centre.send("GET", path, "");
      assertThat(response.headers().firstValue("content-type").orElseThrow())
          .matches("(application/json|text/plain).*");
    }
    var refused = centre.send("PUT", "/v1/agent/check/pass/%3Cscript%3E", "");
    assertThat(refused.headers().firstValue("content-type").orElse("text/plain"))
        .doesNotContain("html");
    if (status == 200) {
      assertThat(centre.send("PUT", "/v1/agent/service/deregister/i%3Cscript%3E", "").statusCode())
          .isEqualTo(200);
    }
  }

  @Test
  void manyIdleConnections_areClosed() throws Exception {
    idle(500);
  }

  @Test
  @Tag("long")
  void tenThousandIdleConnections_areClosed() throws Exception {
    idle(10_000);
  }

  private static void idle(int connections) throws Exception {
    Process clients =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                IdleClients.class.getName(),
                String.valueOf(centre.centre.port()),
                String.valueOf(connections))
            .redirectErrorStream(true)
            .start();
    try (BufferedReader said = clients.inputReader()) {
      assertThat(said.readLine()).isEqualTo("open");
      assertThat(centre.isAlive()).isTrue();
      assertThat(said.readLine()).isEqualTo("closed");
    } finally {
      clients.destroyForcibly();
    }
  }

  private static void write(OutputStream out, String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  private static long usedAfterCollection() {
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }
}
