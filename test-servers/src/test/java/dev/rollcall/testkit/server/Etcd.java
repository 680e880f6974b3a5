package dev.rollcall.testkit.server;

import java.io.IOException;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;

/** etcd's JSON gateway, as much as the tests need; one kept-alive connection an instance. */
final class Etcd {
  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .proxy(ProxySelector.of(null))
          .connectTimeout(Duration.ofSeconds(2))
          .build();
  private final String endpoint;

  Etcd(String endpoint) {
    this.endpoint = endpoint;
  }

  String put(String key, String value) throws IOException {
    return post(
        "/v3/kv/put", "{\"key\":\"" + encode(key) + "\",\"value\":\"" + encode(value) + "\"}");
  }

  /** Empty where the key is missing. */
  String get(String key) throws IOException {
    String body = post("/v3/kv/range", "{\"key\":\"" + encode(key) + "\"}");
    int at = body.indexOf("\"value\":\"");
    if (at < 0) {
      return "";
    }
    int begin = at + 9;
    byte[] value = Base64.getDecoder().decode(body.substring(begin, body.indexOf('"', begin)));
    return new String(value, StandardCharsets.UTF_8);
  }

  String post(String path, String body) throws IOException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(endpoint + path))
            .timeout(Duration.ofSeconds(2))
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
    try {
      HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
      if (response.statusCode() != 200) {
        throw new IOException(response.statusCode() + " " + response.body());
      }
      return response.body();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static String encode(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }
}
