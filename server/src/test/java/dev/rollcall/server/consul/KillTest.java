package dev.rollcall.server.consul;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills a real process with {@code kill -9} while clients register, deregister, write and delete:
 * after the restart, everything is as the last answer said. What was not answered may have been
 * done, or not.
 */
class KillTest {
  private static final int CLIENTS = 16;
  private static final int NAMES = 40;
  private static final long PACE_NANOS = TimeUnit.MILLISECONDS.toNanos(12);
  private static final int MOST_FILE_BYTES = 64 << 20;
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String GONE = "";

  @TempDir Path temporary;

  /** What there may be, each with the states that are right: one, or two where nobody knows. */
  private final Map<String, List<String>> expected = new TreeMap<>();

  private long answered;

  @Test
  @Timeout(300)
  void acknowledged_isThereAfterEachKill() throws Exception {
    kill(6);
  }

  @Test
  @Tag("long")
  @Timeout(7_200)
  void acknowledged_isThereAfterAThousandKills() throws Exception {
    kill(Integer.getInteger("rollcall.kills", 1_000));
  }

  private void kill(int times) throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    Path data = temporary.resolve("data");
    long loadedMillis = 0;
    long highest = 0;
    ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
    try {
      for (int round = 0; round <= times; round++) {
        if (random.nextInt(8) == 0) {
          try (CentreProcess early = CentreProcess.start("memory:", "n1", data)) {
            early.live(random.nextInt(1_500));
            early.kill();
          }
        }
        try (CentreProcess centre = CentreProcess.start("memory:", "n1", data)) {
          Client client = centre.awaitReady();
          highest = verify(client, highest, "seed " + seed + ", kill " + round);
          if (round == times) {
            break;
          }
          List<Future<Map<String, List<String>>>> running = new ArrayList<>();
          for (int i = 0; i < CLIENTS; i++) {
            int number = i;
            Random own = new Random(random.nextLong());
            running.add(clients.submit(() -> load(client, number, own)));
          }
          long lives = random.nextInt(random.nextInt(5) == 0 ? 3_000 : 500);
          loadedMillis += lives;
          centre.live(lives);
          centre.kill();
          for (Future<Map<String, List<String>>> load : running) {
            expected.putAll(load.get(60, TimeUnit.SECONDS));
          }
        }
        assertThat(Files.size(data.resolve("centre.mv"))).isLessThan(MOST_FILE_BYTES);
      }
    } finally {
      clients.shutdownNow();
    }
    System.out.printf(
        "%d kills, %d changes acknowledged in %d ms under load, seed %d%n",
        times, answered, loadedMillis, seed);
    assertThat(answered).isPositive();
  }

  /** Changes what is this client's alone, one after the other, until the centre is gone. */
  private Map<String, List<String>> load(Client centre, int client, Random random) {
    Map<String, List<String>> states = new HashMap<>();
    long count = 0;
    long due = System.nanoTime();
    while (true) {
      String name = client + "-" + random.nextInt(NAMES);
      String value = random.nextInt(5) == 0 ? GONE : Long.toHexString(random.nextLong());
      boolean isKey = random.nextInt(3) == 0;
      boolean isCatalog = !isKey && random.nextInt(4) == 0;
      String key = (isKey ? "key/" : isCatalog ? "node/" : "service/") + name;
      List<String> before = states.get(key);
      if (before == null) {
        synchronized (expected) {
          before = expected.getOrDefault(key, List.of(GONE));
        }
      }
      try {
        due += PACE_NANOS * (1 + random.nextInt(3));
        while (System.nanoTime() < due) {
          TimeUnit.NANOSECONDS.sleep(due - System.nanoTime());
        }
        int status =
            (isKey
                ? writeKey(centre, name, value)
                : isCatalog ? writeNode(centre, name, value) : writeService(centre, name, value));
        assertThat(status).as(key).isEqualTo(200);
        states.put(key, List.of(value));
        count++;
      } catch (CompletionException killed) {
        states.put(key, List.of(before.get(0), value));
        synchronized (expected) {
          answered += count;
        }
        return states;
      } catch (InterruptedException stop) {
        Thread.currentThread().interrupt();
        return states;
      }
    }
  }

  private static int writeKey(Client centre, String name, String value) {
    return value.equals(GONE)
        ? centre.send("DELETE", "/kv/key/" + name, "").join().statusCode()
        : centre.put("/kv/key/" + name + "?flags=" + name.length(), value).statusCode();
  }

  private static int writeNode(Client centre, String name, String value) {
    return value.equals(GONE)
        ? centre.put("/catalog/deregister", "{\"Node\":\"node-" + name + "\"}").statusCode()
        : centre
            .put(
                "/catalog/register",
                "{\"Node\":\"node-"
                    + name
                    + "\",\"Address\":\"10.0.0.1\",\"Service\":{\"ID\":\"of-"
                    + name
                    + "\",\"Service\":\"outside\",\"Port\":80,\"Meta\":{\"value\":\""
                    + value
                    + "\"}},\"Check\":{\"Name\":\"c\",\"ServiceID\":\"of-"
                    + name
                    + "\",\"Status\":\"passing\"}}")
            .statusCode();
  }

  private static int writeService(Client centre, String name, String value) {
    return value.equals(GONE)
        ? centre.put("/agent/service/deregister/service-" + name, "").statusCode()
        : centre
            .put(
                "/agent/service/register",
                "{\"ID\":\"service-"
                    + name
                    + "\",\"Name\":\"inside\",\"Port\":80,\"Meta\":{\"value\":\""
                    + value
                    + "\"},\"Check\":{\"CheckID\":\"check-"
                    + name
                    + "\",\"TTL\":\"1h\",\"Notes\":\""
                    + value
                    + "\"}}")
            .statusCode();
  }

  /** Compares everything with what was answered; returns the highest index there is. */
  private long verify(Client centre, long highest, String when) throws Exception {
    Map<String, String> found = new TreeMap<>();
    JsonNode checks = JSON.readTree(centre.get("/agent/checks").body());
    for (Map.Entry<String, JsonNode> service :
        JSON.readTree(centre.get("/agent/services").body()).properties()) {
      String name = service.getKey().substring("service-".length());
      String value = service.getValue().path("Meta").path("value").asText();
      found.put("service/" + name, value);
      assertThat(checks.path("check-" + name).path("Notes").asText()).as(when).isEqualTo(value);
    }
    for (JsonNode entry : JSON.readTree(centre.get("/health/service/outside").body())) {
      String name = entry.path("Node").path("Node").asText().substring("node-".length());
      found.put("node/" + name, entry.path("Service").path("Meta").path("value").asText());
      assertThat(entry.path("Checks").path(0).path("Status").asText())
          .as(when)
          .isEqualTo("passing");
    }
    long index = highest;
    String keys = centre.get("/kv/key/?recurse").body();
    for (JsonNode pair : keys.isEmpty() ? JSON.createArrayNode() : JSON.readTree(keys)) {
      String name = pair.path("Key").asText().substring("key/".length());
      found.put(
          "key/" + name,
          new String(Base64.getDecoder().decode(pair.path("Value").asText()), UTF_8));
      assertThat(pair.path("Flags").asLong()).as(when).isEqualTo(name.length());
      index = Math.max(index, pair.path("ModifyIndex").asLong());
    }
    expected.forEach(
        (key, states) ->
            assertThat(states)
                .as("%s: %s is %s", when, key, found.get(key))
                .contains(found.getOrDefault(key, GONE)));
    assertThat(expected.keySet()).as(when).containsAll(found.keySet());
    expected.replaceAll((key, states) -> List.of(found.getOrDefault(key, GONE)));

    assertThat(centre.put("/kv/index", "now").body()).isEqualTo("true");
    long next = JSON.readTree(centre.get("/kv/index").body()).path(0).path("ModifyIndex").asLong();
    assertThat(next).as(when).isGreaterThan(index);
    return next;
  }
}
