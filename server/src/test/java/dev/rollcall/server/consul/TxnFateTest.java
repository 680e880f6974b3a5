package dev.rollcall.server.consul;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.rollcall.server.Centre;
import dev.rollcall.testkit.server.ConsulServer;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Transactions at a real agent and at the centre, operation by operation: the same answer, and the
 * same keys and catalog afterwards. {@code INDEX(key)} stands for what each of the two says is the
 * key's index, {@code SESSION(n)} for a session of each.
 */
@Timeout(1_800)
class TxnFateTest {
  private static final Pattern INDEX = Pattern.compile("INDEX\\(([^)]*)\\)");
  private static final Pattern SESSION = Pattern.compile("SESSION\\((\\d)\\)");

  /** The centre does not know the index of a transaction that is not done yet. */
  private static final Pattern NUMBER_IN_WORDS =
      Pattern.compile("index (\\d+|of this transaction) != \\d+");

  private static final List<String> KEYS = List.of("t/a", "t/b", "t/b/c", "t", "u", "t/lock");

  /**
   * Those that are locked. A plain write sets an agent's count of locks back, and so it is a write
   * of something else where the value is as it was; the centre keeps the count (decision 17).
   */
  private static final Set<String> LOCKED = Set.of("held", "t/lock");

  private static final List<String> VERBS =
      List.of(
          "set",
          "set",
          "cas",
          "cas",
          "get",
          "get-tree",
          "check-index",
          "check-not-exists",
          "check-session",
          "delete",
          "delete-cas",
          "delete-tree",
          "lock",
          "unlock",
          "bogus");

  private static ConsulServer consul;
  private static Centre centre;
  private static Server real;
  private static Server ours;

  /** One of the two, with its sessions. */
  private static final class Server {
    final Client client;
    final List<String> sessions = new ArrayList<>();

    Server(String base, String node) {
      client = new Client(base);
      for (int i = 0; i < 3; i++) {
        HttpResponse<String> created =
            client.put(
                "/session/create",
                "{\"LockDelay\":\"0s\",\"Node\":\"" + node + "\",\"NodeChecks\":[]}");
        sessions.add(json(created).get("ID").asText());
      }
      client.put("/session/destroy/" + sessions.get(2), "");
    }

    /** Returns what a text means to this server. */
    String own(String text) {
      Matcher session = SESSION.matcher(text);
      String known = session.replaceAll(found -> sessions.get(Integer.parseInt(found.group(1))));
      Matcher index = INDEX.matcher(known);
      return index.replaceAll(
          found -> {
            HttpResponse<String> pair = client.get("/kv/" + found.group(1));
            return pair.statusCode() == 200
                ? json(pair).get(0).get("ModifyIndex").asText()
                : "4000000000000000";
          });
    }

    String answer(String transaction) {
      HttpResponse<String> response = client.put("/txn", own(transaction));
      return response.statusCode() == 200 || response.statusCode() == 409
          ? neutral(Normal.of(response, "nowhere"))
          : "refused " + response.statusCode();
    }

    /** Takes out what differs from one server to the next. */
    String neutral(String said) {
      String neutral =
          NUMBER_IN_WORDS
              .matcher(said)
              .replaceAll("index … != …")
              // Of a check without a service; a list that is empty is an empty list here.
              .replace("\"ServiceTags\" : null", "\"ServiceTags\" : [ ]");
      for (int i = 0; i < sessions.size(); i++) {
        neutral = neutral.replace(sessions.get(i), "session " + i);
      }
      return neutral;
    }

    /** Returns the keys with values, flags and holders, and whether their indexes are alike. */
    String state() {
      HttpResponse<String> all = client.get("/kv/?recurse");
      if (all.statusCode() != 200) {
        return "none";
      }
      Map<Long, Integer> ranks = new HashMap<>();
      return IntStream.range(0, json(all).size())
          .mapToObj(
              i -> {
                JsonNode pair = json(all).get(i);
                String key = pair.get("Key").asText();
                int rank =
                    LOCKED.contains(key)
                        ? -1
                        : ranks.computeIfAbsent(
                            pair.get("ModifyIndex").asLong(), at -> ranks.size());
                return key
                    + "="
                    + pair.get("Value").asText()
                    + " "
                    + pair.get("Flags")
                    + " "
                    + neutral(pair.path("Session").asText(""))
                    + " #"
                    + rank;
              })
          .collect(Collectors.joining("\n"));
    }
  }

  private static JsonNode json(HttpResponse<String> response) {
    return Json.parse(response.body().getBytes(StandardCharsets.UTF_8));
  }

  @BeforeAll
  static void start() {
    consul = ConsulServer.builder().hcl("performance{raft_multiplier=1}").launch();
    centre = CentreUnderTest.start("memory:", 0, consul.name());
    real = new Server(consul.endpoint() + "/v1", consul.name());
    ours = new Server(centre.uri() + "/v1", consul.name());
  }

  @AfterAll
  static void stop() {
    centre.close();
    consul.close();
  }

