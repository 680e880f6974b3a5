package dev.rollcall.server.consul;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.rollcall.server.Centre;
import dev.rollcall.testkit.server.ConsulServer;
import dev.rollcall.testkit.server.EtcdServer;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** Two centres before one store: what a client does with one, it can go on with at the other. */
@Timeout(600)
class SeveralCentresTest {

  @Nested
  class BeforeEtcd extends Clauses {
    @Override
    String launch() {
      EtcdServer etcd = EtcdServer.launch("3.5");
      server = etcd;
      return "etcd://127.0.0.1:" + etcd.port() + "/several";
    }
  }

  @Nested
  class BeforeConsul extends Clauses {
    @Override
    String launch() {
      ConsulServer consul = ConsulServer.builder().hcl("performance{raft_multiplier=1}").launch();
      server = consul;
      return "consul://127.0.0.1:" + consul.port() + "?wait=1s";
    }
  }

  @TestInstance(TestInstance.Lifecycle.PER_CLASS)
  abstract static class Clauses {
    AutoCloseable server; // set by launch()
    private Centre a;
    private Centre b;
    private Client toA;
    private Client toB;

    /** Launches a store; returns its URI. */
    abstract String launch();

    @BeforeAll
    void start() {
      String store = launch();
      a = CentreUnderTest.start(store, 0, "a");
      b = CentreUnderTest.start(store, 0, "b");
      toA = new Client(a.uri() + "/v1");
      toB = new Client(b.uri() + "/v1");
      for (Client each : List.of(toA, toB)) {
        soon(() -> assertThat(each.get("/catalog/services").statusCode()).isEqualTo(200));
        soon(() -> assertThat(each.get("/kv/?keys").statusCode()).isEqualTo(200));
      }
    }

    @AfterAll
    void stop() throws Exception {
      b.close();
      a.close();
      server.close();
    }

    private static void soon(ThrowingRunnable assertion) {
      await()
          .atMost(Duration.ofMinutes(1))
          .pollDelay(Duration.ZERO)
          .pollInterval(Duration.ofMillis(20))
          .untilAsserted(assertion);
    }

    private static JsonNode json(HttpResponse<String> response) {
      return Json.parse(response.body().getBytes(StandardCharsets.UTF_8));
    }

    private static JsonNode pair(Client client, String key) {
      return json(client.get("/kv/" + key + "?consistent")).get(0);
    }

    private static String delete(Client client, String path) {
      return client.send("DELETE", path, "").join().body();
    }

    // ---- keys

    @Test
    void keys_haveTheIndexesOfTheStore_throughEachCentre() {
      toA.put("/kv/idx/a", "1");
      toB.put("/kv/idx/a", "2");
      toA.put("/kv/idx/b", "1");
      assertThat(pair(toA, "idx/a")).isEqualTo(pair(toB, "idx/a"));
      JsonNode pair = pair(toB, "idx/a");
      assertThat(pair.get("CreateIndex").asLong()).isLessThan(pair.get("ModifyIndex").asLong());
      for (String path : List.of("/kv/idx/a", "/kv/idx/?recurse", "/kv/idx/?keys")) {
        HttpResponse<String> one = toA.get(path + (path.contains("?") ? "&" : "?") + "consistent");
        HttpResponse<String> other =
            toB.get(path + (path.contains("?") ? "&" : "?") + "consistent");
        assertThat(Client.index(other)).as(path).isEqualTo(Client.index(one)).isPositive();
      }
    }

    @Test
    void compareAndSet_throughTheOther_goesByTheSameIndex() {
      toA.put("/kv/cas", "1");
      long first = pair(toB, "cas").get("ModifyIndex").asLong();
      assertThat(toB.put("/kv/cas?cas=" + first, "2").body()).isEqualTo("true");
      assertThat(toA.put("/kv/cas?cas=" + first, "3").body()).isEqualTo("false");
      long second = pair(toA, "cas").get("ModifyIndex").asLong();
      assertThat(delete(toB, "/kv/cas?cas=" + first)).isEqualTo("false");
      assertThat(delete(toB, "/kv/cas?cas=0")).isEqualTo("false");
      assertThat(toB.put("/kv/cas?cas=0", "4").body()).isEqualTo("false");
      assertThat(toB.put("/kv/cas?cas=18446744073709551615", "4").body()).isEqualTo("false");
      assertThat(delete(toB, "/kv/cas?cas=" + second)).isEqualTo("true");
      assertThat(toA.put("/kv/cas?cas=0", "5").body()).isEqualTo("true");
      assertThat(toA.get("/kv/cas?raw").body()).isEqualTo("5");
    }

