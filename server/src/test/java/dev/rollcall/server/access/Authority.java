package dev.rollcall.server.access;

import static org.assertj.core.api.Assertions.assertThat;

import com.linecorp.armeria.common.TlsKeyPair;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A certificate authority, by the JDK's keytool, and one key that it certifies: for any time that
 * is asked for.
 */
final class Authority {
  private static final String PASSWORD = "changeit";

  private final Path certificate;
  private final Path request;
  private final Path authority;
  private final Path holder;

  private Authority(Path folder) {
    this.certificate = folder.resolve("authority.pem");
    this.request = folder.resolve("request.pem");
    this.authority = folder.resolve("authority.p12");
    this.holder = folder.resolve("holder.p12");
  }

  /** Makes the authority, and the key of whom it certifies. */
  static Authority in(Path folder, String name) throws IOException, InterruptedException {
    Authority made = new Authority(folder);
    keytool(made.authority, "-genkeypair", "-keyalg", "EC", "-dname", "CN=ca", "-ext", "bc:c");
    keytool(made.authority, "-exportcert", "-rfc", "-file", made.certificate.toString());
    keytool(made.holder, "-genkeypair", "-keyalg", "EC", "-dname", "CN=" + name);
    keytool(made.holder, "-certreq", "-file", made.request.toString());
    return made;
  }

  /** Returns the authority's own certificate. */
  Path certificate() {
    return certificate;
  }

  /**
   * Certifies the key.
   *
   * @param from when that begins, as keytool has it: {@code -2d}, {@code +1d}
   */
  TlsKeyPair issue(String from, int days)
      throws IOException, InterruptedException, GeneralSecurityException {
    Path issued = request.resolveSibling("issued" + from + ".pem");
    keytool(
        authority,
        "-gencert",
        "-rfc",
        "-infile",
        request.toString(),
        "-outfile",
        issued.toString(),
        "-startdate",
        from,
        "-validity",
        String.valueOf(days),
        "-ext",
        "EKU=clientAuth");
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(holder);
        InputStream pem = Files.newInputStream(issued)) {
      keys.load(in, PASSWORD.toCharArray());
      return TlsKeyPair.of(
          (PrivateKey) keys.getKey("own", PASSWORD.toCharArray()),
          (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(pem));
    }
  }

  private static void keytool(Path store, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    command.addAll(Arrays.asList(arguments));
    command.addAll(List.of("-alias", "own", "-storetype", "PKCS12", "-storepass", PASSWORD));
    command.addAll(List.of("-keystore", store.toString()));
    Process keytool = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(keytool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(keytool.waitFor()).as(said).isZero();
  }
}
