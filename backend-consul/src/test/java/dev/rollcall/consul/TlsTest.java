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
import dev.rollcall.testkit.server.TestCertificate;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Security 17: who is not trusted is refused before a token is sent. */
class TlsTest {
  private final Bench bench = new Bench();

  @AfterEach
  void close() {
    bench.close();
  }

  @Test
  @DisplayName("TLS with the right authority works; self-signed, wrong host, no client certificate")
  void tls_isChecked(@TempDir Path folder) throws Exception {
    TestCertificate server = TestCertificate.make(folder.resolve("server"));
    TestCertificate client = TestCertificate.make(folder.resolve("client"), "DNS:client.example");
    ConsulServer consul =
        bench.closing(
            ConsulServer.builder()
                .tls(server.certificate(), server.key())
                .clientAuthority(client.certificate())
                .launch());
    int port = URI.create(consul.tlsEndpoint()).getPort();
    String right =
        "ca=" + server.certificate() + "&cert=" + client.certificate() + "&key=" + client.key();

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
            "consuls://127.0.0.1:" + port + "?timeout=2s&ca=" + server.certificate())) {
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
}
