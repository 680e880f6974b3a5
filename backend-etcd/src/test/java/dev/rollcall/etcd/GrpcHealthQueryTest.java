package dev.rollcall.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.rollcall.Health;
import dev.rollcall.HostPort;
import dev.rollcall.Liveness;
import dev.rollcall.spi.GrpcHealthClient;
import dev.rollcall.testkit.server.TestCertificate;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ServiceLoader;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Against a server of another gRPC than the one in the jar. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class GrpcHealthQueryTest {
  private static final Duration INTERVAL = Duration.ofMinutes(1);
  private static final String TRUST = "javax.net.ssl.trustStore";
  private static final String TRUST_PASSWORD = "javax.net.ssl.trustStorePassword";

  private final GrpcHealthClient client = new GrpcHealthQuery();
  private final HealthService health = new HealthService();
  private Server server;

  @AfterEach
  void stop() {
    System.clearProperty(TRUST);
    System.clearProperty(TRUST_PASSWORD);
    if (server != null) {
      server.shutdownNow();
    }
  }

  private NettyServerBuilder onLoopback() {
    return NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
        .addService(health.definition());
  }

  private Liveness.GrpcCheck check(int port) {
    return Liveness.grpcCheck(new HostPort("127.0.0.1", port), INTERVAL);
  }

  private CompletableFuture<Health> ask(Liveness.GrpcCheck check) {
    InetAddress loopback = InetAddress.getLoopbackAddress();
    return client
        .ask(check, new InetSocketAddress(loopback, check.address().port()))
        .orTimeout(2, TimeUnit.MINUTES);
  }

  @Test
  void isFoundByTheServiceLoader() {
    assertThat(ServiceLoader.load(GrpcHealthClient.class))
        .hasOnlyElementsOfType(GrpcHealthQuery.class)
        .hasSize(1);
  }

  @Test
  void status_decides() throws Exception {
    server = onLoopback().build().start();
    Liveness.GrpcCheck whole = check(server.getPort());
    Liveness.GrpcCheck orders = whole.service("shop.v1.Orders");

    assertThat(ask(whole).join()).isEqualTo(Health.PASSING);
    assertThatThrownBy(() -> ask(orders).join()).hasMessageContaining("NOT_FOUND");
    for (int status = 0; status <= 4; status++) {
      health.statuses.put("shop.v1.Orders", status);
      assertThat(ask(orders).join())
          .as("status %s", status)
          .isEqualTo(status == HealthService.SERVING ? Health.PASSING : Health.CRITICAL);
    }
    assertThat(ask(whole).join()).isEqualTo(Health.PASSING);
  }

  @Test
  void noServer_andOneWithoutAHealthService_areFailures() throws Exception {
    server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .build()
            .start();
    int port = server.getPort();
    assertThatThrownBy(() -> ask(check(port)).join()).hasMessageContaining("UNIMPLEMENTED");
    server.shutdownNow().awaitTermination();
    assertThatThrownBy(() -> ask(check(port)).join()).hasMessageContaining("UNAVAILABLE");
  }

  @Test
  void tls_isVerifiedUnlessTheCheckSaysOtherwise(@TempDir Path folder) throws Exception {
    TestCertificate certificate = TestCertificate.make(folder, "DNS:orders.example");
    server =
        onLoopback()
            .useTransportSecurity(certificate.certificate().toFile(), certificate.key().toFile())
            .build()
            .start();
    Liveness.GrpcCheck plain = check(server.getPort());

    assertThatThrownBy(() -> ask(plain).join()).isInstanceOf(CompletionException.class);
    assertThatThrownBy(() -> ask(plain.overTls()).join()).hasMessageContaining("UNAVAILABLE");
    assertThat(ask(plain.tlsSkipVerify()).join()).isEqualTo(Health.PASSING);

    System.setProperty(TRUST, certificate.store().toString());
    System.setProperty(TRUST_PASSWORD, TestCertificate.PASSWORD);
    assertThat(ask(plain.tlsServerName("orders.example")).join()).isEqualTo(Health.PASSING);
    assertThatThrownBy(() -> ask(plain.overTls()).join()).hasMessageContaining("UNAVAILABLE");
    assertThatThrownBy(() -> ask(plain.tlsServerName("payments.example")).join())
        .hasMessageContaining("UNAVAILABLE");
  }

  @Test
  void givenUp_closesItsConnection() throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      CompletableFuture<Health> asked =
          client.ask(
              check(silent.getLocalPort()),
              new InetSocketAddress(silent.getInetAddress(), silent.getLocalPort()));
      try (Socket connection = silent.accept()) {
        connection.setSoTimeout((int) Duration.ofMinutes(2).toMillis());
        InputStream in = connection.getInputStream();
        assertThat(in.read()).isNotEqualTo(-1); // it speaks first
        assertThat(asked).isNotDone();
        asked.cancel(true);
        await().atMost(Duration.ofMinutes(2)).until(() -> ended(in));
      }
    }
  }

  private static boolean ended(InputStream in) {
    try {
      return in.readNBytes(1024).length < 1024;
    } catch (IOException reset) {
      return true;
    }
  }
}
