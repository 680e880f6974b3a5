package dev.rollcall.server.standard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.server.Server;
import dev.rollcall.server.CentreLimits;
import java.net.InetAddress;
import java.net.InetSocketAddress;
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
  void s5AndConsul_showTheSameServices() throws Exception {
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
          .contains("rollcall_services", "rollcall_requests_seconds_count{api=\"s5\"");
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
                (ctx, req) -> {
                  asked.add(req.path());
                  return HttpResponse.ofRedirect("http://169.254.169.254/");
                })
            .build();
    target.start().join();
    try (RunningCentre centre = new RunningCentre(CentreLimits.standard())) {
      String registration =
          """
          {"Name":"a","Address":"127.0.0.1","Port":80,"Checks":[
          {"CheckID":"redirected","HTTP":"http://127.0.0.1:%d/","Interval":"1s","Timeout":"1s"},
          {"CheckID":"foreign","HTTP":"http://203.0.113.7/","Interval":"1s","Timeout":"1s"}]}"""
              .formatted(target.activeLocalPort());
      int status = centre.send("PUT", "/v1/agent/service/register", registration).statusCode();
      if (status == 200) {
        await().atMost(Duration.ofMinutes(1)).until(() -> asked.size() >= 2);
        await()
            .atMost(Duration.ofMinutes(1))
            .until(
                () ->
                    centre
                        .send("GET", "/metrics", "")
                        .body()
                        .lines()
                        .anyMatch(
                            line ->
                                line.startsWith("rollcall_outbound_calls_total{end=\"refused\"}")
                                    && !line.endsWith(" 0.0")));
        assertThat(centre.send("GET", "/v1/health/service/a?passing", "").body().strip())
            .isEqualTo("[]");
      } else {
        assertThat(status).isIn(400, 422);
      }
    } finally {
      target.stop();
    }
  }
}
