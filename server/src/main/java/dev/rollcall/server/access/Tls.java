package dev.rollcall.server.access;

import static java.util.Objects.requireNonNull;

import com.linecorp.armeria.common.TlsKeyPair;
import com.linecorp.armeria.server.ServerBuilder;
import dev.rollcall.RegistryException;
import io.netty.handler.ssl.ClientAuth;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * How the centre shows who it is, and whose certificates it takes. Immutable.
 *
 * @param certificate a PEM file with the centre's certificate and those above it
 * @param key a PEM file with its private key in PKCS #8, without a password
 * @param clientAuthority a PEM file with the certificates that clients' certificates must go back
 *     to; where it is given, a client without one is refused before anything of it is read
 * @since 0.1.0
 */
public record Tls(Path certificate, Path key, Optional<Path> clientAuthority) {

  /**
   * Checks that the files can be read.
   *
   * @param certificate as the record says
   * @param key as the record says
   * @param clientAuthority as the record says
   */
  public Tls {
    requireReadable("certificate", certificate);
    requireReadable("key", key);
    requireNonNull(clientAuthority, "clientAuthority")
        .ifPresent(authority -> requireReadable("client authority", authority));
  }

  /**
   * Has a server speak TLS on its HTTPS ports: 1.2 and 1.3 alone.
   *
   * @param server the server, not yet built
   * @throws RegistryException of kind {@code INVALID} where a file does not hold what it must; the
   *     message says nothing of its content
   */
  public void applyTo(ServerBuilder server) {
    try {
      server.tls(TlsKeyPair.of(key.toFile(), certificate.toFile()));
    } catch (IllegalArgumentException malformed) {
      throw RegistryException.invalid(
          "TLS: " + certificate + ", " + key + " (expected: a certificate and its key in PEM)");
    }
    server.tlsCustomizer(
        context -> {
          context.protocols("TLSv1.3", "TLSv1.2");
          clientAuthority.ifPresent(
              authority -> context.trustManager(authority.toFile()).clientAuth(ClientAuth.REQUIRE));
        });
  }

  private static void requireReadable(String what, Path file) {
    try (var readable = Files.newInputStream(requireNonNull(file, what))) {
      requireNonNull(readable);
    } catch (IOException unreadable) {
      throw new RegistryException(
          RegistryException.Kind.INVALID, what + ": " + file + " cannot be read", unreadable);
    }
  }
}
