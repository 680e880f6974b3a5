package dev.rollcall.testkit.server;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.net.Proxy;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;

/** A {@link TestCertificate} of a server, and a client that trusts it. */
record Certificates(Path certificate, Path key, SSLContext trusting) {
  static Certificates in(Path folder) {
    TestCertificate made = TestCertificate.make(folder);
    return new Certificates(made.certificate(), made.key(), made.trusting());
  }

  /**
   * Asks a server that has this certificate. Not by the JDK's HttpClient: one that shows no
   * certificate where TLS 1.3 wants one may wait for ever.
   */
  String get(String address) throws IOException {
    HttpsURLConnection connection =
        (HttpsURLConnection) URI.create(address).toURL().openConnection(Proxy.NO_PROXY);
    connection.setSSLSocketFactory(trusting.getSocketFactory());
    connection.setConnectTimeout(10_000);
    connection.setReadTimeout(10_000);
    connection.setRequestProperty("Connection", "close");
    try (InputStream body = connection.getInputStream()) {
      return new String(body.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  void assertRefusedAt(String address) {
    assertThatThrownBy(() -> get(address))
        .isInstanceOf(IOException.class)
        .isNotInstanceOf(SocketTimeoutException.class);
  }
}
