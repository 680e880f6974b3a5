package dev.rollcall.server.consul;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** A plain HTTP client of one server. */
final class Client {
  private static final HttpClient HTTP =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private final String base;

  Client(String base) {
    this.base = base;
  }

  HttpResponse<String> get(String path) {
    return send("GET", path, "").join();
  }

  HttpResponse<String> put(String path, String body) {
    return send("PUT", path, body).join();
  }

  CompletableFuture<HttpResponse<String>> send(String method, String path, String body) {
    return HTTP.sendAsync(
        HttpRequest.newBuilder(URI.create(base + path))
            .method(
                method,
                body.isEmpty()
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString(body))
            .timeout(Duration.ofSeconds(30))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  static long index(HttpResponse<String> response) {
    return response.headers().firstValueAsLong("x-consul-index").orElse(0);
  }
}
