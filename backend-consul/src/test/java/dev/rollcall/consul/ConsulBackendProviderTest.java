package dev.rollcall.consul;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.rollcall.HostPort;
import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.spi.BackendUri;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConsulBackendProviderTest {
  private static ConsulBackendSettings settings(String uri) {
    return new ConsulBackendProvider(Map.of("T", "from-env")).settings(BackendUri.parse(uri));
  }

  @Test
  void defaults_areThoseOfTheDocumentation() {
    ConsulBackendSettings settings = settings("consul://127.0.0.1");
    assertThat(settings.address()).isEqualTo(new HostPort("127.0.0.1", 8500));
    assertThat(settings.consistency()).isEqualTo(ReadOptions.Consistency.DEFAULT);
    assertThat(settings.patience()).isEqualTo(Duration.ofSeconds(5));
    assertThat(settings.timeout()).isEqualTo(Duration.ofSeconds(5));
    assertThat(settings.token()).isEmpty();
    assertThat(settings.tls()).isEmpty();
    assertThat(settings("consuls://consul.example/").address())
        .isEqualTo(new HostPort("consul.example", 8501));
  }

  @ParameterizedTest
  @CsvSource({
    "consul://[::1]:8501, ::1, 8501",
    "consul://::1, ::1, 8500",
    "consul://[::1], ::1, 8500",
    "consul://localhost:1, localhost, 1",
    "CONSUL://h.example:65535, h.example, 65535"
  })
  void address_inEveryForm(String uri, String host, int port) {
    assertThat(settings(uri).address()).isEqualTo(new HostPort(host, port));
  }

  @Test
  void token_onlyToThisMachineUnlessEncrypted() {
    assertThat(settings("consul://[::1]?token=t").token()).isEqualTo("t");
    assertThat(settings("consul://LocalHost?token-env=T").token()).isEqualTo("from-env");
    assertThat(settings("consuls://far.example?token=t").token()).isEqualTo("t");
    assertThatThrownBy(() -> settings("consul://far.example?token=t"))
        .isInstanceOf(RegistryException.class)
        .hasMessage(
            "uri: a token over plain HTTP to far.example (expected: consuls://, or an agent on"
                + " this machine)");
  }

  @Test
  void unknownOption_isNamedWithTheNearest() {
    assertThatThrownBy(() -> settings("consul://h?consistancy=stale"))
        .hasMessage(
            "unknown option \"consistancy\" in consul://…; did you mean \"consistency\"? options:"
                + " ca, cert, consistency, dc, key, ns, partition, timeout, token, token-env, token-file,"
                + " wait");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "consul:",
        "consul://",
        "consul://a,b",
        "consul://h:0",
        "consul://h:70000",
        "consul://h:x",
        "consul://h:",
        "consul://not_a_host!",
        "consul://h/prefix",
        "consul://h?wait=0s",
        "consul://h?wait=1500ms",
        "consul://h?wait=11m",
        "consul://h?wait=forever",
        "consul://h?timeout=99ms",
        "consul://h?timeout=2m",
        "consul://h?consistency=strong",
        "consul://h?dc=",
        "consul://h?dc=a/b",
        "consul://localhost?token=",
        "consul://localhost?token=a%0D%0AX-Other:%20b",
        "consul://localhost?token=a&token-file=b",
        "consul://localhost?token-file=/nonexistent/secret",
        "consul://localhost?token-env=NOT_SET",
        "consul://h?ca=x.pem",
        "consuls://h?ca=/nonexistent.pem",
        "consuls://h?cert=x.pem"
      })
  void mistakes_areRefused(String uri) {
    assertThatThrownBy(() -> Registry.open(uri).close())
        .isInstanceOfSatisfying(
            RegistryException.class,
            refusal -> assertThat(refusal.kind()).isEqualTo(RegistryException.Kind.INVALID));
  }
}