  @BeforeEach
  void clear() {
    for (Server each : List.of(real, ours)) {
      each.client.send("DELETE", "/kv/?recurse", "").join();
      each.client.put("/catalog/deregister", "{\"Node\":\"ext\"}");
      each.client.put("/kv/t/a?flags=7", "one");
      each.client.put("/kv/t/b", "two");
      each.client.put("/kv/held?acquire=" + each.sessions.get(0), "three");
    }
  }

  private static void requireSame(String transaction) {
    assertThat(ours.answer(transaction)).as(transaction).isEqualTo(real.answer(transaction));
    assertThat(ours.state()).as("after %s", transaction).isEqualTo(real.state());
  }

  private static String kv(String verb, String key, String more) {
    return "{\"KV\":{\"Verb\":\"" + verb + "\",\"Key\":\"" + key + "\"" + more + "}}";
  }

  private static String value(String text) {
    return ",\"Value\":\""
        + Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8))
        + "\"";
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[]",
        "[{}]",
        "[{\"KV\":null}]",
        "[{\"KV\":{}}]",
        "[{\"KV\":{\"Verb\":\"set\"}}]",
        "[{\"KV\":{\"Verb\":\"get-tree\",\"Key\":\"\"}}]",
        "[{\"KV\":{\"Verb\":\"delete-tree\",\"Key\":\"\"}}]",
        "[{\"KV\":{\"Verb\":\"set\",\"Key\":\"x\",\"Value\":null}}]",
        "[{\"KV\":{\"Verb\":\"set\",\"Key\":\"x\",\"Value\":\"%%\"}}]",
        "[{\"KV\":{\"Verb\":\"set\",\"Key\":\"x\",\"Flags\":18446744073709551615}}]",
        "[{\"KV\":{\"Verb\":\"set\",\"Key\":\"x\",\"Flags\":-1}}]",
        "[{\"kv\":{\"verb\":\"set\",\"key\":\"x\"}}]",
        "[{\"KV\":{\"Verb\":\"lock\",\"Key\":\"t/a\"}}]",
        "[{\"KV\":{\"Verb\":\"lock\",\"Key\":\"t/a\",\"Session\":\"nope\"}}]",
        "[{\"KV\":{\"Verb\":\"unlock\",\"Key\":\"t/a\"}}]",
        "{}",
        "[1]",
        "",
        "nonsense",
      })
  void particular(String transaction) {
    requireSame(transaction);
  }

  @Test
  void eachVerb_onEachKindOfKey() {
    for (String verb : new TreeSet<>(VERBS)) {
      List<String> sessions =
          verb.endsWith("lock") || verb.equals("check-session")
              ? List.of("", "SESSION(0)", "SESSION(1)", "SESSION(2)")
              : List.of("SESSION(1)");
      boolean compares = verb.endsWith("cas") || verb.equals("check-index");
      for (String key : List.of("t/a", "nope", "held", "")) {
        List<String> indexes =
            compares && !key.isEmpty() ? List.of("0", "1", "INDEX(" + key + ")") : List.of("1");
        for (String index : indexes) {
          for (String session : sessions) {
            clear();
            String more =
                value("new")
                    + ",\"Index\":"
                    + index
                    + ",\"Session\":\""
                    + session
                    + "\",\"Flags\":3";
            requireSame("[" + kv(verb, key, more) + "]");
          }
        }
      }
    }
  }

  @Test
  void manyOperations() {
    String one = kv("set", "many", "");
    requireSame("[" + String.join(",", Collections.nCopies(64, one)) + "]");
    String tooMany = "[" + String.join(",", Collections.nCopies(65, one)) + "]";
    for (Server each : List.of(real, ours)) {
      HttpResponse<String> refused = each.client.put("/txn", tooMany);
      assertThat(refused.statusCode()).isEqualTo(413);
      assertThat(refused.body()).isEqualTo("Transaction contains too many operations (65 > 64)");
    }
    String large = "[" + kv("set", "large", value("x".repeat(400 * 1024))) + "]";
    for (Server each : List.of(real, ours)) {
      HttpResponse<String> refused = each.client.put("/txn", large);
      assertThat(refused.statusCode()).isEqualTo(413);
      assertThat(refused.body()).contains("too large", "524288 bytes");
    }
  }

  private static String operation(Random random) {
    String verb = VERBS.get(random.nextInt(VERBS.size()));
    boolean locks = verb.endsWith("lock");
    String key = locks ? "t/lock" : KEYS.get(random.nextInt(KEYS.size()));
    StringBuilder more = new StringBuilder();
    if (random.nextInt(4) != 0) {
      more.append(value("v" + random.nextInt(100)));
    }
    if (random.nextInt(3) == 0) {
      more.append(",\"Flags\":").append(random.nextInt(5));
    }
    if (random.nextInt(5) != 0) {
      String other = KEYS.get(random.nextInt(KEYS.size()));
      boolean isAlike = !LOCKED.contains(key) && !LOCKED.contains(other);
      String of = isAlike && random.nextInt(4) == 0 ? other : key;
      more.append(",\"Index\":").append(random.nextInt(4) == 0 ? "0" : "INDEX(" + of + ")");
    }
    if (random.nextInt(4) != 0) {
      more.append(",\"Session\":\"SESSION(").append(random.nextInt(2)).append(")\"");
    }
    return kv(verb, key, more.toString());
  }

  private static void requireSame(int times) {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int i = 0; i < times; i++) {
      String transaction =
          IntStream.range(0, 1 + random.nextInt(4))
              .mapToObj(n -> operation(random))
              .collect(Collectors.joining(",", "[", "]"));
      try {
        requireSame(transaction);
      } catch (AssertionError differs) {
        throw new AssertionError("seed " + seed + ", transaction " + i, differs);
      }
    }
  }

  @Test
  void manyTransactions() {
    requireSame(150);
  }

  @Test
  @Tag("long")
  void tenThousandTransactions() {
    requireSame(10_000);
  }

  // ---- the catalog

  private static void requireSameCatalog(String transaction) {
    assertThat(ours.answer(transaction)).as(transaction).isEqualTo(real.answer(transaction));
    for (String path : List.of("/catalog/node/ext", "/health/node/ext", "/health/service/db")) {
      assertThat(ours.neutral(Normal.of(ours.client.get(path), "nowhere")))
          .as("%s after %s", path, transaction)
          .isEqualTo(real.neutral(Normal.of(real.client.get(path), "nowhere")));
    }
  }

  private static String node(String verb, String more) {
    return "{\"Node\":{\"Verb\":\"" + verb + "\",\"Node\":{\"Node\":\"ext\"" + more + "}}}";
  }

  private static String service(String verb, String more) {
    return "{\"Service\":{\"Verb\":\""
        + verb
        + "\",\"Node\":\"ext\",\"Service\":{\"ID\":\"db1\",\"Service\":\"db\""
        + more
        + "}}}";
  }

  private static String check(String verb, String more) {
    return "{\"Check\":{\"Verb\":\""
        + verb
        + "\",\"Check\":{\"Node\":\"ext\",\"CheckID\":\"c1\",\"Name\":\"check\""
        + more
        + "}}}";
  }

  @Test
  void catalogVerbs() {
    String address = ",\"Address\":\"10.0.0.9\",\"Meta\":{\"k\":\"v\"}";
    String port = ",\"Port\":5432,\"Address\":\"10.0.0.8\",\"Tags\":[\"a\"],\"Meta\":{\"m\":\"n\"}";
    String status = ",\"Status\":\"passing\",\"ServiceID\":\"db1\",\"Output\":\"fine\"";
    for (String transaction :
        List.of(
            node("get", ""),
            service("get", ""),
            check("get", ""),
            service("set", port),
            check("set", status),
            node("set", address) + "," + check("set", status),
            node("set", address),
            node("get", ""),
            node("cas", ",\"ModifyIndex\":1" + address),
            node("delete-cas", ",\"ModifyIndex\":1"),
            check("set", status),
            service("set", port),
            service("get", ""),
            service("cas", ",\"ModifyIndex\":1" + port),
            service("cas", port),
            service("delete-cas", ",\"ModifyIndex\":1"),
            check("set", status),
            check("get", ""),
            check("set", ",\"Status\":\"warning\""),
            check("cas", ",\"ModifyIndex\":1" + status),
            check("delete-cas", ",\"ModifyIndex\":1"),
            check("bogus", "") + "," + node("bogus", "") + "," + service("bogus", ""),
            check("delete", "") + "," + node("get", "") + "," + check("get", ""),
            check("delete", ""),
            service("delete", "") + "," + service("get", ""),
            service("delete", ""),
            service("delete", ""),
            node("delete", ""),
            node("delete", ""),
            node("set", address)
                + ","
                + service("set", port)
                + ","
                + check("set", status)
                + ","
                + service("get", "")
                + ","
                + node("get", ""),
            node("delete", "") + "," + node("get", ""))) {
      requireSameCatalog("[" + transaction + "]");
    }
  }

  @Test
  void catalogCompareAndSet_goesByTheIndexThatIsShown() {
    for (Server each : List.of(real, ours)) {
      each.client.put(
          "/txn", "[" + node("set", ",\"Address\":\"10.0.0.9\"") + "," + service("set", "") + "]");
      JsonNode shown = json(each.client.get("/catalog/node/ext"));
      long ofNode = shown.get("Node").get("ModifyIndex").asLong();
      long ofService = shown.get("Services").get("db1").get("ModifyIndex").asLong();
      String right =
          "["
              + node("cas", ",\"Address\":\"10.0.0.7\",\"ModifyIndex\":" + ofNode)
              + ","
              + service("cas", ",\"Port\":1,\"ModifyIndex\":" + ofService)
              + "]";
      assertThat(each.client.put("/txn", right).statusCode()).isEqualTo(200);
      assertThat(each.client.put("/txn", right).statusCode()).isEqualTo(409);
      assertThat(each.client.get("/catalog/node/ext").body()).contains("10.0.0.7");
    }
  }
}
