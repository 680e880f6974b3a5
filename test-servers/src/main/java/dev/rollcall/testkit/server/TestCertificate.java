package dev.rollcall.testkit.server;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * A certificate that is signed by itself, and its key, for tests over TLS: a server's or a
 * client's. Made by the JDK's keytool. Immutable; the files are those of the caller's folder.
 *
 * @param certificate as PEM
 * @param key its RSA key, as PEM of PKCS #8 without a password
 * @param store both, as PKCS #12 with the password {@link #PASSWORD}
 * @since 0.1.0
 */
public record TestCertificate(Path certificate, Path key, Path store) {
  /** Opens each store and each key in one. */
  public static final String PASSWORD = "changeit";

  private static final String ALIAS = "own";

  /**
   * Makes a certificate for 127.0.0.1.
   *
   * @param folder where the files go, made where it does not exist; one certificate a folder
   * @return the certificate
   * @throws ServerException where keytool fails
   */
  public static TestCertificate make(Path folder) {
    return make(folder, "IP:127.0.0.1");
  }

  /**
   * Makes a certificate for somebody.
   *
   * @param folder where the files go, made where it does not exist; one certificate a folder
   * @param subject for whom, as in {@code DNS:orders.example} or {@code IP:127.0.0.1}
   * @return the certificate
   * @throws ServerException where keytool fails
   */
  public static TestCertificate make(Path folder, String subject) {
    Path store = folder.resolve("store.p12");
    try {
      Files.createDirectories(folder);
      Command.Result made = keytool(store, subject).run(Duration.ofMinutes(5));
      if (made.exitCode() != 0) {
        throw new ServerException("keytool: " + made.output());
      }
      KeyStore keys = open(store);
      return new TestCertificate(
          pem(folder.resolve("cert.pem"), "CERTIFICATE", keys.getCertificate(ALIAS).getEncoded()),
          pem(
              folder.resolve("key.pem"),
              "PRIVATE KEY",
              keys.getKey(ALIAS, PASSWORD.toCharArray()).getEncoded()),
          store);
    } catch (IOException | GeneralSecurityException failed) {
      throw new ServerException("no certificate in " + folder + ": " + failed, failed);
    }
  }

  private static Command keytool(Path store, String subject) {
    return Command.of(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
            "-genkeypair",
            "-alias",
            ALIAS,
            "-keyalg",
            "RSA",
            "-keysize",
            "2048",
            "-dname",
            "CN=" + subject.substring(subject.indexOf(':') + 1),
            "-ext",
            "SAN=" + subject,
            "-ext",
            "EKU=serverAuth,clientAuth",
            "-storetype",
            "PKCS12",
            "-storepass",
            PASSWORD,
            "-keystore",
            store.toString()));
  }

  /**
   * Opens the store.
   *
   * @return the certificate and its key
   */
  public KeyStore keys() {
    try {
      return open(store);
    } catch (IOException | GeneralSecurityException failed) {
      throw new ServerException(store + ": " + failed, failed);
    }
  }

  /**
   * Makes a context for a client that trusts this certificate alone and shows none.
   *
   * @return a new one
   */
  public SSLContext trusting() {
    try {
      KeyStore trusted = KeyStore.getInstance("PKCS12");
      trusted.load(null, null);
      trusted.setCertificateEntry(ALIAS, keys().getCertificate(ALIAS));
      TrustManagerFactory factory =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      factory.init(trusted);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, factory.getTrustManagers(), null);
      return context;
    } catch (IOException | GeneralSecurityException failed) {
      throw new ServerException(store + ": " + failed, failed);
    }
  }

  private static KeyStore open(Path store) throws IOException, GeneralSecurityException {
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      keys.load(in, PASSWORD.toCharArray());
    }
    return keys;
  }

  private static Path pem(Path file, String label, byte[] der) throws IOException {
    String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
    return Files.writeString(
        file, "-----BEGIN " + label + "-----\n" + body + "\n-----END " + label + "-----\n");
  }
}
