package dev.rollcall.armeria;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.linecorp.armeria.client.Endpoint;
import com.linecorp.armeria.client.WebClient;
import com.linecorp.armeria.common.AggregatedHttpResponse;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.SessionProtocol;
import com.linecorp.armeria.server.Server;
import com.linecorp.armeria.server.ServerBuilder;
import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceView;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class UpdatingListenerTest {
  private static final InetSocketAddress LOOPBACK =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  private final Registry registry = Registry.open("memory:");
  private final ServiceView orders = registry.service("orders");

  @BeforeAll
  static void beforeAll() {
    Awaitility.setDefaultTimeout(30, TimeUnit.SECONDS);
  }

  @AfterEach
  void close() {
    registry.close();
  }

  private static Server started(ServerBuilder builder, RollcallUpdatingListener listener) {
    Server server =
        builder
            .service("/", (ctx, request) -> HttpResponse.of("ok"))
            .serverListener(listener)
            .build();
    server.start().join();
    return server;
  }

  private ServiceInstance theOne() {
    await().until(() -> orders.instances().size() == 1);
    return orders.instances().get(0);
  }

  @Test
  void thePort_isTheRealOne_andTheAddressThatItIsBoundTo() {
    try (Server server =
        started(Server.builder().http(LOOPBACK), RollcallUpdatingListener.of(registry, "orders"))) {
      assertThat(theOne().authority()).isEqualTo("127.0.0.1:" + server.activeLocalPort());
      assertThat(theOne().scheme()).isEqualTo("http");
    }
  }

  @Test
  void aServerOnAllAddresses_isRegisteredWithOneThatOthersCanReach() {
    try (Server server =
        started(Server.builder().http(0), RollcallUpdatingListener.of(registry, "orders"))) {
      assertThat(theOne().port()).isEqualTo(server.activeLocalPort());
      assertThat(theOne().host()).isNotEqualTo("0.0.0.0").isNotEqualTo("0:0:0:0:0:0:0:0");
    }
  }

  @Test
  void ofSeveralPorts_theOneOfTheProtocolIsRegistered() {
    try (Server server =
        started(
            Server.builder().http(LOOPBACK).https(LOOPBACK).tlsSelfSigned(),
            RollcallUpdatingListener.builder(registry, "orders")
                .sessionProtocol(SessionProtocol.HTTPS)
                .build())) {
      assertThat(theOne().uri())
          .hasToString("https://127.0.0.1:" + server.activeLocalPort(SessionProtocol.HTTPS));
    }
  }

  @Test
  void whatTheBuilderIsTold_isRegistered() {
    try (Server server =
        started(
            Server.builder().http(LOOPBACK),
            RollcallUpdatingListener.builder(registry, "orders")
                .endpoint(Endpoint.of("orders.example.com"))
                .instance(it -> it.id("me").tag("v2").zone("eu-1a").weight(3))
                .build())) {
      assertThat(theOne())
          .isEqualTo(
              ServiceInstance.builder("orders")
                  .id("me")
                  .address("orders.example.com", server.activeLocalPort())
                  .tag("v2")
                  .zone("eu-1a")
                  .weight(3)
                  .build());
    }
  }

  @Test
  void anEndpointWithItsOwnPort_isRegisteredAsItIs() {
    try (Server server =
        started(
            Server.builder().http(LOOPBACK),
            RollcallUpdatingListener.builder(registry, "orders")
                .endpoint(Endpoint.of("10.0.0.7", 80))
                .build())) {
      assertThat(theOne().authority()).isEqualTo("10.0.0.7:80");
      assertThat(server.activeLocalPort()).isNotEqualTo(80);
    }
  }

  @Test
  void theServerLeaves_beforeItHasFinishedItsCalls() {
    CompletableFuture<HttpResponse> answer = new CompletableFuture<>();
    CompletableFuture<Void> asked = new CompletableFuture<>();
    Server server =
        started(
            Server.builder()
                .http(LOOPBACK)
                .service(
                    "/slow",
                    (ctx, request) -> {
                      asked.complete(null);
                      return HttpResponse.of(answer);
                    })
                .requestTimeout(Duration.ZERO)
                .gracefulShutdownTimeout(Duration.ofMillis(100), Duration.ofMinutes(5)),
            RollcallUpdatingListener.of(registry, "orders"));
    WebClient client =
        WebClient.builder(theOne().uri()).responseTimeout(Duration.ofMinutes(5)).build();
    CompletableFuture<AggregatedHttpResponse> slow = client.get("/slow").aggregate();
    asked.orTimeout(30, TimeUnit.SECONDS).join();

    CompletableFuture<Void> stopped = server.stop();
    await().until(() -> orders.instances().isEmpty());
    assertThat(stopped).isNotDone();
    answer.complete(HttpResponse.of("at last"));
    assertThat(slow.orTimeout(30, TimeUnit.SECONDS).join().contentUtf8()).isEqualTo("at last");
    assertThat(stopped).succeedsWithin(30, TimeUnit.SECONDS);
  }

  @Test
  void aStoreThatDoesNotAnswer_keepsNoServerFromStartingAndStopping() {
    try (Registry unreachable =
        Registry.builder("etcd://127.0.0.1:1").deadline(Duration.ofMillis(100)).build()) {
      Server server =
          started(
              Server.builder().http(LOOPBACK), RollcallUpdatingListener.of(unreachable, "orders"));
      assertThat(unreachable.status().registrations())
          .singleElement()
          .satisfies(it -> assertThat(it.state()).isEqualTo(Registration.State.PENDING));
      assertThat(server.stop()).succeedsWithin(30, TimeUnit.SECONDS);
      assertThat(unreachable.status().registrations())
          .noneSatisfy(it -> assertThat(it.state()).isEqualTo(Registration.State.PENDING));
    }
  }

  @Test
  void oneListener_servesSeveralServers() {
    RollcallUpdatingListener listener = RollcallUpdatingListener.of(registry, "orders");
    Server first = started(Server.builder().http(LOOPBACK), listener);
    try (Server second = started(Server.builder().http(LOOPBACK), listener)) {
      await().until(() -> orders.instances().size() == 2);
      first.stop().join();
      assertThat(theOne().port()).isEqualTo(second.activeLocalPort());
    }
  }

  @Test
  void aRegistryThatIsClosedFirst_doesNotKeepTheServerFromStopping() {
    Server server =
        started(Server.builder().http(LOOPBACK), RollcallUpdatingListener.of(registry, "orders"));
    theOne();
    registry.close();
    assertThat(server.stop()).succeedsWithin(30, TimeUnit.SECONDS);
  }

  @Test
  void whatCannotBeRegistered_isRefusedBeforeTheServerStarts() {
    assertThatThrownBy(() -> RollcallUpdatingListener.builder(registry, "a/b"))
        .isInstanceOf(RegistryException.class);
    RollcallUpdatingListenerBuilder builder = RollcallUpdatingListener.builder(registry, "orders");
    assertThatThrownBy(() -> builder.instance(it -> it.weight(-1)).build())
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("weight: -1");
    assertThatThrownBy(
            () ->
                RollcallUpdatingListener.builder(registry, "orders")
                    .healthCheck("health", Duration.ofSeconds(1))
                    .build())
        .isInstanceOf(RegistryException.class);
    assertThatThrownBy(
            () ->
                RollcallUpdatingListener.builder(registry, "orders")
                    .liveness(it -> Liveness.heartbeat(Duration.ZERO))
                    .build())
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("ttl");
  }
}
