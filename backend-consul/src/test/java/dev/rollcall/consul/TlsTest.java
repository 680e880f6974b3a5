package dev.rollcall.consul;

import static dev.rollcall.consul.Bench.eventually;
import static dev.rollcall.consul.Bench.get;
import static dev.rollcall.consul.Bench.instance;
import static dev.rollcall.consul.Bench.put;
import static dev.rollcall.consul.Bench.refused;
import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Liveness;
import dev.rollcall.RegistryException;
import dev.rollcall.RegistryException.Kind;
import dev.rollcall.spi.Lease;
import dev.rollcall.spi.Selector;
import dev.rollcall.testkit.server.ConsulServer;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Security 17: who is not trusted is refused before a token is sent. */
class TlsTest {
  private final Bench bench = new Bench();

  /** PEM files of one key pair. */
  private record Pair(Path certificate, Path key) {}

  @AfterEach
  void close() {
    bench.close();
  }

  @Test
  @DisplayName("TLS with the right authority works; self-signed, wrong host, no client certificate")
  void tls_isChecked(@TempDir Path folder) throws Exception {
    Pair server = pair(folder, "server", "SAN=IP:127.0.0.1");
    Pair client = pair(folder, "client", "SAN=DNS:client.example");
    ConsulServer consul =
        bench.closing(
            ConsulServer.builder()
                .tls(server.certificate, server.key)
                .clientAuthority(client.certificate)
                .launch());
    int port = URI.create(consul.tlsEndpoint()).getPort();
    String right =
        "ca=" + server.certificate + "&cert=" + client.certificate + "&key=" + client.key;

    ConsulBackend trusted = bench.open("consuls://127.0.0.1:" + port + "?token=t&" + right);
    Lease lease =
        put(
            trusted,
            instance("secure", "a", 1),
            Liveness.heartbeat(Duration.ofSeconds(5)),
            Bench.owner(),
            end -> {});
    get(lease.renew());
    assertThat(get(trusted.snapshot(Selector.service("secure"))).instances()).hasSize(1);

    for (String wrong :
        List.of(
            "consuls://127.0.0.1:" + port + "?timeout=2s",
            "consuls://localhost:" + port + "?timeout=2s&" + right,
            "consuls://127.0.0.1:" + port + "?timeout=2s&ca=" + server.certificate)) {
      ConsulBackend other = bench.open(wrong);
      // TLS 1.3 lets the client go on before the server has looked at its certificate. So a request
      // may find the connection closed before it has read why, which counts as an outage.
      eventually(
          () -> {
            RegistryException refusal = refused(other.snapshot(Selector.service("secure")));
            assertThat(refusal.kind()).as(wrong + ": " + refusal).isEqualTo(Kind.DENIED);
          });
    }
  }

  private static Pair pair(Path folder, String name, String subject) throws Exception {
    Path store = folder.resolve(name + ".p12");
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
                "CN=" + name,
                "-ext",
                subject,
                "-ext",
                "EKU=serverAuth,clientAuth",
                "-storetype",
                "PKCS12",
                "-storepass",
                "changeit",
                "-keystore",
                store.toString())
            .redirectErrorStream(true)
            .start();
    assertThat(keytool.waitFor(30, TimeUnit.SECONDS)).isTrue();
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      keys.load(in, "changeit".toCharArray());
    }
    return new Pair(
        pem(folder.resolve(name + ".pem"), "CERTIFICATE", keys.getCertificate("one").getEncoded()),
        pem(
            folder.resolve(name + "-key.pem"),
            "PRIVATE KEY",
            keys.getKey("one", "changeit".toCharArray()).getEncoded()));
  }

  private static Path pem(Path file, String label, byte[] der) throws Exception {
    String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
    return Files.writeString(
        file, "-----BEGIN " + label + "-----\n" + body + "\n-----END " + label + "-----\n");
  }
}
