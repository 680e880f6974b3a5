package dev.rollcall.server.consul;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.rollcall.testkit.server.ConsulServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Tells a real agent and a centre the same, kills both, and compares what comes back. */
@Timeout(180)
class RestoredAgentTest {
  @TempDir Path folder;

  private static final List<List<String>> TOLD =
      List.of(
          List.of(
              "/agent/service/register",
              "{\"ID\":\"w1\",\"Name\":\"web\",\"Address\":\"10.0.0.1\",\"Port\":80,\"Tags\":[\"a\"],"
                  + "\"Meta\":{\"k\":\"v\"},\"Weights\":{\"Passing\":3,\"Warning\":2},\"Checks\":["
                  + "{\"CheckID\":\"passed\",\"TTL\":\"1h\"},"
                  + "{\"CheckID\":\"failed\",\"TTL\":\"1h\",\"Status\":\"passing\"},"
                  + "{\"CheckID\":\"silent\",\"TTL\":\"1h\",\"Status\":\"passing\",\"Notes\":\"n\"},"
                  + "{\"CheckID\":\"short\",\"TTL\":\"1s\"},"
                  + "{\"CheckID\":\"tt\",\"HTTP\":\"http://127.0.0.1:1/\",\"Interval\":\"1h\","
                  + "\"Status\":\"passing\"}]}"),
          List.of("/agent/service/register", "{\"Name\":\"bare\"}"),
          List.of("/agent/service/register", "{\"Name\":\"gone\"}"),
          List.of("/agent/check/register", "{\"Name\":\"node check\",\"TTL\":\"1h\"}"),
          List.of("/agent/check/pass/passed?note=well", ""),
          List.of("/agent/check/pass/short", ""),
          List.of("/agent/check/fail/failed?note=ill", ""),
          List.of("/agent/check/pass/node%20check?note=so", ""),
          List.of("/agent/service/maintenance/bare?enable=true&reason=why", ""),
          List.of("/agent/service/deregister/gone", ""));

  @Test
  void restored_isAsWithARealAgent() throws Exception {
    try (ConsulServer consul = ConsulServer.builder().persistent().launch()) {
      Path data = folder.resolve("data");
      String name = consul.name();
      Client real = new Client(consul.endpoint() + "/v1");
      try (CentreProcess centre = CentreProcess.start("memory:", name, data)) {
        Client ours = centre.awaitReady();
        for (List<String> each : TOLD) {
          assertThat(ours.put(each.get(0), each.get(1)).statusCode())
              .as(each.get(0))
              .isEqualTo(real.put(each.get(0), each.get(1)).statusCode());
        }
        consul.kill();
        centre.kill();
        long began = System.nanoTime();
        await().until(() -> System.nanoTime() - began > 2_100_000_000L); // "short" is over
      }
      consul.start();
      try (CentreProcess centre = CentreProcess.start("memory:", name, data)) {
        Client ours = centre.awaitReady();
        for (String path :
            List.of("/agent/services", "/agent/checks", "/catalog/service/web", "/kv/x")) {
          await()
              .atMost(Duration.ofMinutes(1))
              .untilAsserted(
                  () ->
                      assertThat(Normal.of(ours.get(path), "SERVER"))
                          .as(path)
                          .isEqualTo(Normal.of(real.get(path), "SERVER")));
        }
      }
    }
  }
}
