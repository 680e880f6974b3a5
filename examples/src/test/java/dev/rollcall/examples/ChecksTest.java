package dev.rollcall.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.rollcall.HostPort;
import dev.rollcall.Liveness;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceView;
import dev.rollcall.testkit.server.ConsulExtension;
import dev.rollcall.testkit.server.EtcdExtension;
import dev.rollcall.testkit.server.TestCertificate;
import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.ServerCredentials;
import io.grpc.TlsServerCredentials;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * One service, checked as it asks for, on a store that runs checks (Consul), one whose clients do
 * (etcd), and one within this process (memory).
 */
@Execution(ExecutionMode.CONCURRENT)
class ChecksTest {
  @RegisterExtension static final ConsulExtension consul = ConsulExtension.create();
  @RegisterExtension static final EtcdExtension etcd = EtcdExtension.version("3.5");

  private static final Duration EVERY = Duration.ofSeconds(2);
  private static final String ORDERS = "shop.v1.Orders";
  private static final AtomicInteger NUMBER = new AtomicInteger();

  @TempDir static Path folder;
  private static KeyManagerFactory identity;

  private final String service = "checked-" + NUMBER.incrementAndGet();
  private final HealthStatusManager health = new HealthStatusManager();
  private Server grpc;
  private HttpServer http;

  static Stream<String> stores() {
    return Stream.of(
        "memory:",
        "etcd://127.0.0.1:" + etcd.port() + "/checks",
        "consul://127.0.0.1:" + consul.port());
  }

  /** Makes a certificate that nobody trusts. */
  @BeforeAll
  static void certify() throws Exception {
    TestCertificate certificate = TestCertificate.make(folder, "DNS:orders.example");
    identity = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    identity.init(certificate.keys(), TestCertificate.PASSWORD.toCharArray());
  }

  @AfterEach
  void stop() {
    if (grpc != null) {
      grpc.shutdownNow();
    }
    if (http != null) {
      http.stop(0);
    }
  }

  @ParameterizedTest
  @MethodSource("stores")
  void grpc_isFoundWhileItServes(String store) throws Exception {
    HostPort address = serveGrpc(InsecureServerCredentials.create());
    try (Registry registry = Registry.open(store)) {
      ServiceView view = registry.service(service);
      registry.register(instance(), Liveness.grpcCheck(address, EVERY).service(ORDERS)).join();
      health.setStatus(ORDERS, ServingStatus.SERVING);
      awaitShown(view, true);
      health.setStatus(ORDERS, ServingStatus.NOT_SERVING);
      awaitShown(view, false);
      health.setStatus(ORDERS, ServingStatus.SERVING);
      awaitShown(view, true);
      grpc.shutdownNow();
      awaitShown(view, false);
    }
  }

  @ParameterizedTest
  @MethodSource("stores")
  void grpcOverTls_isFoundWhereTheCertificateDoesNotMatter(String store) throws Exception {
    HostPort address =
        serveGrpc(TlsServerCredentials.newBuilder().keyManager(identity.getKeyManagers()).build());
    try (Registry registry = Registry.open(store)) {
      ServiceView view = registry.service(service);
      registry.register(instance(), Liveness.grpcCheck(address, EVERY).tlsSkipVerify()).join();
      awaitShown(view, true);
      // One that does mind is refused: the certificate is nobody's.
      registry
          .register(
              instance(),
              Liveness.all(
                  Liveness.grpcCheck(address, EVERY).tlsSkipVerify(),
                  Liveness.grpcCheck(address, EVERY).overTls()))
          .join();
      awaitShown(view, false);
    }
  }

  @ParameterizedTest
  @MethodSource("stores")
  void https_isAskedWithMethodHeadersAndBody(String store) throws Exception {
    SSLContext tls = SSLContext.getInstance("TLS");
    tls.init(identity.getKeyManagers(), null, null);
    HttpsServer server = HttpsServer.create(loopback(), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(tls));
    serveHttp(server);
    URI uri = URI.create("https://127.0.0.1:" + server.getAddress().getPort() + "/health");
    try (Registry registry = Registry.open(store)) {
      ServiceView view = registry.service(service);
      registry
          .register(
              instance(),
              Liveness.httpCheck(uri, EVERY)
                  .method("POST")
                  .header("Authorization", "Bearer secret")
                  .body("well?")
                  .tlsSkipVerify())
          .join();
      awaitShown(view, true);
    }
  }

  @ParameterizedTest
  @MethodSource("stores")
  void severalChecks_areAsWellAsTheWorst(String store) throws Exception {
    HostPort address = serveGrpc(InsecureServerCredentials.create());
    serveHttp(HttpServer.create(loopback(), 0));
    int port = http.getAddress().getPort();
    Liveness checks =
        Liveness.all(
            Liveness.tcpCheck("127.0.0.1", port, EVERY),
            Liveness.grpcCheck(address, EVERY).service(ORDERS),
            Liveness.httpCheck(URI.create("http://127.0.0.1:" + port + "/health"), EVERY)
                .method("POST")
                .header("Authorization", "Bearer secret")
                .body("well?"));
    try (Registry registry = Registry.open(store)) {
      ServiceView view = registry.service(service);
      registry.register(instance(), checks).join();
      health.setStatus(ORDERS, ServingStatus.SERVING);
      awaitShown(view, true);
      health.setStatus(ORDERS, ServingStatus.NOT_SERVING);
      awaitShown(view, false);
      health.setStatus(ORDERS, ServingStatus.SERVING);
      awaitShown(view, true);
      http.stop(0);
      awaitShown(view, false);
    }
  }

  private ServiceInstance instance() {
    return ServiceInstance.builder(service).id("a").address("127.0.0.1", 8080).build();
  }

  private static InetSocketAddress loopback() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  private HostPort serveGrpc(ServerCredentials credentials) throws IOException {
    grpc =
        NettyServerBuilder.forAddress(loopback(), credentials)
            .addService(health.getHealthService())
            .build()
            .start();
    return new HostPort("127.0.0.1", grpc.getPort());
  }

  /** Answers 200 to whoever asks as it should, and 403 else. */
  private void serveHttp(HttpServer server) {
    http = server;
    server.createContext("/health", ChecksTest::answer);
    server.start();
  }

  private static void answer(HttpExchange exchange) throws IOException {
    String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    boolean right =
        exchange.getRequestMethod().equals("POST")
            && List.of("Bearer secret").equals(exchange.getRequestHeaders().get("Authorization"))
            && body.equals("well?");
    exchange.sendResponseHeaders(right ? 200 : 403, -1);
    exchange.close();
  }

  private static void awaitShown(ServiceView view, boolean shown) {
    await()
        .atMost(2, TimeUnit.MINUTES)
        .untilAsserted(() -> assertThat(view.instances()).hasSize(shown ? 1 : 0));
  }
}
