package dev.rollcall.server.standard;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.rollcall.server.CentreLimits;
import dev.rollcall.testkit.server.ConsulServer;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Keys and ids at a real agent and at the centre: what the centre takes it keeps byte for byte
 * through every call, and what it does not keep it refuses at the first.
 */
@Timeout(1_800)
class SameFateTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String[] PARTS = {
    "a", "b", "orders", "O1", "/", "/", "/", "//", ".", "..", "/../", ";", ";x=1", "%", "%2F", " ",
    "+", "~", "é", "ü", "日本", "😀", "=", "&", "?", "#", ":", "@", "\"", "'", "<", ">", "|", "^",
    "`", "{", "}", "[", "]", "(", ")", "*", "!", "$", ",", "-", "_", "\\", "\u200b", "\u00a0",
    "\u0001"
  };

  private static ConsulServer consul;
  private static RunningCentre centre;
  private static Server real;
  private static Server ours;

  /** One of the two, with a client that sends paths as they are. */
  private record Server(String base) {
    private static final HttpClient HTTP =
        HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    HttpResponse<String> send(String method, String path, String body)
        throws IOException, InterruptedException {
      return HTTP.send(
          HttpRequest.newBuilder(URI.create(base + path))
              .timeout(Duration.ofMinutes(1))
              .method(method, HttpRequest.BodyPublishers.ofString(body))
              .build(),
          HttpResponse.BodyHandlers.ofString());
    }

    boolean takes(String method, String path, String body)
        throws IOException, InterruptedException {
      HttpResponse<String> answer = send(method, path, body);
      return answer.statusCode() == 200 && !answer.body().strip().equals("false");
    }

    Set<String> keys() throws IOException, InterruptedException {
      HttpResponse<String> answer = send("GET", "/v1/kv/?keys", "");
      Set<String> keys = new TreeSet<>();
      if (answer.statusCode() == 200) {
        JSON.readTree(answer.body()).forEach(key -> keys.add(key.asText()));
      }
      return keys;
    }

    JsonNode services() throws IOException, InterruptedException {
      return JSON.readTree(send("GET", "/v1/agent/services", "").body());
    }
  }

  @BeforeAll
  static void start() {
    consul = ConsulServer.launch();
    centre = new RunningCentre(CentreLimits.standard());
    real = new Server(consul.endpoint());
    ours = new Server(centre.centre.uri().toString());
  }

  @AfterAll
  static void stop() {
    centre.close();
    consul.close();
  }

  /** Encodes what must be, and of the rest and the slashes some. */
  private static String encoded(String text, Random random) {
    StringBuilder encoded = new StringBuilder();
    boolean slashes = random.nextInt(4) == 0;
    boolean others = random.nextBoolean();
    text.codePoints()
        .forEach(
            c -> {
              String one = Character.toString(c);
              boolean raw =
                  (Character.isLetterOrDigit(c) && c < 0x80)
                      || "-._~".contains(one)
                      || (one.equals("/") && !slashes)
                      || ("!$&'()*+,;=:@".contains(one) && !others);
              encoded.append(
                  raw ? one : URLEncoder.encode(one, StandardCharsets.UTF_8).replace("+", "%20"));
            });
    return encoded.toString();
  }

  private static String text(Random random) {
    StringBuilder text = new StringBuilder();
    int parts = 1 + random.nextInt(5);
    for (int i = 0; i < parts; i++) {
      text.append(PARTS[random.nextInt(PARTS.length)]);
    }
    return random.nextInt(40) == 0 ? text + "x".repeat(random.nextInt(600)) : text.toString();
  }

  private static void requireFateOfKey(String key, Random random)
      throws IOException, InterruptedException {
    String path = "/v1/kv/" + encoded(key, random);
    String value = "v" + random.nextInt(1_000_000);
    boolean realTakes = real.takes("PUT", path, value);
    HttpResponse<String> first = ours.send("PUT", path, value);
    if (first.statusCode() != 200) {
      assertThat(first.statusCode()).as("%s at %s", key, path).isEqualTo(400);
      assertThat(mayBeRefused(key, 512) || !realTakes).as("refused: %s", key).isTrue();
      assertThat(ours.keys()).as("after a refusal of %s", path).isEmpty();
    } else {
      assertThat(ours.keys()).as(path).containsExactly(key);
      assertThat(ours.send("GET", path + "?raw", "").body()).as(path).isEqualTo(value);
      String listed = ours.send("GET", path + "?recurse", "").body();
      assertThat(JSON.readTree(listed).get(0).get("Key").asText()).isEqualTo(key);
      if (realTakes) {
        assertThat(real.keys()).as(path).containsExactly(key);
        assertThat(real.send("GET", path + "?raw", "").body()).as(path).isEqualTo(value);
      }
      assertThat(ours.takes("DELETE", path, "")).as(path).isTrue();
      assertThat(ours.keys()).as("after %s is deleted", path).isEmpty();
      assertThat(ours.send("GET", path, "").statusCode()).as(path).isEqualTo(404);
    }
    real.send("DELETE", "/v1/kv/?recurse", "");
  }

  private static void requireFateOfId(String id, Random random)
      throws IOException, InterruptedException {
    String path = encoded(id, random);
    String body =
        JSON.writeValueAsString(
            Map.of(
                "ID",
                id,
                "Name",
                "orders",
                "Port",
                80,
                "Check",
                Map.of("CheckID", "c:" + id, "TTL", "1h")));
    HttpResponse<String> first = ours.send("PUT", "/v1/agent/service/register", body);
    boolean realTakes = real.takes("PUT", "/v1/agent/service/register", body);
    if (first.statusCode() != 200) {
      assertThat(first.statusCode()).as("%s: %s", id, first.body()).isEqualTo(400);
      assertThat(mayBeRefused(id, 253) || !realTakes).as("refused: %s", id).isTrue();
      assertThat(ours.services()).as(id).isEmpty();
    } else {
      assertThat(ours.services().has(id)).as(id).isTrue();
      String found = ours.send("GET", "/v1/agent/service/" + path, "").body();
      assertThat(JSON.readTree(found).path("ID").asText()).as(path).isEqualTo(id);
      String check = encoded("c:" + id, random);
      for (List<String> call :
          List.of(
              List.of("PUT", "/v1/agent/check/pass/" + check),
              List.of("GET", "/v1/agent/health/service/id/" + path),
              List.of("PUT", "/v1/agent/service/maintenance/" + path + "?enable=true"),
              List.of("PUT", "/v1/agent/service/maintenance/" + path + "?enable=false"),
              List.of("PUT", "/v1/agent/check/deregister/" + check),
              List.of("PUT", "/v1/agent/service/deregister/" + path))) {
        assertThat(ours.send(call.get(0), call.get(1), "").statusCode())
            .as("%s of %s", call, id)
            .isEqualTo(200);
      }
      assertThat(ours.services()).as(id).isEmpty();
    }
    real.send("PUT", "/v1/agent/service/deregister/" + path, "");
  }

  /** What docs/centre.md says that the centre does not take, although an agent may. */
  private static boolean mayBeRefused(String text, int maxBytes) {
    String rest = text.endsWith("/") ? text.substring(0, text.length() - 1) : text;
    return text.getBytes(StandardCharsets.UTF_8).length > maxBytes - 2
        || text.indexOf('\\') >= 0
        || List.of(rest.split("/", -1)).stream()
            .anyMatch(segment -> List.of("", ".", "..").contains(segment.split(";", -1)[0]))
        || text.codePoints().anyMatch(c -> c < 0x20 || c == 0x200b || c == 0xa0);
  }

  private static void requireSameFates(int times) throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    try {
      for (int i = 0; i < times; i++) {
        requireFateOfKey(text(random), random);
        requireFateOfId(text(random), random);
      }
    } catch (AssertionError differs) {
      throw new AssertionError("seed " + seed, differs);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a;b",
        "a",
        "c//d",
        "c/d",
        "a/b/../c",
        "a/./b",
        "..",
        "/a",
        "a/",
        "a%2Fb",
        "é",
        "a b",
        "a+b"
      })
  void key(String key) throws Exception {
    List<Long> seeds = new ArrayList<>(List.of(1L, 2L, 3L, 4L));
    for (long seed : seeds) {
      requireFateOfKey(key, new Random(seed));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "orders/o1",
        "orders%2Fo1",
        "..;x",
        "a/.;x",
        "a;b",
        "a//b",
        "a/../b",
        "..",
        "/a",
        "a/",
        "a b",
        "a\\b"
      })
  void id(String id) throws Exception {
    for (long seed = 1; seed < 5; seed++) {
      requireFateOfId(id, new Random(seed));
    }
  }

  @Test
  void someHundredKeysAndIds() throws Exception {
    requireSameFates(150);
  }

  @Test
  @Tag("long")
  void tenThousandKeysAndIds() throws Exception {
    requireSameFates(10_000);
  }
}
