package dev.rollcall.spi.support;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.rollcall.RegistryException;
import dev.rollcall.spi.BackendUri;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TlsOptionsTest {
  @TempDir Path folder;

  /** One of the JDK's own authorities, whose key nobody here has. */
  private X509Certificate authority;

  @BeforeEach
  void writeFiles() throws Exception {
    authority = open("secure://h").trustManager().getAcceptedIssuers()[0];
    Files.writeString(folder.resolve("ca"), pem("CERTIFICATE", authority.getEncoded()));
    Files.writeString(folder.resolve("text"), "canary");
    Files.writeString(folder.resolve("no-key"), pem("PRIVATE KEY", new byte[] {1, 2, 3}));
    Files.writeString(folder.resolve("encrypted"), pem("ENCRYPTED PRIVATE KEY", new byte[] {1}));
  }

  @Test
  void of_anotherScheme_isEmpty() {
    assertThat(TlsOptions.of(BackendUri.parse("plain://h"), "secure")).isEmpty();
  }

  @Test
  void trustManager_withAuthorities_trustsTheseAlone() {
    TlsOptions options = open("secure://h?ca=" + folder.resolve("ca"));
    assertThat(options.trustManager().getAcceptedIssuers()).containsExactly(authority);
    assertThat(options.keyManager()).isEmpty();
    assertThat(options.context().getProtocol()).isEqualTo("TLS");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "plain://h?ca=@ca                     | ca   | secure://",
        "plain://h?cert=@ca&key=@no-key       | cert | secure://",
        "secure://h?cert=@ca                  | cert | cert and key together",
        "secure://h?key=@no-key               | key  | cert and key together",
        "secure://h?ca=@nowhere               | ca   | a file that can be read",
        "secure://h?ca=%00                    | ca   | a file that can be read",
        "secure://h?ca=@text                  | ca   | a PEM file of certificates",
        "secure://h?cert=@text&key=@no-key    | cert | a PEM file of certificates",
        "secure://h?cert=@ca&key=@nowhere     | key  | a file that can be read",
        "secure://h?cert=@ca&key=@text        | key  | unencrypted PKCS #8",
        "secure://h?cert=@ca&key=@no-key      | key  | unencrypted PKCS #8",
        "secure://h?cert=@ca&key=@encrypted   | key  | unencrypted PKCS #8",
      })
  @DisplayName("what is wrong is refused with the option and the rule, and nothing of the file")
  void of_wrongOptions_namesTheOptionAndTheRule(String uri, String option, String rule) {
    assertThatExceptionOfType(RegistryException.class)
        .isThrownBy(() -> open(uri.replace("@", folder + "/")))
        .withMessageContaining("option \"" + option + "\"")
        .withMessageContaining(rule)
        .withMessageNotContaining("canary")
        .satisfies(refusal -> assertThat(refusal.kind()).isEqualTo(RegistryException.Kind.INVALID));
  }

  @ParameterizedTest
  @CsvSource({
    "localhost,true",
    "LOCALHOST,true",
    "127.0.0.1,true",
    "127.9.9.9,true",
    "::1,true",
    "0:0:0:0:0:0:0:1,true",
    "10.0.0.1,false",
    "127.0.0.1.example,false",
    "localhost.example,false",
    "::2,false",
    "127.1,false"
  })
  void isLoopback_isDecidedByTheTextAlone(String host, boolean loopback) {
    assertThat(Secrets.isLoopback(host)).isEqualTo(loopback);
  }

  @Test
  void fromFile_isStripped_andNamesTheOptionWhereItCannotBeRead() {
    assertThat(
            Secrets.fromFile(BackendUri.parse("s://h?secret=" + folder.resolve("text")), "secret"))
        .isEqualTo(Optional.of("canary"));
    assertThat(Secrets.fromFile(BackendUri.parse("s://h"), "secret")).isEmpty();
    for (String file : new String[] {folder + "/nowhere", "%00"}) {
      assertThatExceptionOfType(RegistryException.class)
          .isThrownBy(() -> Secrets.fromFile(BackendUri.parse("s://h?secret=" + file), "secret"))
          .withMessageContaining("option \"secret\"")
          .withMessageContaining("a file that can be read");
    }
  }

  private static TlsOptions open(String uri) {
    return TlsOptions.of(BackendUri.parse(uri), "secure").orElseThrow();
  }

  private static String pem(String label, byte[] der) {
    return "-----BEGIN %s-----%n%s%n-----END %s-----%n"
        .formatted(label, Base64.getMimeEncoder().encodeToString(der), label);
  }
}
