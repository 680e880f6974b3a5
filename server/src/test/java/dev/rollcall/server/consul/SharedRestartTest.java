package dev.rollcall.server.consul;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.rollcall.server.Centre;
import dev.rollcall.testkit.server.ConsulServer;
import dev.rollcall.testkit.server.EtcdServer;
import dev.rollcall.testkit.server.TestServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A centre before a shared store is killed and comes back: nothing is lost, nothing doubled. */
@Timeout(300)
class SharedRestartTest {
  @TempDir Path folder;

  private enum Store {
    ETCD {
      @Override
      TestServer launch() {
        return EtcdServer.launch("3.5");
      }

      @Override
      String uri(int port) {
        return "etcd://127.0.0.1:" + port + "/kept";
      }
    },
    CONSUL {
      @Override
      TestServer launch() {
        return ConsulServer.launch();
      }

      @Override
      String uri(int port) {
        return "consul://127.0.0.1:" + port;
      }
    };

    abstract TestServer launch();

    abstract String uri(int port);
  }

  private static void soon(ThrowingRunnable assertion) {
    await().atMost(Duration.ofMinutes(1)).untilAsserted(assertion);
  }

  private static void register(Client to) {
    for (String body :
        List.of(
            "{\"ID\":\"w1\",\"Name\":\"web\",\"Address\":\"10.0.0.1\",\"Port\":80,"
                + "\"Check\":{\"CheckID\":\"c1\",\"TTL\":\"1h\"}}",
            "{\"ID\":\"odd@id/x\",\"Name\":\"web\",\"Address\":\"10.0.0.2\",\"Port\":81,"
                + "\"Check\":{\"CheckID\":\"c2\",\"TTL\":\"1h\"}}")) {
      assertThat(to.put("/agent/service/register", body).statusCode()).isEqualTo(200);
    }
    for (String check : List.of("c1", "c2")) {
      assertThat(to.put("/agent/check/pass/" + check, "").statusCode()).isEqualTo(200);
    }
    assertThat(
            to.put(
                    "/catalog/register",
                    "{\"Node\":\"outside\",\"Address\":\"10.0.0.3\",\"Service\":{\"ID\":\"x1\","
                        + "\"Service\":\"web\",\"Port\":82}}")
                .statusCode())
        .isEqualTo(200);
  }

  /** The same services, each once, as one that asks either centre sees them. */
  private static void requireAll(Client from) {
    String body = from.get("/health/service/web?passing").body();
    for (String id : List.of("\"w1\"", "\"odd@id/x\"", "\"x1\"")) {
      assertThat(body.split("\"ID\":" + id, -1)).as(id + " in " + body).hasSize(2);
    }
    assertThat(body.split("\"Service\":\"web\"", -1)).as(body).hasSize(4);
  }

  @ParameterizedTest
  @EnumSource
  void killedCentre_comesBackWithinItsLease_andNobodySeesItGone(Store kind) throws Exception {
    try (TestServer server = kind.launch();
        Centre other = CentreUnderTest.start(kind.uri(server.port()), 0, "b")) {
      String store = kind.uri(server.port());
      Path data = folder.resolve("data");
      Client toOther = new Client(other.uri() + "/v1");
      try (CentreProcess first = CentreProcess.start(store, "a", data)) {
        Client client = first.awaitReady();
        soon(() -> register(client));
        soon(() -> requireAll(toOther));
        requireAll(client);
        first.kill();
      }
      AtomicBoolean over = new AtomicBoolean();
      AtomicReference<Throwable> missed = new AtomicReference<>();
      Thread watcher =
          new Thread(
              () -> {
                try {
                  while (!over.get()) {
                    requireAll(toOther);
                  }
                } catch (Throwable gone) {
                  missed.set(gone);
                }
              });
      watcher.start();
      // In this process: a new one may take longer than the lease to start.
      try (Centre second = CentreUnderTest.start(store, "a", data)) {
        Client client = new Client(second.uri() + "/v1");
        soon(() -> requireAll(client));
        // Longer than the lease of the first, which ends with nobody to renew it.
        long began = System.nanoTime();
        await()
            .atMost(Duration.ofMinutes(1))
            .until(() -> missed.get() != null || System.nanoTime() - began > 18_000_000_000L);
        over.set(true);
        watcher.join();
        if (missed.get() != null) {
          throw new AssertionError("seen from the other centre", missed.get());
        }
        requireAll(client);
        assertThat(client.put("/agent/service/deregister/w1", "").statusCode()).isEqualTo(200);
        assertThat(
                client
                    .put("/catalog/deregister", "{\"Node\":\"outside\",\"ServiceID\":\"x1\"}")
                    .statusCode())
            .isEqualTo(200);
        soon(() -> requireOdd(toOther));
      }
      try (Centre third = CentreUnderTest.start(store, "a", data)) {
        soon(() -> requireOdd(new Client(third.uri() + "/v1")));
        soon(() -> requireOdd(toOther));
      }
    }
  }

  private static void requireOdd(Client from) {
    assertThat(from.get("/health/service/web?passing").body())
        .contains("odd@id/x")
        .doesNotContain("\"w1\"", "\"x1\"");
  }

  @ParameterizedTest
  @EnumSource
  @Tag("long")
  void killedCentre_comesBackAfterItsLease(Store kind) throws Exception {
    try (TestServer server = kind.launch();
        Centre other = CentreUnderTest.start(kind.uri(server.port()), 0, "b")) {
      String store = kind.uri(server.port());
      Path data = folder.resolve("data");
      Client toOther = new Client(other.uri() + "/v1");
      try (CentreProcess first = CentreProcess.start(store, "a", data)) {
        Client client = first.awaitReady();
        soon(() -> register(client));
        soon(() -> requireAll(toOther));
        first.kill();
      }
      await()
          .atMost(Duration.ofMinutes(2))
          .until(() -> toOther.get("/health/service/web?passing").body().equals("[]"));
      try (CentreProcess second = CentreProcess.start(store, "a", data)) {
        Client client = second.awaitReady();
        soon(() -> requireAll(client));
        soon(() -> requireAll(toOther));
      }
    }
  }
}