    @Test
    void aClientOfKeys_thatMoves_missesNothing() {
      for (int round = 0; round < 5; round++) {
        toA.put("/kv/move/k", "before " + round);
        HttpResponse<String> seen = toA.get("/kv/move/k?raw");
        toA.put("/kv/move/k", "after " + round);
        long began = System.nanoTime();
        HttpResponse<String> then = toB.get("/kv/move/k?raw&wait=20s&index=" + Client.index(seen));
        assertThat(then.body()).isEqualTo("after " + round);
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(10));
      }
    }

    @Test
    void aClientOfKeys_thatMoves_waitsThere() {
      toA.put("/kv/waits/k", "1");
      long known = Client.index(toA.get("/kv/waits/k"));
      CompletableFuture<HttpResponse<String>> waiting =
          toB.send("GET", "/kv/waits/k?raw&wait=20s&index=" + known, "");
      toA.put("/kv/waits/other", "1");
      assertThat(waiting).isNotDone();
      toA.put("/kv/waits/k", "2");
      assertThat(waiting.join().body()).isEqualTo("2");
    }

    // ---- the catalog

    private static String service(String name, String tag) {
      return "{\"ID\":\""
          + name
          + "\",\"Name\":\""
          + name
          + "\",\"Port\":80,\"Tags\":[\""
          + tag
          + "\"]}";
    }

