package dev.rollcall.consul;

import dev.rollcall.RegistryException;
import dev.rollcall.spi.BackendUri;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/** Makes TLS of the PEM files that a URI names. */
final class PemFiles {
  private static final Pattern PRIVATE_KEY =
      Pattern.compile("-----BEGIN PRIVATE KEY-----(.*?)-----END PRIVATE KEY-----", Pattern.DOTALL);

  /** Protects nothing: the key store lives in memory only, but must have one. */
  private static final char[] IN_MEMORY = new char[0];

  private PemFiles() {}

  static ConsulBackendSettings.Tls tls(BackendUri uri) {
    X509TrustManager trust = trust(uri, uri.option("ca"));
    KeyManager @Nullable [] identity = null;
    if (uri.option("cert").isPresent()) {
      identity = identity(uri, uri.option("cert").orElse(""), uri.option("key").orElse(""));
    }
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(identity, new TrustManager[] {trust}, null);
      return new ConsulBackendSettings.Tls(context, trust);
    } catch (GeneralSecurityException failed) {
      throw new RegistryException(
          RegistryException.Kind.INVALID, "uri: no TLS for " + uri + ": " + failed, failed);
    }
  }

  private static X509TrustManager trust(BackendUri uri, Optional<String> authorities) {
    try {
      TrustManagerFactory factory =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      if (authorities.isPresent()) {
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, IN_MEMORY);
        int count = 0;
        for (Certificate certificate : certificates(authorities.get())) {
          trusted.setCertificateEntry("ca" + count++, certificate);
        }
        factory.init(trusted);
      } else {
        factory.init((KeyStore) null);
      }
      return List.of(factory.getTrustManagers()).stream()
          .filter(X509TrustManager.class::isInstance)
          .map(X509TrustManager.class::cast)
          .findFirst()
          .orElseThrow(() -> new GeneralSecurityException("no X.509 trust manager"));
    } catch (GeneralSecurityException | IOException | RuntimeException unusable) {
      throw uri.invalid("ca", "a PEM file of certificates");
    }
  }

  private static KeyManager[] identity(BackendUri uri, String certificateFile, String keyFile) {
    List<Certificate> chain;
    try {
      chain = certificates(certificateFile);
    } catch (GeneralSecurityException | IOException | RuntimeException unusable) {
      throw uri.invalid("cert", "a PEM file of certificates");
    }
    try {
      PrivateKey key = privateKey(keyFile, chain.get(0).getPublicKey().getAlgorithm());
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, IN_MEMORY);
      store.setKeyEntry("client", key, IN_MEMORY, chain.toArray(new Certificate[0]));
      KeyManagerFactory factory =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      factory.init(store, IN_MEMORY);
      return factory.getKeyManagers();
    } catch (GeneralSecurityException | IOException | RuntimeException unusable) {
      throw uri.invalid("key", "a PEM file of the certificate's private key, in PKCS #8");
    }
  }

  private static List<Certificate> certificates(String file)
      throws GeneralSecurityException, IOException {
    Collection<? extends Certificate> read =
        CertificateFactory.getInstance("X.509")
            .generateCertificates(new ByteArrayInputStream(Files.readAllBytes(Path.of(file))));
    if (read.isEmpty()) {
      throw new GeneralSecurityException("no certificate");
    }
    return new ArrayList<>(read);
  }

  private static PrivateKey privateKey(String file, String algorithm)
      throws GeneralSecurityException, IOException {
    Matcher pem = PRIVATE_KEY.matcher(Files.readString(Path.of(file), StandardCharsets.US_ASCII));
    if (!pem.find()) {
      throw new GeneralSecurityException("no private key");
    }
    byte[] encoded = Base64.getMimeDecoder().decode(pem.group(1));
    return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(encoded));
  }
}
