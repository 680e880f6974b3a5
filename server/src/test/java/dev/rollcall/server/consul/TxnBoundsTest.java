package dev.rollcall.server.consul;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.server.Centre;
import dev.rollcall.server.CentreLimits;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A transaction goes through the budgets, and what it has answered is on the disk. */
@Timeout(180)
class TxnBoundsTest {
  private static final int BUDGET = 1 << 20;

  @TempDir Path data;

  private static String set(String key, String value) {
    String base64 = Base64.getEncoder().encodeToString(value.getBytes(StandardCharsets.UTF_8));
    return "{\"KV\":{\"Verb\":\"set\",\"Key\":\"" + key + "\",\"Value\":\"" + base64 + "\"}}";
  }

  private static String node(String name) {
    return "{\"Node\":{\"Verb\":\"set\",\"Node\":{\"Node\":\""
        + name
        + "\",\"Address\":\"10.0.0.1\"}}}";
  }

  private static String service(String node, String name, String tag) {
    return "{\"Service\":{\"Verb\":\"set\",\"Node\":\""
        + node
        + "\",\"Service\":{\"ID\":\""
        + name
        + "\",\"Service\":\""
        + name
        + "\",\"Port\":80,\"Tags\":[\""
        + tag
        + "\"]}}}";
  }

  private static HttpResponse<String> txn(Client client, String... operations) {
    return client.put("/txn", "[" + String.join(",", operations) + "]");
  }

  private static void refused(HttpResponse<String> answer, int status) {
    assertThat(answer.body())
        .startsWith("memory for what is registered: ")
        .contains("expected: at most " + BUDGET);
    assertThat(answer.statusCode()).isEqualTo(status);
  }

  private static Centre bounded() {
    return CentreUnderTest.start(
        "memory:", 0, "n1", CentreLimits.standard().withMemory(BUDGET, 64 << 20));
  }

  @Test
  void keys_beyondTheBudget_changeNothing() {
    try (Centre centre = bounded()) {
      Client client = new Client(centre.uri() + "/v1");
      String third = "x".repeat(BUDGET / 6); // counts twice
      assertThat(txn(client, set("a", third), set("b", third)).statusCode()).isEqualTo(200);

      refused(txn(client, set("small", "1"), set("c", third), set("a", "1")), 429);
      refused(client.put("/kv/c", third), 429);
      assertThat(client.get("/kv/?keys").body()).isEqualTo("[\"a\",\"b\"]");
      assertThat(client.get("/kv/a?raw").body()).isEqualTo(third);

      assertThat(txn(client, set("a", "1"), set("small", "1")).statusCode()).isEqualTo(200);
      assertThat(txn(client, set("c", third)).statusCode()).isEqualTo(200);
      assertThat(client.get("/kv/?keys").body()).isEqualTo("[\"a\",\"b\",\"c\",\"small\"]");
    }
  }

  /** No keys are that large: a transaction has 512 KiB, and their values come in Base64. */
  @Test
  void serviceThatNeverFits_isTooMuch() {
    try (Centre centre = bounded()) {
      Client client = new Client(centre.uri() + "/v1");
      assertThat(txn(client, node("m1")).statusCode()).isEqualTo(200);
      String half = "x".repeat(BUDGET / 2 - 300); // counts twice

      refused(txn(client, node("m2"), service("m1", "a", half)), 413);
      assertThat(client.get("/catalog/nodes").body()).doesNotContain("m2");
      assertThat(client.get("/catalog/service/a").body()).isEqualTo("[]");
    }
  }

  @Test
  void servicesBeyondTheBudget_changeNothing() {
    try (Centre centre = bounded()) {
      Client client = new Client(centre.uri() + "/v1");
      String third = "x".repeat(BUDGET / 6);
      assertThat(
              txn(client, node("m1"), service("m1", "a", third), service("m1", "b", third))
                  .statusCode())
          .isEqualTo(200);

      refused(txn(client, node("m2"), service("m2", "c", third)), 429);
      assertThat(client.get("/catalog/nodes").body()).doesNotContain("m2");
      assertThat(client.get("/catalog/service/c").body()).isEqualTo("[]");

      assertThat(
              txn(
                      client,
                      "{\"Service\":{\"Verb\":\"delete\",\"Node\":\"m1\",\"Service\":{\"ID\":\"a\"}}}")
                  .statusCode())
          .isEqualTo(200);
      assertThat(txn(client, node("m2"), service("m2", "c", third)).statusCode()).isEqualTo(200);
      assertThat(client.get("/catalog/service/c").body()).contains("m2");
    }
  }

  @Test
  void acknowledged_isThereAfterAKill() throws Exception {
    try (CentreProcess centre = CentreProcess.start("memory:", "n1", data)) {
      Client client = centre.awaitReady();
      client.put("/kv/goes", "1");
      assertThat(
              txn(client, set("one", "1"), "{\"KV\":{\"Verb\":\"delete\",\"Key\":\"goes\"}}")
                  .statusCode())
          .isEqualTo(200);
      assertThat(txn(client, node("m1"), service("m1", "kept", "t")).statusCode()).isEqualTo(200);
      assertThat(txn(client, node("m2")).statusCode()).isEqualTo(200);
      assertThat(
              txn(client, "{\"Node\":{\"Verb\":\"delete\",\"Node\":{\"Node\":\"m2\"}}}")
                  .statusCode())
          .isEqualTo(200);
      centre.kill();
    }
    try (CentreProcess centre = CentreProcess.start("memory:", "n1", data)) {
      Client client = centre.awaitReady();
      assertThat(client.get("/kv/?keys").body()).isEqualTo("[\"one\"]");
      assertThat(client.get("/kv/one?raw").body()).isEqualTo("1");
      assertThat(client.get("/catalog/service/kept").body())
          .contains("\"Node\":\"m1\"", "\"ServiceTags\":[\"t\"]");
      assertThat(client.get("/catalog/nodes").body()).contains("m1").doesNotContain("m2");
    }
  }

  /** One of the operations fails: nothing is on the disk. */
  @Test
  void failed_leavesNothingBehind() throws Exception {
    List<String> wrong =
        List.of(
            "{\"KV\":{\"Verb\":\"cas\",\"Key\":\"one\",\"Value\":\"MQ==\",\"Index\":1}}",
            "{\"KV\":{\"Verb\":\"check-index\",\"Key\":\"one\",\"Index\":1}}");
    try (CentreProcess centre = CentreProcess.start("memory:", "n1", data)) {
      Client client = centre.awaitReady();
      for (String fails : wrong) {
        assertThat(txn(client, set("two", "2"), fails).statusCode()).isEqualTo(409);
      }
      centre.kill();
    }
    try (CentreProcess centre = CentreProcess.start("memory:", "n1", data)) {
      assertThat(centre.awaitReady().get("/kv/?keys").body()).isEqualTo("[]");
    }
  }
}
