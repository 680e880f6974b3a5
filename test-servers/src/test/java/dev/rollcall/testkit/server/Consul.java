package dev.rollcall.testkit.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;

/** Consul's key-value store, as much as the tests need. */
final class Consul {
  private Consul() {}

  static void put(ConsulServer server, String key, String value) {
    try {
      HttpURLConnection connection =
          (HttpURLConnection)
              URI.create(server.endpoint() + "/v1/kv/" + key).toURL().openConnection();
      connection.setRequestMethod("PUT");
      connection.setDoOutput(true);
      connection.getOutputStream().write(value.getBytes(StandardCharsets.UTF_8));
      assertThat(connection.getResponseCode()).isEqualTo(200);
      connection.getInputStream().readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Optional<String> get(ConsulServer server, String key) {
    Http.Reply reply =
        Http.get(server.endpoint() + "/v1/kv/" + key + "?raw&consistent", Map.of()).orElseThrow();
    return reply.status() == 404 ? Optional.empty() : Optional.of(reply.body());
  }
}
