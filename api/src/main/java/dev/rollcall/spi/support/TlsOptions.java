package dev.rollcall.spi.support;

import dev.rollcall.RegistryException;
import dev.rollcall.spi.BackendUri;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509KeyManager;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * The authorities that a client trusts and its own certificate, from a URI's options: {@code ca}, a
 * PEM file of the authorities to trust instead of the JDK's; {@code cert} and {@code key}, PEM
 * files of the client's certificate chain and of its unencrypted PKCS #8 private key. The files are
 * read once. Immutable, its text shows nothing of a file.
 *
 * @since 0.1.0
 */
public final class TlsOptions {
  private static final Pattern PRIVATE_KEY =
      Pattern.compile("-----BEGIN PRIVATE KEY-----(.*?)-----END PRIVATE KEY-----", Pattern.DOTALL);

  /** Protects nothing: the key store lives in memory only, but must have one. */
  private static final char[] IN_MEMORY = new char[0];

  private final X509TrustManager trust;
  private final @Nullable X509KeyManager identity;

  private TlsOptions(X509TrustManager trust, @Nullable X509KeyManager identity) {
    this.trust = trust;
    this.identity = identity;
  }

  /**
   * Reads the options of a URI.
   *
   * @param uri any URI
   * @param secureScheme the scheme that means TLS, as in {@code etcds}
   * @return empty where the URI has another scheme
   * @throws RegistryException of kind {@code INVALID}, naming the option, where one of the three is
   *     given without TLS, {@code cert} and {@code key} are not given together, or a file is not
   *     what it should be
   */
  public static Optional<TlsOptions> of(BackendUri uri, String secureScheme) {
    boolean secure = uri.scheme().equals(secureScheme);
    for (String option : List.of("ca", "cert", "key")) {
      if (!secure && uri.option(option).isPresent()) {
        throw uri.invalid(option, secureScheme + "://");
      }
    }
    Optional<String> certificate = uri.option("cert");
    Optional<String> key = uri.option("key");
    if (certificate.isPresent() != key.isPresent()) {
      throw uri.invalid(certificate.isPresent() ? "cert" : "key", "cert and key together");
    }
    if (!secure) {
      return Optional.empty();
    }
    return Optional.of(
        new TlsOptions(
            trust(uri),
            certificate.isPresent() && key.isPresent()
                ? identity(uri, certificate.get(), key.get())
                : null));
  }

  /**
   * Returns what decides which certificates are trusted.
   *
   * @return for the authorities of {@code ca}, or for the JDK's
   */
  public X509TrustManager trustManager() {
    return trust;
  }

  /**
   * Returns the client's own certificate and key.
   *
   * @return empty where no {@code cert} was given
   */
  public Optional<X509KeyManager> keyManager() {
    return Optional.ofNullable(identity);
  }

  /**
   * Makes a context of both. It checks no host name: its user asks for that.
   *
   * @return a new one
   * @throws RegistryException of kind {@code INVALID} where the JDK has no TLS
   */
  public SSLContext context() {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(
          identity == null ? null : new KeyManager[] {identity}, new TrustManager[] {trust}, null);
      return context;
    } catch (GeneralSecurityException failed) {
      throw new RegistryException(
          RegistryException.Kind.INVALID, "uri: no TLS on this JVM: " + failed, failed);
    }
  }

  @Override
  public String toString() {
    return identity == null ? "TLS" : "TLS with a client's certificate";
  }

  private static X509TrustManager trust(BackendUri uri) {
    Optional<String> authorities = uri.option("ca");
    try {
      KeyStore trusted = null;
      if (authorities.isPresent()) {
        trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, IN_MEMORY);
        int count = 0;
        for (Certificate certificate : certificates(uri, "ca", authorities.get())) {
          trusted.setCertificateEntry("ca" + count++, certificate);
        }
      }
      TrustManagerFactory factory =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      factory.init(trusted);
      return only(X509TrustManager.class, factory.getTrustManagers());
    } catch (GeneralSecurityException | IOException unusable) {
      throw uri.invalid("ca", "a PEM file of certificates");
    }
  }

  private static X509KeyManager identity(BackendUri uri, String certificateFile, String keyFile) {
    Certificate[] chain = certificates(uri, "cert", certificateFile);
    Matcher pem =
        PRIVATE_KEY.matcher(new String(read(uri, "key", keyFile), StandardCharsets.ISO_8859_1));
    try {
      if (!pem.find()) {
        throw new GeneralSecurityException("no private key");
      }
      PrivateKey key =
          KeyFactory.getInstance(chain[0].getPublicKey().getAlgorithm())
              .generatePrivate(
                  new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(pem.group(1))));
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, IN_MEMORY);
      store.setKeyEntry("client", key, IN_MEMORY, chain);
      KeyManagerFactory factory =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      factory.init(store, IN_MEMORY);
      return only(X509KeyManager.class, factory.getKeyManagers());
    } catch (GeneralSecurityException | IOException | IllegalArgumentException unusable) {
      throw uri.invalid("key", "a PEM file of the certificate's private key, unencrypted PKCS #8");
    }
  }

  private static Certificate[] certificates(BackendUri uri, String option, String file) {
    byte[] pem = read(uri, option, file);
    try {
      Certificate[] read =
          CertificateFactory.getInstance("X.509")
              .generateCertificates(new ByteArrayInputStream(pem))
              .toArray(new Certificate[0]);
      if (read.length > 0) {
        return read;
      }
    } catch (GeneralSecurityException unusable) {
      // Told below, as an empty file is: the rule is all that helps.
    }
    throw uri.invalid(option, "a PEM file of certificates");
  }

  private static byte[] read(BackendUri uri, String option, String file) {
    try {
      return Files.readAllBytes(Path.of(file));
    } catch (IOException | InvalidPathException unreadable) {
      throw uri.invalid(option, "a file that can be read");
    }
  }

  private static <M> M only(Class<M> kind, Object[] managers) throws GeneralSecurityException {
    return Arrays.stream(managers)
        .filter(kind::isInstance)
        .map(kind::cast)
        .findFirst()
        .orElseThrow(() -> new GeneralSecurityException("no " + kind.getSimpleName()));
  }
}
