package dev.rollcall.server.standard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.server.Server;
import dev.rollcall.server.CentreLimits;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

@Execution(ExecutionMode.CONCURRENT)
@Timeout(120)
class StandardCentreTest {

  @Test
  void bothProtocols_showTheSameServices() throws Exception {
    List<String> patches = new CopyOnWriteArrayList<>();
    Server program =
        Server.builder()
            .http(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .service("/heartbeat", (ctx, req) -> HttpResponse.of(200))
            .service(
                "/services",
                (ctx, req) ->
                    HttpResponse.of(
                        req.aggregate()
                            .thenApply(
                                body -> {
                                  patches.add(body.contentUtf8());
                                  return HttpResponse.of(200);
                                })))
            .build();
    program.start().join();
    String url = "http://127.0.0.1:" + program.activeLocalPort();
    try (RunningCentre centre = new RunningCentre(CentreLimits.standard())) {
      String registration =
          """
          {"ServiceName":"Portal","ServiceURL":"%s","RequiredServices":["orders"],\
          "ServiceUpdateURL":"%s/services","HeartbeatURL":"%s/heartbeat"}"""
              .formatted(url, url, url);
      assertThat(centre.send("POST", "/services", registration).statusCode()).isEqualTo(200);
      await()
          .atMost(Duration.ofMinutes(1))
          .until(
              () ->
                  centre
                      .send("GET", "/v1/health/service/Portal?passing", "")
                      .body()
                      .contains("\"Portal\""));

      assertThat(
              centre
                  .send(
                      "PUT",
                      "/v1/agent/service/register",
                      "{\"Name\":\"orders\",\"Address\":\"10.0.0.7\",\"Port\":8080}")
                  .statusCode())
          .isEqualTo(200);
      await()
          .atMost(Duration.ofMinutes(1))
          .untilAsserted(
              () ->
                  assertThat(patches)
                      .containsExactly(
                          "{\"Added\":[{\"Name\":\"orders\",\"URL\":\"http://10.0.0.7:8080\"}],"
                              + "\"Removed\":[]}"));
      assertThat(centre.send("GET", "/", "").body()).startsWith("<!doctype html>");
      assertThat(centre.send("GET", "/metrics", "").body())
          .contains("rollcall_services", "rollcall_requests_seconds_count{api=\"dependencies\"");
    } finally {
      program.stop();
    }
  }

  @Test
  void checkOfConsul_isCalledUnderThePolicy() throws Exception {
    List<String> asked = new CopyOnWriteArrayList<>();
    Server target =
        Server.builder()
            .http(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .serviceUnder(
                "/",
                (ctx, req) ->
                    HttpResponse.of(
                        req.aggregate()
                            .thenApply(
                                whole -> {
                                  asked.add(
                                      whole.method()
                                          + " "
                                          + whole.path()
                                          + " "
                                          + whole.headers().get("x-ping")
                                          + " "
                                          + whole.contentUtf8());
                                  return HttpResponse.ofRedirect("http://169.254.169.254/");
                                })))
            .build();
    target.start().join();
    try (RunningCentre centre = new RunningCentre(CentreLimits.standard())) {
      String registration =
          """
          {"Name":"a","Address":"127.0.0.1","Port":80,"Checks":[
          {"CheckID":"redirected","HTTP":"http://127.0.0.1:%d/","Interval":"1s","Timeout":"1s",
           "Method":"POST","Header":{"X-Ping":["1"]},"Body":"ping"}]}"""
              .formatted(target.activeLocalPort());
      assertThat(centre.send("PUT", "/v1/agent/service/register", registration).statusCode())
          .isEqualTo(200);
      await().atMost(Duration.ofMinutes(1)).until(() -> asked.size() >= 2);
      assertThat(asked.get(0)).isEqualTo("POST / 1 ping");
      assertThat(centre.send("GET", "/v1/health/service/a?passing", "").body().strip())
          .isEqualTo("[]");
    } finally {
      target.stop();
    }
  }

  @Test
  void checkThatIsNeverCalled_isRefusedBeforeAnythingIsStored() throws Exception {
    try (RunningCentre centre = new RunningCentre(CentreLimits.standard())) {
      for (String[] target :
          new String[][] {
            {"HTTP", "http://169.254.169.254/"},
            {"HTTP", "http://203.0.113.7/"},
            {"HTTP", "http://127.0.0.1:6379/"},
            {"TCP", "169.254.169.254:80"},
            {"TCP", "203.0.113.7:80"},
            {"TCP", "203.0.113.7:22"},
            {"HTTP", "http://127.0.0.1:25/"},
          }) {
        refusesCheck(centre, target[0], target[1]);
      }
      assertThat(centre.send("GET", "/v1/agent/services", "").body().strip()).isEqualTo("{}");
      assertThat(centre.send("GET", "/v1/agent/checks", "").body().strip()).isEqualTo("{}");
    }
  }

  @Test
  void checksOfOnesOwnMachine_needNoListOfPorts_andOneOfTenThatIsRefusedIsNamed() throws Exception {
    try (RunningCentre centre = new RunningCentre(CentreLimits.standard());
        ServerSocket redis = listenOn(6665, 6666, 6667, 6668, 6669, 6679, 10080)) {
      assertThat(
              centre
                  .send(
                      "PUT",
                      "/v1/agent/service/register",
                      "{\"Name\":\"redis\",\"Check\":{\"TCP\":\"localhost:"
                          + redis.getLocalPort()
                          + "\",\"Interval\":\"1s\"}}")
                  .statusCode())
          .isEqualTo(200);
      await()
          .atMost(Duration.ofMinutes(1))
          .until(
              () ->
                  centre
                      .send("GET", "/v1/health/service/redis?passing", "")
                      .body()
                      .contains("\"redis\""));
      for (String target :
          List.of("127.0.0.1:6379", "127.0.0.1:25", "localhost:53", "[::1]:11211")) {
        assertThat(
                centre
                    .send(
                        "PUT",
                        "/v1/agent/check/register",
                        "{\"Name\":\"c\",\"TCP\":\"" + target + "\",\"Interval\":\"1h\"}")
                    .statusCode())
            .as(target)
            .isEqualTo(200);
      }
      StringBuilder ten = new StringBuilder();
      for (int i = 1; i <= 10; i++) {
        ten.append(i == 1 ? "" : ",")
            .append(
                i == 7
                    ? "{\"CheckID\":\"seventh\",\"TCP\":\"203.0.113.7:25\",\"Interval\":\"1s\"}"
                    : "{\"CheckID\":\"c" + i + "\",\"TTL\":\"1h\"}");
      }
      String body = "{\"Name\":\"ten\",\"Checks\":[" + ten + "]}";
      assertThat(centre.send("PUT", "/v1/agent/service/register", body).body())
          .contains("TCP: ", "(check seventh)");
      assertThat(
              centre
                  .send(
                      "PUT",
                      "/v1/agent/service/register",
                      body.replace("203.0.113.7:25", "no target"))
                  .body())
          .contains("TCP: ", "(check 7 of 10)");
    }
  }

  private static ServerSocket listenOn(int... ports) throws IOException {
    for (int port : ports) {
      try {
        return new ServerSocket(port, 50, InetAddress.getByName("localhost"));
      } catch (BindException taken) {
        // The next one, then.
      }
    }
    throw new IOException("all ports are taken");
  }

  private static void refusesCheck(RunningCentre centre, String field, String target)
      throws Exception {
    String check =
        "{\"Name\":\"c\",\"CheckID\":\"c\",\"%s\":\"%s\",\"Interval\":\"1s\"}"
            .formatted(field, target);
    String ttl = "{\"CheckID\":\"t\",\"TTL\":\"1h\"}";
    for (String[] call :
        new String[][] {
          {"service", "{\"Name\":\"a\",\"Port\":80,\"Check\":" + check + "}"},
          {"service", "{\"Name\":\"a\",\"Port\":80,\"Checks\":[" + ttl + "," + check + "]}"},
          {"check", check},
        }) {
      java.net.http.HttpResponse<String> answer =
          centre.send("PUT", "/v1/agent/" + call[0] + "/register", call[1]);
      assertThat(answer.statusCode()).isEqualTo(400);
      assertThat(answer.body())
          .startsWith("Invalid check: " + field + ": ")
          .contains("(expected: the address that registers, or one that the operator allows");
    }
  }
}
