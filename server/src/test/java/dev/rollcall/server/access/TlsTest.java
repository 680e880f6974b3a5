package dev.rollcall.server.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.linecorp.armeria.client.ClientFactory;
import com.linecorp.armeria.client.ClientFactoryBuilder;
import com.linecorp.armeria.client.WebClient;
import com.linecorp.armeria.common.AggregatedHttpResponse;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.SessionProtocol;
import com.linecorp.armeria.common.TlsKeyPair;
import com.linecorp.armeria.server.Server;
import com.linecorp.armeria.server.ServerBuilder;
import dev.rollcall.RegistryException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

@Execution(ExecutionMode.CONCURRENT)
@Timeout(120)
class TlsTest {
  private static final String TOKEN = "canary-look-0123456789";

  @TempDir private Path folder;
  private final List<String> seen = new CopyOnWriteArrayList<>();
  private final TlsKeyPair mine = TlsKeyPair.ofSelfSigned("127.0.0.1");
  private final TlsKeyPair client = TlsKeyPair.ofSelfSigned("billing.internal");
  private final TlsKeyPair stranger = TlsKeyPair.ofSelfSigned("billing.internal");
  private Tls tls;
  private Tls mutual;
  private Server server;

  @BeforeEach
  void write() throws Exception {
    Path certificate = pem("cert.pem", "CERTIFICATE", mine.certificateChain().get(0).getEncoded());
    Path key = pem("key.pem", "PRIVATE KEY", mine.privateKey().getEncoded());
    Path clients = pem("clients.pem", "CERTIFICATE", client.certificateChain().get(0).getEncoded());
    tls = new Tls(certificate, key, Optional.empty());
    mutual = new Tls(certificate, key, Optional.of(clients));
  }

  @AfterEach
  void stop() {
    if (server != null) {
      server.stop();
    }
  }

  @Test
  void applyTo_tokensTravelEncrypted() {
    start(tls);

    assertThat(get(trusting -> {}, TOKEN).contentUtf8()).isEqualTo("hello look");
    assertThat(get(trusting -> {}, "").status()).isEqualTo(HttpStatus.UNAUTHORIZED);
  }

  @Test
  void applyTo_mutual_certificateIsAPrincipal() {
    start(mutual);

    assertThat(get(factory -> factory.tls(client), "").contentUtf8()).isEqualTo("hello billing");
  }

  @Test
  void applyTo_mutual_withoutTheRightCertificate_nothingIsServed() {
    start(mutual);

    assertThatThrownBy(() -> get(factory -> {}, TOKEN)).isInstanceOf(Exception.class);
    assertThatThrownBy(() -> get(factory -> factory.tls(stranger), TOKEN))
        .isInstanceOf(Exception.class);
    assertThat(seen).isEmpty();
  }

  @Test
  void applyTo_mutual_certificateOutOfItsTime_nothingIsServed() throws Exception {
    Authority authority = Authority.in(folder, "billing.internal");
    start(new Tls(tls.certificate(), tls.key(), Optional.of(authority.certificate())));
    TlsKeyPair valid = authority.issue("-1d", 30);
    TlsKeyPair expired = authority.issue("-10d", 5);
    TlsKeyPair early = authority.issue("+5d", 30);

    assertThat(get(factory -> factory.tls(valid), "").contentUtf8()).isEqualTo("hello billing");
    assertThat(seen).hasSize(1);
    for (TlsKeyPair wrong : List.of(expired, early)) {
      assertThatThrownBy(() -> get(factory -> factory.tls(wrong), TOKEN))
          .isInstanceOf(Exception.class);
    }
    assertThat(seen).hasSize(1);
  }

  @Test
  void applyTo_filesThatHoldSomethingElse_refused() throws IOException {
    Path garbage = Files.writeString(folder.resolve("garbage.pem"), "canary");

    assertThatThrownBy(() -> new Tls(garbage, garbage, Optional.empty()).applyTo(Server.builder()))
        .isInstanceOf(RegistryException.class)
        .hasMessageNotContaining("canary");
    assertThatThrownBy(() -> new Tls(folder.resolve("none"), garbage, Optional.empty()))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("certificate: ");
  }

  private void start(Tls used) {
    Tokens tokens =
        Tokens.parse(
            "tokens",
            "look token:" + TOKEN + " read\nbilling certificate:billing.internal read",
            false);
    ServerBuilder builder =
        Server.builder()
            .port(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), SessionProtocol.HTTPS)
            .decorator(AccessControl.of(tokens, Limits.standard()))
            .serviceUnder(
                "/",
                (ctx, req) -> {
                  seen.add(req.path());
                  return HttpResponse.of("hello %s", Principal.of(ctx).name());
                });
    used.applyTo(builder);
    server = builder.build();
    server.start().join();
  }

  private AggregatedHttpResponse get(Consumer<ClientFactoryBuilder> more, String token) {
    ClientFactoryBuilder builder =
        ClientFactory.builder()
            .tlsCustomizer(context -> context.trustManager(mine.certificateChain().get(0)));
    more.accept(builder);
    try (ClientFactory factory = builder.build()) {
      return WebClient.builder("https://127.0.0.1:" + server.activeLocalPort())
          .factory(factory)
          .build()
          .blocking()
          .execute(
              token.isEmpty()
                  ? RequestHeaders.of(HttpMethod.GET, "/v1/catalog/services")
                  : RequestHeaders.of(
                      HttpMethod.GET, "/v1/catalog/services", "x-consul-token", token));
    }
  }

  private Path pem(String name, String label, byte[] der) throws IOException {
    String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
    return Files.writeString(
        folder.resolve(name),
        "-----BEGIN " + label + "-----\n" + body + "\n-----END " + label + "-----\n");
  }
}
