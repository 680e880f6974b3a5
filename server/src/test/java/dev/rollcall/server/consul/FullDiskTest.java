package dev.rollcall.server.consul;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A disk that takes no more, by the limit on the size of a process's files. */
@Timeout(180)
class FullDiskTest {
  private static final String VALUE = "x".repeat(200_000);

  @TempDir Path folder;

  private CentreProcess start() throws Exception {
    return CentreProcess.start(
        "memory:",
        "n1",
        folder.resolve("data"),
        "bash",
        "-c",
        "ulimit -S -f 1024 && exec \"$@\"", // KiB
        "bash");
  }

  @Test
  void writesThatCannotBeKept_areRefused_untilThereIsRoom_andTheRestGoesOn() throws Exception {
    List<String> answered = new ArrayList<>();
    try (CentreProcess centre = start()) {
      Client client = centre.awaitReady();
      assertThat(
              client
                  .put(
                      "/agent/service/register",
                      "{\"Name\":\"web\",\"Check\":{\"CheckID\":\"c\",\"TTL\":\"1h\"}}")
                  .statusCode())
          .isEqualTo(200);
      HttpResponse<String> last = null;
      for (int i = 0; i < 100 && (last == null || last.statusCode() == 200); i++) {
        last = client.put("/kv/key-" + i, VALUE);
        if (last.statusCode() == 200) {
          answered.add("key-" + i);
        }
      }
      assertThat(last.statusCode()).isEqualTo(500);
      assertThat(last.body()).startsWith("not kept: ");
      assertThat(answered).hasSizeBetween(3, 4); // of which a fifth never finds room

      HttpResponse<String> late = client.put("/agent/service/register", "{\"Name\":\"late\"}");
      assertThat(late.statusCode()).isEqualTo(500);
      assertThat(late.body()).startsWith("not kept: ");
      for (String operation :
          List.of(
              "{\"KV\":{\"Verb\":\"set\",\"Key\":\"late\",\"Value\":\"MQ==\"}}",
              "{\"Node\":{\"Verb\":\"set\",\"Node\":{\"Node\":\"late\",\"Address\":\"10.0.0.1\"}}}")) {
        HttpResponse<String> refused = client.put("/txn", "[" + operation + "]");
        assertThat(refused.statusCode()).isEqualTo(500);
        assertThat(refused.body()).startsWith("not kept: ");
      }
      assertThat(client.get("/kv/late").statusCode()).isEqualTo(404);
      assertThat(client.get("/agent/services").body()).contains("web").doesNotContain("late");
      assertThat(client.put("/agent/check/pass/c", "").statusCode()).isEqualTo(200);
      assertThat(client.get("/health/service/web?passing").body()).contains("\"web\"");
      assertThat(client.put("/agent/service/deregister/web", "").statusCode()).isEqualTo(500);
      assertThat(centre.isAlive()).isTrue();
      centre.kill();
    }
    try (CentreProcess centre = start()) {
      Client client = centre.awaitReady();
      for (String key : answered) {
        assertThat(client.get("/kv/" + key + "?raw").body()).as(key).isEqualTo(VALUE);
      }
      assertThat(client.get("/agent/services").body()).contains("web").doesNotContain("late");
      HttpResponse<String> refused = client.put("/kv/more", VALUE + VALUE);
      assertThat(refused.statusCode()).as("nothing has made room").isEqualTo(500);

      Process more =
          new ProcessBuilder("prlimit", "--pid=" + centre.pid(), "--fsize=unlimited").start();
      assertThat(more.waitFor()).isZero();
      await()
          .atMost(Duration.ofMinutes(1))
          .until(() -> client.put("/kv/again", "1").statusCode() == 200);
      assertThat(client.get("/kv/more?raw").body()).as("written late").startsWith(VALUE);
      centre.kill();
    }
    try (CentreProcess centre = start()) {
      Client client = centre.awaitReady();
      assertThat(client.get("/kv/again?raw").body()).isEqualTo("1");
      assertThat(client.get("/kv/more?raw").body()).startsWith(VALUE);
      for (String key : answered) {
        assertThat(client.get("/kv/" + key + "?raw").body()).as(key).isEqualTo(VALUE);
      }
    }
  }
}
