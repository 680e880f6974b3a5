package dev.rollcall.testkit.soak;

import dev.rollcall.RegistryException;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Asks a store's own HTTP API, the first of its addresses that answers. Thread-safe. */
final class StoreHttp {
  private static final Duration CONNECT = Duration.ofSeconds(2);
  private static final Duration ANSWER = Duration.ofSeconds(10);

  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(CONNECT).build();
  private final List<String> addresses;

  /** Takes what stands before a path, one for each server. */
  StoreHttp(List<String> addresses) {
    this.addresses = List.copyOf(addresses);
  }

  @Nullable Object get(String path, Map<String, String> headers) {
    return send(path, headers, null);
  }

  @Nullable Object post(String path, Map<String, String> headers, String body) {
    return send(path, headers, body);
  }

  private @Nullable Object send(String path, Map<String, String> headers, @Nullable String body) {
    RegistryException failure = RegistryException.unavailable("no address", null);
    for (String address : addresses) {
      HttpRequest.Builder request =
          HttpRequest.newBuilder(URI.create(address + path)).timeout(ANSWER);
      headers.forEach(request::header);
      if (body != null) {
        request.POST(HttpRequest.BodyPublishers.ofString(body));
      }
      try {
        HttpResponse<String> reply =
            client.send(request.build(), HttpResponse.BodyHandlers.ofString());
        if (reply.statusCode() == 200) {
          return Json.read(reply.body());
        }
        if (reply.statusCode() == 404 && body == null) {
          return null; // how Consul says that it has no such key
        }
        failure =
            RegistryException.unavailable(address + " answers " + reply.statusCode(), failure);
      } catch (IOException | IllegalArgumentException failed) {
        failure = RegistryException.unavailable(address + ": " + failed, failure);
      } catch (InterruptedException stop) {
        Thread.currentThread().interrupt();
        throw RegistryException.unavailable("interrupted", stop);
      }
    }
    throw failure;
  }

  static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
