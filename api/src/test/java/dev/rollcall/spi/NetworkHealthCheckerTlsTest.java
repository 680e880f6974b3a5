package dev.rollcall.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsExchange;
import com.sun.net.httpserver.HttpsServer;
import dev.rollcall.Health;
import dev.rollcall.Liveness;
import dev.rollcall.RegistryException;
import dev.rollcall.spi.support.NetworkHealthChecker;
import dev.rollcall.spi.support.SystemTimer;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Checks of a server whose certificate is its own work, for the name orders.example. */
@Timeout(600)
class NetworkHealthCheckerTlsTest {
  private static final Duration INTERVAL = Duration.ofMinutes(1);

  private static final String TRUST = "javax.net.ssl.trustStore";
  private static final String TRUST_PASSWORD = "javax.net.ssl.trustStorePassword";

  @TempDir static Path folder;
  private static KeyStore keys;

  private final Timer timer = SystemTimer.named("tls-checker-test");
  private final BlockingQueue<Health> results = new LinkedBlockingQueue<>();
  private final List<String> asked = new CopyOnWriteArrayList<>();
  private HealthChecker checker;
  private HttpsServer server;

  private static Path store() {
    return folder.resolve("server.p12");
  }

  @BeforeAll
  static void certify() throws Exception {
    Path store = store();
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                "one",
                "-keyalg",
                "RSA",
                "-keysize",
                "2048",
                "-dname",
                "CN=server",
                "-ext",
                "SAN=DNS:orders.example",
                "-storetype",
                "PKCS12",
                "-storepass",
                "changeit",
                "-keystore",
                store.toString())
            .redirectErrorStream(true)
            .start();
    assertThat(keytool.waitFor(5, TimeUnit.MINUTES)).isTrue();
    keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      keys.load(in, "changeit".toCharArray());
    }
  }

  @BeforeEach
  void serve() throws Exception {
    KeyManagerFactory identity =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    identity.init(keys, "changeit".toCharArray());
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(identity.getKeyManagers(), null, null);
    server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(context));
    server.createContext(
        "/",
        exchange -> {
          ExtendedSSLSession session =
              (ExtendedSSLSession) ((HttpsExchange) exchange).getSSLSession();
          asked.add(session.getRequestedServerNames().toString());
          exchange.sendResponseHeaders(200, -1);
          exchange.close();
        });
    server.start();
    checker = NetworkHealthChecker.named(timer, "tls-checker-test");
  }

  @AfterEach
  void stop() {
    System.clearProperty(TRUST);
    System.clearProperty(TRUST_PASSWORD);
    checker.close();
    timer.close();
    server.stop(0);
  }

  private Liveness.HttpCheck https(String host) {
    URI uri = URI.create("https://" + host + ":" + server.getAddress().getPort() + "/");
    return Liveness.httpCheck(uri, INTERVAL).timeout(INTERVAL);
  }

  private Health once(Liveness.Check check) throws InterruptedException {
    HealthChecker.Running running = checker.start(check, results::add);
    try {
      return results.poll(1, TimeUnit.MINUTES);
    } finally {
      running.stop();
    }
  }

  /** As a fleet has its own authority in the JDK's trust store. */
  private static void trustTheServer() {
    System.setProperty(TRUST, store().toString());
    System.setProperty(TRUST_PASSWORD, "changeit");
  }

  @Test
  void certificate_thatIsNotTrusted_isCritical() throws InterruptedException {
    assertThat(once(https("127.0.0.1"))).isEqualTo(Health.CRITICAL);
    assertThat(once(https("127.0.0.1").tlsServerName("orders.example"))).isEqualTo(Health.CRITICAL);
    assertThat(asked).isEmpty();
  }

  @Test
  void serverName_isAskedForAndFoundInTheCertificate() throws InterruptedException {
    trustTheServer();
    assertThat(once(https("127.0.0.1").tlsServerName("orders.example"))).isEqualTo(Health.PASSING);
    assertThat(asked).singleElement().asString().contains("orders.example");
    // Of the same address, whose session is not resumed for another name.
    assertThat(once(https("127.0.0.1").tlsServerName("payments.example")))
        .isEqualTo(Health.CRITICAL);
    assertThat(asked).hasSize(1);
  }

  @Test
  void skipVerify_takesAnyCertificate_forThatCheckAlone() throws InterruptedException {
    assertThat(once(https("127.0.0.1").tlsSkipVerify())).isEqualTo(Health.PASSING);
    assertThat(once(https("localhost").tlsSkipVerify())).isEqualTo(Health.PASSING);
    assertThat(once(https("127.0.0.1").tlsServerName("payments.example").tlsSkipVerify()))
        .isEqualTo(Health.PASSING);
    assertThat(asked).last().asString().contains("payments.example");
    assertThat(once(https("127.0.0.1"))).isEqualTo(Health.CRITICAL);
  }

  @Test
  void serverName_besideAHostName_isRefused() {
    assertThatThrownBy(() -> checker.admit(https("localhost").tlsServerName("orders.example")))
        .isInstanceOf(RegistryException.class)
        .hasMessage(
            "check uri: host localhost (expected: an IP address, since there is a tlsServerName and"
                + " this process runs the check)");
    for (String address : List.of("127.0.0.1", "[::1]")) {
      assertThatCode(() -> checker.admit(https(address).tlsServerName("orders.example")))
          .doesNotThrowAnyException();
    }
  }
}
