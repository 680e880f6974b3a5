package dev.rollcall.server.consul;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import dev.rollcall.server.Centre;
import dev.rollcall.testkit.server.EtcdServer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** An instance is known by its node and its ID, and is there once. */
@Execution(ExecutionMode.CONCURRENT)
@Timeout(300)
class IdentityTest {

  private static void soon(ThrowingRunnable assertion) {
    await().atMost(Duration.ofMinutes(1)).untilAsserted(assertion);
  }

  private static String onNode(String node, String service, String id, int port) {
    return """
        {"Node":"%s","Address":"10.0.0.1","Service":{"Service":"%s","ID":"%s","Port":%d}}"""
        .formatted(node, service, id, port);
  }

  private static List<String> shown(Client centre, String service) {
    List<String> shown = new ArrayList<>();
    byte[] body = centre.get("/catalog/service/" + service).body().getBytes(StandardCharsets.UTF_8);
    for (JsonNode each : Json.parse(body)) {
      shown.add(
          each.get("Node").asText()
              + " "
              + each.get("ServiceID").asText()
              + " "
              + each.get("ServicePort").asInt());
    }
    return shown;
  }

  /** What a program registers at last is shown after all that the store has told before. */
  private static void letEchoesArrive(Registry program, Client centre) {
    String last = "last-" + UUID.randomUUID();
    program
        .register(
            ServiceInstance.builder(last).address("10.0.0.9", 80).build(), Liveness.permanent())
        .join();
    soon(() -> assertThat(shown(centre, last)).hasSize(1));
  }

  @Test
  void externalEntry_isThereOnce_andGoneOnce() {
    String store = "memory:" + UUID.randomUUID();
    try (Centre centre = CentreUnderTest.start(store);
        Registry program = Registry.open(store)) {
      Client client = new Client(centre.uri() + "/v1");
      for (String id : List.of("7", "orders/o1", "a b", "x@y", "web", "web-1")) {
        client.put("/catalog/register", onNode("ext", "web", id, 80));
      }
      letEchoesArrive(program, client);
      assertThat(shown(client, "web"))
          .containsExactlyInAnyOrder(
              "ext 7 80",
              "ext orders/o1 80",
              "ext a b 80",
              "ext x@y 80",
              "ext web 80",
              "ext web-1 80");
      assertThat(program.snapshot("web").join().all()).hasSize(6);

      client.put("/catalog/register", onNode("ext", "web", "7", 81));
      letEchoesArrive(program, client);
      assertThat(shown(client, "web")).hasSize(6).contains("ext 7 81");

      client.put("/catalog/deregister", "{\"Node\":\"ext\"}");
      letEchoesArrive(program, client);
      assertThat(shown(client, "web")).isEmpty();
      soon(() -> assertThat(program.snapshot("web").join().all()).isEmpty());
    }
  }

  @Test
  void oneIdOnSeveralNodes_isSeveralInstances() {
    String store = "memory:" + UUID.randomUUID();
    try (Centre centre = CentreUnderTest.start(store);
        Registry program = Registry.open(store)) {
      Client client = new Client(centre.uri() + "/v1");
      client.put("/catalog/register", onNode("e1", "web", "w", 1));
      client.put("/catalog/register", onNode("e2", "web", "w", 2));
      client.put(
          "/agent/service/register",
          "{\"Name\":\"web\",\"ID\":\"w\",\"Address\":\"10.0.0.1\",\"Port\":3}");
      letEchoesArrive(program, client);
      assertThat(shown(client, "web")).containsExactly("e1 w 1", "e2 w 2", "n1 w 3");
      soon(() -> assertThat(program.snapshot("web").join().all()).hasSize(3));

      client.put("/catalog/deregister", "{\"Node\":\"e1\",\"ServiceID\":\"w\"}");
      letEchoesArrive(program, client);
      assertThat(shown(client, "web")).containsExactly("e2 w 2", "n1 w 3");
      client.put("/agent/service/deregister/w", "");
      letEchoesArrive(program, client);
      assertThat(shown(client, "web")).containsExactly("e2 w 2");
    }
  }

  @Test
  void severalCentres_showWhatEachHas_andWhatOneTakesOverOnce() {
    try (EtcdServer etcd = EtcdServer.launch("3.5")) {
      String store = "etcd://127.0.0.1:" + etcd.port() + "/identity";
      try (Centre a = CentreUnderTest.start(store, 0, "a");
          Centre b = CentreUnderTest.start(store, 0, "b")) {
        Client toA = new Client(a.uri() + "/v1");
        Client toB = new Client(b.uri() + "/v1");
        soon(() -> assertThat(toA.get("/catalog/services").statusCode()).isEqualTo(200));
        soon(() -> assertThat(toB.get("/catalog/services").statusCode()).isEqualTo(200));

        for (Client centre : List.of(toA, toB)) {
          centre.put(
              "/agent/service/register",
              "{\"Name\":\"twin\",\"ID\":\"t\",\"Address\":\"10.0.0.1\",\"Port\":80}");
        }
        for (Client centre : List.of(toA, toB)) {
          soon(() -> assertThat(shown(centre, "twin")).containsExactly("a t 80", "b t 80"));
        }
        toA.put("/agent/service/deregister/t", "");
        for (Client centre : List.of(toA, toB)) {
          soon(() -> assertThat(shown(centre, "twin")).containsExactly("b t 80"));
        }

        toA.put("/catalog/register", onNode("ext", "moved", "m", 80));
        soon(() -> assertThat(shown(toB, "moved")).containsExactly("ext m 80"));
        toB.put("/catalog/register", onNode("ext", "moved", "m", 81));
        for (Client centre : List.of(toA, toB)) {
          soon(() -> assertThat(shown(centre, "moved")).containsExactly("ext m 81"));
        }
        toA.put("/catalog/register", onNode("last", "last", "l", 1));
        soon(() -> assertThat(shown(toB, "last")).hasSize(1));
        for (Client centre : List.of(toA, toB)) {
          assertThat(shown(centre, "moved")).containsExactly("ext m 81");
        }

        requireOneOfAProgramThatMoves(a, b, List.of(toA, toB));
      }
    }
  }

  private static void requireOneOfAProgramThatMoves(Centre a, Centre b, List<Client> both) {
    ServiceInstance instance =
        ServiceInstance.builder("roams").id("r1").address("10.0.0.1", 80).build();
    try (Registry throughA = Registry.open("consul://127.0.0.1:" + a.port() + "?wait=1s");
        Registry throughB = Registry.open("consul://127.0.0.1:" + b.port() + "?wait=1s")) {
      Liveness beats = Liveness.heartbeat(Duration.ofMinutes(1));
      throughA.register(instance, beats).join();
      for (Client centre : both) {
        soon(() -> assertThat(shown(centre, "roams")).containsExactly("a roams/r1 80"));
      }
      Registration moved = throughB.register(instance, beats).join();
      for (Client centre : both) {
        soon(() -> assertThat(shown(centre, "roams")).containsExactly("b roams/r1 80"));
      }
      moved.deregister().join();
      for (Client centre : both) {
        soon(() -> assertThat(shown(centre, "roams")).isEmpty());
      }
    }
  }
}
