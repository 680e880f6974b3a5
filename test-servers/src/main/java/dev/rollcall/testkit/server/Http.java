package dev.rollcall.testkit.server;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;

/**
 * Small requests to a server of ours. {@code HttpURLConnection} because it starts no thread: a test
 * that counts threads must not count those of its servers.
 */
final class Http {
  private static final int CONNECT_TIMEOUT_MILLIS = 1_000;

  /** Short, so that a paused member does not hold up the search for a leader. */
  private static final int READ_TIMEOUT_MILLIS = 500;

  private static final int MAX_BYTES = 1 << 20;

  private Http() {}

  /** Empty where there was no answer. */
  static Optional<Reply> get(String address, Map<String, String> headers) {
    try {
      return Optional.of(exchange(open(address, headers)));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Empty where there was no answer. */
  static Optional<Reply> post(String address, String body) {
    try {
      HttpURLConnection connection =
          open(address, Map.of("Content-Type", "application/json", "Accept", "application/json"));
      connection.setRequestMethod("POST");
      connection.setDoOutput(true);
      try (OutputStream out = connection.getOutputStream()) {
        out.write(body.getBytes(StandardCharsets.UTF_8));
      }
      return Optional.of(exchange(connection));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static HttpURLConnection open(String address, Map<String, String> headers)
      throws IOException {
    HttpURLConnection connection =
        (HttpURLConnection) URI.create(address).toURL().openConnection(Proxy.NO_PROXY);
    connection.setConnectTimeout(CONNECT_TIMEOUT_MILLIS);
    connection.setReadTimeout(READ_TIMEOUT_MILLIS);
    connection.setRequestProperty("Connection", "close");
    headers.forEach(connection::setRequestProperty);
    return connection;
  }

  private static Reply exchange(HttpURLConnection connection) throws IOException {
    int status = connection.getResponseCode();
    try (InputStream body =
        status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
      byte[] read = body == null ? new byte[0] : body.readNBytes(MAX_BYTES);
      return new Reply(status, new String(read, StandardCharsets.UTF_8));
    }
  }

  record Reply(int status, String body) {
    boolean isOk() {
      return status == 200;
    }
  }
}
