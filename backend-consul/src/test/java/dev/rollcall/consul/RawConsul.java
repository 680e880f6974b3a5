package dev.rollcall.consul;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Arrays;

/** Another tool: Consul's HTTP API without this library. */
final class RawConsul {
  private final HttpClient http = HttpClient.newHttpClient();
  private final String endpoint;
  private final String[] headers;

  /** The headers are names and values in turn. */
  RawConsul(String endpoint, String... headers) {
    this.endpoint = endpoint;
    this.headers = Arrays.copyOf(headers, headers.length);
  }

  /** Registers by the agent. */
  void register(String json) {
    put("agent/service/register", json);
  }

  String put(String path, String body) {
    return send(request(path).PUT(HttpRequest.BodyPublishers.ofString(body)).build()).body();
  }

  String put(String path, byte[] body) {
    return send(request(path).PUT(HttpRequest.BodyPublishers.ofByteArray(body)).build()).body();
  }

  byte[] bytes(String path) {
    try {
      return http.send(request(path).build(), HttpResponse.BodyHandlers.ofByteArray()).body();
    } catch (IOException | InterruptedException failed) {
      throw new IllegalStateException(failed);
    }
  }

  HttpResponse<String> get(String path) {
    return send(request(path).build());
  }

  long index(String path) {
    return get(path).headers().firstValueAsLong("X-Consul-Index").orElseThrow();
  }

  private HttpRequest.Builder request(String path) {
    HttpRequest.Builder builder =
        HttpRequest.newBuilder(URI.create(endpoint + "/v1/" + path))
            .timeout(Duration.ofSeconds(30));
    return headers.length == 0 ? builder : builder.headers(headers);
  }

  private HttpResponse<String> send(HttpRequest request) {
    try {
      HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
      if (response.statusCode() != 200) {
        throw new IllegalStateException(request.uri() + ": " + response.body());
      }
      return response;
    } catch (IOException failed) {
      throw new IllegalStateException(failed);
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(stop);
    }
  }
}
