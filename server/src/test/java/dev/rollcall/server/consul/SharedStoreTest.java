package dev.rollcall.server.consul;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import dev.rollcall.server.Centre;
import dev.rollcall.testkit.server.EtcdServer;
import java.time.Duration;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Two centres before one etcd: what one is told, the other shows. */
class SharedStoreTest {
  private static EtcdServer etcd;
  private static String store;
  private static Centre a;
  private static Centre b;
  private static Client toA;
  private static Client toB;

  @BeforeAll
  static void start() {
    etcd = EtcdServer.launch("3.5");
    store = "etcd://127.0.0.1:" + etcd.port() + "/shared";
    a = CentreUnderTest.start(store, 0, "a");
    b = CentreUnderTest.start(store, 0, "b");
    toA = new Client(a.uri() + "/v1");
    toB = new Client(b.uri() + "/v1");
  }

  @AfterAll
  static void stop() {
    b.close();
    a.close();
    etcd.close();
  }

  private static void soon(ThrowingRunnable assertion) {
    await().atMost(Duration.ofSeconds(30)).untilAsserted(assertion);
  }

  private static String withoutIndexes(String body) {
    return body.replaceAll("\"(Create|Modify)Index\":\\d+", "");
  }

  @Test
  void registeredWithOne_isShownByTheOtherWithAllItsFields() {
    toA.put(
        "/agent/service/register",
        "{\"ID\":\"w1\",\"Name\":\"web\",\"Address\":\"10.0.0.1\",\"Port\":80,\"Tags\":[\"ü\"],"
            + "\"EnableTagOverride\":true,\"Weights\":{\"Passing\":3,\"Warning\":2},\"Checks\":["
            + "{\"CheckID\":\"one\",\"TTL\":\"1h\",\"Status\":\"passing\"},"
            + "{\"CheckID\":\"two\",\"TTL\":\"1h\",\"Status\":\"warning\"}]}");
    soon(
        () -> {
          String own = withoutIndexes(toA.get("/catalog/service/web").body());
          assertThat(own).contains("\"ServiceID\":\"w1\"");
          String expected = own.substring(own.indexOf("\"ServiceKind\""));
          assertThat(withoutIndexes(toB.get("/catalog/service/web").body())).endsWith(expected);
          assertThat(withoutIndexes(toB.get("/health/checks/web").body()))
              .isEqualTo(withoutIndexes(toA.get("/health/checks/web").body()));
        });
    toA.put("/agent/check/fail/one", "");
    soon(() -> assertThat(toB.get("/health/checks/web").body()).contains("\"critical\""));
    toA.put("/agent/service/deregister/w1", "");
    soon(() -> assertThat(toB.get("/health/service/web").body()).isEqualTo("[]"));
  }

  @Test
  void registeredByAProgram_isShownByBoth_andTheOtherWayRound() {
    try (Registry registry = Registry.open(store)) {
      ServiceInstance instance =
          ServiceInstance.builder("direct").id("direct-1").address("10.0.0.2", 81).build();
      Registration registration =
          registry.register(instance, Liveness.heartbeat(Duration.ofSeconds(10))).join();
      for (Client centre : new Client[] {toA, toB}) {
        soon(
            () ->
                assertThat(centre.get("/health/service/direct?passing").body())
                    .contains("\"ID\":\"direct-1\"", "\"Port\":81"));
      }
      registration.close();
      for (Client centre : new Client[] {toA, toB}) {
        soon(() -> assertThat(centre.get("/health/service/direct").body()).isEqualTo("[]"));
      }
      toB.put(
          "/agent/service/register", "{\"Name\":\"back\",\"Address\":\"10.0.0.3\",\"Port\":82}");
      soon(() -> assertThat(registry.service("back").instances()).hasSize(1));
      toB.put("/agent/service/deregister/back", "");
      soon(() -> assertThat(registry.service("back").instances()).isEmpty());
    }
  }

  @Test
  void sessions_areRefused_sinceTheOtherCentreWouldNotKnowThem() {
    String nobody = "00000000-0000-0000-0000-000000000000";
    for (String path :
        new String[] {
          "/session/create",
          "/session/renew/" + nobody,
          "/kv/lock?acquire=" + nobody,
          "/kv/lock?release=" + nobody
        }) {
      assertThat(toA.put(path, "").statusCode()).as(path).isEqualTo(501);
    }
    assertThat(toA.put("/kv/lock?acquire=" + nobody, "").body())
        .contains("acquire, release: ", "shared");
    assertThat(toA.get("/kv/lock").statusCode()).isEqualTo(404);
  }

  @Test
  void keys_areOneTruth() {
    toA.put("/kv/app/name", "shop");
    soon(() -> assertThat(toB.get("/kv/app/name?raw").body()).isEqualTo("shop"));
    toB.send("DELETE", "/kv/app/name", "").join();
    soon(() -> assertThat(toA.get("/kv/app/name").statusCode()).isEqualTo(404));
  }
}
