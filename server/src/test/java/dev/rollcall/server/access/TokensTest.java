package dev.rollcall.server.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.hash.Hashing;
import dev.rollcall.RegistryException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokensTest {
  private static final String SECRET = "canary-0123456789-abcdef";

  @TempDir private Path folder;

  @Test
  void parse_takesPrincipalsAndRoles() {
    Tokens tokens =
        parse(
            """
            # who           token          roles
            ops             token:%s       admin     # everything

            shop\tsha256:%s\tread register:shop- register:cart\r
            billing certificate:billing.internal register:billing
            anonymous - read
            """
                .formatted(SECRET, sha256("another-0123456789-abcdef")));

    Principal ops = tokens.find(SECRET).orElseThrow();
    assertThat(ops.name()).isEqualTo("ops");
    assertThat(ops.may(RequiredRole.ADMIN)).isTrue();
    assertThat(ops.mayRegister("anything")).isTrue();
    Principal shop = tokens.find("another-0123456789-abcdef").orElseThrow();
    assertThat(shop.may(RequiredRole.READ)).isTrue();
    assertThat(shop.may(RequiredRole.REGISTER)).isTrue();
    assertThat(shop.may(RequiredRole.ADMIN)).isFalse();
    assertThat(shop.mayRegister("shop-web")).isTrue();
    assertThat(shop.mayRegister("shop")).isFalse();
    assertThat(shop.mayRegister("shopping")).isFalse();
    assertThat(shop.mayRegister("cart")).isTrue();
    assertThat(tokens.ofCertificate("billing.internal").orElseThrow().may(RequiredRole.READ))
        .isFalse();
    assertThat(tokens.anonymous().orElseThrow().may(RequiredRole.REGISTER)).isFalse();
    assertThat(tokens.find("nobody-0123456789-abcdef")).isEmpty();
    assertThat(tokens.find("")).isEmpty();
    assertThat(tokens.find(sha256(SECRET))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "# nothing",
        "anonymous - read",
        "ops",
        "ops token:" + SECRET,
        "ops token:short admin",
        "ops " + SECRET + " admin",
        "ops sha256:12 admin",
        "ops token:" + SECRET + " root",
        "ops token:" + SECRET + " register:",
        "o/ps token:" + SECRET + " admin",
        "ops - admin",
        "anonymous token:" + SECRET + " read",
        "ops token:" + SECRET + " admin\nops token:" + SECRET + "x read",
        "ops token:" + SECRET + " admin\nshop token:" + SECRET + " read",
        "a certificate:x read\nb certificate:x read"
      })
  void parse_malformed_refusedWithoutTheToken(String text) {
    assertThatThrownBy(() -> parse(text))
        .isInstanceOf(RegistryException.class)
        .hasMessageStartingWith("token file tokens")
        .hasMessageNotContaining("canary");
  }

  @Test
  void parse_readableByEverybody_takesDigestsAlone() {
    assertThatThrownBy(() -> Tokens.parse("tokens", "ops token:" + SECRET + " admin", true))
        .hasMessageContaining("line 1")
        .hasMessageNotContaining("canary");
    assertThat(Tokens.parse("tokens", "ops sha256:" + sha256(SECRET) + " admin", true).find(SECRET))
        .isPresent();
  }

  @Test
  void read_file() throws IOException {
    Path file = folder.resolve("tokens");
    Files.writeString(file, "ops token:" + SECRET + " admin");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
    assertThat(Tokens.read(file).find(SECRET)).isPresent();

    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    assertThatThrownBy(() -> Tokens.read(file)).hasMessageContaining("everybody");
    assertThatThrownBy(() -> Tokens.read(folder.resolve("none")))
        .hasMessageContaining("cannot be read");
    Files.write(file, new byte[] {(byte) 0xff});
    assertThatThrownBy(() -> Tokens.read(file)).hasMessageContaining("UTF-8");
    Files.write(file, new byte[2 << 20]);
    assertThatThrownBy(() -> Tokens.read(file)).hasMessageContaining("1 MiB");
  }

  @Test
  void toString_holdsNoSecret() {
    Tokens tokens = parse("ops token:" + SECRET + " admin");

    assertThat(tokens.toString()).isEqualTo("Tokens[1 principals]");
    assertThat(tokens.find(SECRET).orElseThrow().toString()).isEqualTo("ops");
  }

  private static Tokens parse(String text) {
    return Tokens.parse("tokens", text, false);
  }

  private static String sha256(String text) {
    return Hashing.sha256().hashString(text, StandardCharsets.UTF_8).toString();
  }
}