    @Test
    void anIndexOfAnotherCentre_isToldWithinSeconds_insteadOfWaiting() {
      toB.put("/agent/service/register", service("foreign", "x"));
      long index = Client.index(toB.get("/health/service/foreign"));
      toB.put("/agent/service/register", service("foreign-too", "x"));
      toB.put("/agent/service/register", service("foreign-three", "x"));
      long began = System.nanoTime();
      // What another centre has said and this one has not; between two that this one has said.
      HttpResponse<String> answer =
          toB.get("/health/service/foreign?wait=25s&index=" + (index + 1));
      assertThat(answer.body()).contains("\"foreign\"");
      assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(15));
      assertThat(Client.index(answer)).isEqualTo(index);
    }

    @Test
    void anIndexOfItsOwn_isWaitedOn() {
      toB.put("/agent/service/register", service("own", "1"));
      long index = Client.index(toB.get("/health/service/own"));
      CompletableFuture<HttpResponse<String>> waiting =
          toB.send("GET", "/health/service/own?wait=20s&index=" + index, "");
      toB.put("/agent/service/register", service("own-too", "1"));
      assertThat(waiting).isNotDone();
      toB.put("/agent/service/register", service("own", "2"));
      assertThat(waiting.join().body()).contains("\"2\"");
    }

    /** What a client is told that goes on with what it was told before, by another centre too. */
    private static long follow(Client at, String path, long known, String until) {
      long index = known;
      while (true) {
        HttpResponse<String> told = at.get(path + "?wait=9m&index=" + index);
        if (told.body().contains(until)) {
          return Client.index(told);
        }
        // Told to start again: with an index of this centre's, which cannot be taken for the
        // other's.
        assertThat(Client.index(told)).isNotEqualTo(index);
        index = Client.index(told);
      }
    }

    @Test
    void aClientOfTheCatalog_thatMoves_missesNothing() {
      List<String> paths =
          List.of("/health/service/moves", "/catalog/service/moves", "/catalog/services");
      for (int round = 0; round < 4; round++) {
        Client from = round % 2 == 0 ? toA : toB;
        Client to = round % 2 == 0 ? toB : toA;
        String before = "before-" + round;
        String after = "after-" + round;
        from.put("/agent/service/register", service("moves", before));
        List<Long> seen = new ArrayList<>();
        for (String path : paths) {
          HttpResponse<String> first = from.get(path);
          assertThat(first.body()).contains("\"" + before + "\"");
          seen.add(Client.index(first));
        }
        from.put("/agent/service/register", service("moves", after));
        for (int i = 0; i < paths.size(); i++) {
          follow(to, paths.get(i), seen.get(i), "\"" + after + "\"");
        }
        from.put("/agent/service/deregister/moves", "");
      }
    }

    @Test
    void aClientOfTheCatalog_thatTurnsFromCentreToCentre_seesEachChange() {
      toA.put("/agent/service/register", service("turns", "turn-0"));
      long index = follow(toA, "/health/service/turns", 0, "\"turn-0\"");
      for (int turn = 1; turn <= 8; turn++) {
        toA.put("/agent/service/register", service("turns", "turn-" + turn));
        Client at = turn % 2 == 0 ? toA : toB;
        index = follow(at, "/health/service/turns", index, "\"turn-" + turn + "\"");
      }
    }

    private static String external(String id) {
      return "{\"Node\":\"ext\",\"Address\":\"10.0.0.9\",\"Service\":{\"ID\":\""
          + id
          + "\",\"Service\":\"db\",\"Port\":5432},\"Check\":{\"CheckID\":\"c:"
          + id
          + "\",\"Status\":\"passing\",\"ServiceID\":\""
          + id
          + "\"}}";
    }

    @Test
    void deregister_ofAnotherCentresEntry_isRefusedWithItsName_andDoneThere() {
      toA.put("/catalog/register", external("db1"));
      for (String what :
          List.of("\"ServiceID\":\"db1\"", "\"CheckID\":\"c:db1\"", "\"Address\":\"\"")) {
        HttpResponse<String> refused =
            toB.put("/catalog/deregister", "{\"Node\":\"ext\"," + what + "}");
        assertThat(refused.statusCode()).as(what).isEqualTo(409);
        assertThat(refused.body()).as(what).contains("db1", "ext", "centre of node a");
      }
      for (Client each : List.of(toA, toB)) {
        String shown = each.get("/health/service/db?consistent").body();
        assertThat(shown).contains("\"db1\"", "\"c:db1\"");
      }
      assertThat(toA.put("/catalog/deregister", "{\"Node\":\"ext\",\"ServiceID\":\"db1\"}").body())
          .isEqualTo("true");
      for (Client each : List.of(toA, toB)) {
        assertThat(each.get("/health/service/db?consistent").body()).isEqualTo("[]");
      }
    }

    @Test
    void deregister_ofWhatWasJustRegisteredWithTheOther_neverDoesNothingAndSaysTrue() {
      for (int i = 0; i < 20; i++) {
        toA.put("/catalog/register", external("just" + i));
        HttpResponse<String> refused =
            toB.put("/catalog/deregister", "{\"Node\":\"ext\",\"ServiceID\":\"just" + i + "\"}");
        assertThat(refused.statusCode()).isEqualTo(409);
        toA.put("/catalog/deregister", "{\"Node\":\"ext\",\"ServiceID\":\"just" + i + "\"}");
      }
    }

    @Test
    void aCheckAlone_ofAnotherCentresService_isRefused() {
      toA.put("/catalog/register", external("db2"));
      HttpResponse<String> refused =
          await()
              .atMost(Duration.ofMinutes(1))
              .until(
                  () ->
                      toB.put(
                          "/catalog/register",
                          "{\"Node\":\"ext\",\"SkipNodeUpdate\":true,\"Check\":{\"CheckID\":\"c:db2\","
                              + "\"Status\":\"critical\",\"ServiceID\":\"db2\"}}"),
                  answer -> !answer.body().contains("Missing service"));
      assertThat(refused.statusCode()).isEqualTo(409);
      assertThat(toA.get("/health/checks/db?consistent").body()).contains("\"passing\"");
      toA.put("/catalog/deregister", "{\"Node\":\"ext\",\"ServiceID\":\"db2\"}");
    }

    // ---- consistent reads

    private void requireNeverStale(int times) {
      for (int i = 0; i < times; i++) {
        Client writer = i % 2 == 0 ? toA : toB;
        Client reader = i % 2 == 0 ? toB : toA;
        String value = "v" + i;
        writer.put("/kv/fresh/" + i % 7, value);
        assertThat(reader.get("/kv/fresh/" + i % 7 + "?raw&consistent").body()).isEqualTo(value);
        if (i % 5 == 0) {
          delete(writer, "/kv/fresh/" + i % 7);
          assertThat(reader.get("/kv/fresh/" + i % 7 + "?consistent").statusCode()).isEqualTo(404);
          assertThat(reader.get("/kv/fresh/?keys&consistent").body())
              .doesNotContain("fresh/" + i % 7);
        }
        String name = "fresh-" + (i % 2 == 0 ? "a" : "b");
        writer.put("/agent/service/register", service(name, value));
        String path =
            i % 10 == 0
                ? "/catalog/services?consistent"
                : "/health/service/" + name + "?consistent";
        assertThat(reader.get(path).body()).as("%s", i).contains("\"" + value + "\"");
      }
    }

    @Test
    void consistentReads_throughTheOther_areNeverStale() {
      requireNeverStale(100);
    }

    @Test
    @Tag("long")
    void consistentReads_throughTheOther_areNeverStale_aThousandTimes() {
      requireNeverStale(1_000);
    }

    // ---- transactions

    private static String set(String verb, String key, String value, long index) {
      return "{\"KV\":{\"Verb\":\""
          + verb
          + "\",\"Key\":\""
          + key
          + "\",\"Index\":"
          + index
          + ",\"Value\":\""
          + Base64.getEncoder().encodeToString(value.getBytes(StandardCharsets.UTF_8))
          + "\"}}";
    }

    @Test
    void aTransaction_throughEachCentre_isOneOfTheStore() {
      toA.put("/kv/txn/a", "0");
      toA.put("/kv/txn/b", "0");
      for (int round = 1; round <= 10; round++) {
        long indexA = pair(toB, "txn/a").get("ModifyIndex").asLong();
        long indexB = pair(toB, "txn/b").get("ModifyIndex").asLong();
        List<CompletableFuture<HttpResponse<String>>> sent = new ArrayList<>();
        for (Client each : List.of(toA, toB)) {
          String value = round + (each == toA ? "a" : "b");
          sent.add(
              each.send(
                  "PUT",
                  "/txn",
                  "["
                      + set("cas", "txn/a", value, indexA)
                      + ","
                      + set("cas", "txn/b", value, indexB)
                      + "]"));
        }
        assertThat(sent.stream().map(answer -> answer.join().statusCode()))
            .containsExactlyInAnyOrder(200, 409);
        JsonNode won =
            sent.stream()
                .map(CompletableFuture::join)
                .filter(answer -> answer.statusCode() == 200)
                .map(Clauses::json)
                .findFirst()
                .orElseThrow()
                .get("Results");
        for (Client each : List.of(toA, toB)) {
          JsonNode a = pair(each, "txn/a");
          assertThat(pair(each, "txn/b").get("Value")).isEqualTo(a.get("Value"));
          assertThat(won.get(0).get("KV").get("ModifyIndex")).isEqualTo(a.get("ModifyIndex"));
          assertThat(won.get(0).get("KV").get("CreateIndex")).isEqualTo(a.get("CreateIndex"));
        }
      }
    }

    @Test
    void aTransaction_thatFails_namesTheOperations_andChangesNothing() {
      toA.put("/kv/fails/a", "0");
      HttpResponse<String> failed =
          toB.put(
              "/txn",
              "["
                  + set("set", "fails/b", "1", 0)
                  + ","
                  + set("check-not-exists", "fails/a", "", 0)
                  + ","
                  + set("cas", "fails/a", "1", 1)
                  + "]");
      assertThat(failed.statusCode()).isEqualTo(409);
      assertThat(json(failed).get("Errors").toString())
          .isEqualTo(
              "[{\"OpIndex\":1,\"What\":\"key \\\"fails/a\\\" exists\"},"
                  + "{\"OpIndex\":2,\"What\":\"failed to set key \\\"fails/a\\\", index is stale\"}]");
      assertThat(toA.get("/kv/fails/b?consistent").statusCode()).isEqualTo(404);
    }

    @Test
    void aTransaction_readsAndDeletes() {
      toA.put("/kv/tree/a", "1");
      toA.put("/kv/tree/b", "2");
      toA.put("/kv/beside", "3");
      HttpResponse<String> read =
          toB.put(
              "/txn",
              "[" + set("get-tree", "tree/", "", 0) + "," + set("get", "beside", "", 0) + "]");
      assertThat(read.statusCode()).isEqualTo(200);
      assertThat(json(read).get("Results")).hasSize(3);
      HttpResponse<String> done =
          toB.put(
              "/txn",
              "["
                  + set("delete-tree", "tree/", "", 0)
                  + ","
                  + set("delete", "beside", "", 0)
                  + "]");
      assertThat(done.body()).isEqualTo("{\"Results\":[],\"Errors\":null}");
      assertThat(toA.get("/kv/tree/?keys&consistent").body()).doesNotContain("tree/");
      assertThat(toA.get("/kv/beside?consistent").statusCode()).isEqualTo(404);
    }

    @Test
    void aTransaction_thatCannotBeKept_isRefusedWithASentence_andChangesNothing() {
      String put = set("set", "unkept/a", "1", 0);
      for (String other :
          List.of(
              set("lock", "unkept/b", "1", 0),
              set("unlock", "unkept/b", "1", 0),
              set("check-session", "unkept/b", "1", 0),
              set("get-tree", "x/", "", 0),
              set("delete-tree", "unkept/", "", 0),
              "{\"Node\":{\"Verb\":\"set\",\"Node\":{\"Node\":\"n\",\"Address\":\"10.0.0.1\"}}}",
              "{\"Service\":{\"Verb\":\"delete\",\"Node\":\"n\",\"Service\":{\"ID\":\"s\"}}}")) {
        HttpResponse<String> refused = toB.put("/txn", "[" + put + "," + other + "]");
        assertThat(refused.statusCode()).as(other).isEqualTo(501);
        assertThat(refused.body()).as(other).contains(" ");
      }
      HttpResponse<String> alone =
          toB.put(
              "/txn",
              "[{\"Node\":{\"Verb\":\"set\",\"Node\":{\"Node\":\"n\",\"Address\":\"10.0.0.1\"}}}]");
      assertThat(alone.statusCode()).isEqualTo(501);
      assertThat(alone.body()).contains("catalog/register");
      assertThat(toA.get("/kv/unkept/a?consistent").statusCode()).isEqualTo(404);
      assertThat(toB.get("/catalog/node/n").body()).isEqualTo("null");
    }
  }
}
