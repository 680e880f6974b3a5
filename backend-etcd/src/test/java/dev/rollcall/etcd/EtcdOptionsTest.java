package dev.rollcall.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.rollcall.RegistryException;
import dev.rollcall.spi.BackendUri;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** URIs: what they mean, and what is refused. */
final class EtcdOptionsTest {
  private static EtcdOptions of(String uri) {
    return EtcdOptions.of(BackendUri.parse(uri));
  }

  @Test
  @DisplayName("several endpoints, a default port, a default prefix")
  void defaults() {
    EtcdOptions options = of("etcd://h1,h2:1234,[::1]");
    assertThat(options.target()).isEqualTo("ip:///h1:2379,h2:1234,[::1]:2379");
    assertThat(options.timeout()).isEqualTo(Duration.ofSeconds(5));
    assertThat(options.format()).isEqualTo(Stored.Format.JSON);
  }

  @ParameterizedTest
  @CsvSource({
    "etcd://h, /rollcall/",
    "etcd://h/, /",
    "etcd://h/prod, /prod/",
    "etcd://h/a/b/, /a/b/",
    "etcd://h?prefix=, ''",
    "etcd://h?prefix=svc, svc/",
  })
  @DisplayName("what stands before a service's name")
  void base(String uri, String base) {
    assertThat(of(uri).base()).isEqualTo(base);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "etcd:",
        "etcd://h:0",
        "etcd://h:x",
        "etcd://a b",
        "etcd://h?tll=5s",
        "etcd://h?ttl=5",
        "etcd://h?ttl=0s",
        "etcd://h?timeout=1ms",
        "etcd://h?format=xml",
        "etcd://h/a?prefix=b",
        "etcd://localhost?user=u",
        "etcd://localhost?password=p",
        "etcd://localhost?user=u&password=",
        "etcd://localhost?user=u&password=a&password-file=b",
        "etcd://localhost?user=u&password-file=/nowhere/at/all",
        "etcd://10.0.0.1?user=u&password=canary",
        "etcd://localhost,h?user=u&password=canary",
        "etcd://h?ca=/x",
        "etcds://h?ca=/nowhere/at/all",
        "etcds://h?cert=/x",
      })
  @DisplayName("what is wrong is refused as invalid, without showing a secret")
  void refused(String uri) {
    assertThatExceptionOfType(RegistryException.class)
        .isThrownBy(() -> of(uri))
        .satisfies(
            refusal -> {
              assertThat(refusal.kind()).isEqualTo(RegistryException.Kind.INVALID);
              assertThat(refusal.getMessage()).doesNotContain("canary");
            });
  }

  @Test
  @DisplayName("a password goes in plain text to loopback only, and over TLS anywhere")
  void credentials(@TempDir Path folder) throws Exception {
    Path file = Files.writeString(folder.resolve("password"), "canary\n");
    for (String uri :
        new String[] {
          "etcd://localhost?user=u&password=canary",
          "etcd://127.0.0.1:1,[::1]:2?user=u&password=canary",
          "etcd://127.0.0.1?user=u&password-file=" + file,
          "etcds://db.example?user=u&password=canary",
        }) {
      EtcdOptions options = of(uri);
      assertThat(options.credentials().orElseThrow().password()).isEqualTo("canary");
      assertThat(options.toString() + options.credentials()).doesNotContain("canary");
    }
  }

  @Test
  @DisplayName("a file that is no certificate is refused")
  void noCertificate(@TempDir Path folder) throws Exception {
    Path file = Files.writeString(folder.resolve("ca.pem"), "no certificate");
    assertThatExceptionOfType(RegistryException.class)
        .isThrownBy(() -> of("etcds://h?ca=" + file))
        .withMessageContaining("ca");
  }
}
