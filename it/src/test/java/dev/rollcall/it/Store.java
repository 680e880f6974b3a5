package dev.rollcall.it;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A store that consumers use, and what it holds: read over its own HTTP interface. */
enum Store {
  ETCD {
    @Override
    List<String> uris(String endpoint, String cell) {
      String uri = endpoint.replace("http:", "etcd:") + "/" + cell;
      return List.of(uri, uri);
    }

    /** The keys; leases have no name. */
    @Override
    List<String> entries(String endpoint) throws IOException, InterruptedException {
      // From the least key on, without an end.
      String body = "{\"key\":\"AA==\",\"range_end\":\"AA==\",\"keys_only\":true}";
      return found("\"key\":\\s*\"([^\"]+)\"", post(endpoint + "/v3/kv/range", body))
          .map(key -> new String(Base64.getDecoder().decode(key), StandardCharsets.UTF_8))
          .toList();
    }

    @Override
    List<String> leases(String endpoint) throws IOException, InterruptedException {
      return found("\"ID\":\\s*\"(\\d+)\"", post(endpoint + "/v3/lease/leases", "{}")).toList();
    }
  },
  CONSUL {
    /** Services have no prefix there. */
    @Override
    List<String> uris(String endpoint, String cell) {
      String uri = endpoint.replace("http:", "consul:");
      return List.of(uri, uri + "/" + cell);
    }

    @Override
    List<String> entries(String endpoint) throws IOException, InterruptedException {
      return Stream.of(
              found("\"Service\":\\s*\"([^\"]+)\"", get(endpoint + "/v1/agent/services")),
              found("\"CheckID\":\\s*\"([^\"]+)\"", get(endpoint + "/v1/agent/checks")),
              found("\"([^\"]+)\"", get(endpoint + "/v1/kv/?keys")))
          .flatMap(part -> part)
          .toList();
    }

    @Override
    List<String> leases(String endpoint) throws IOException, InterruptedException {
      return found("\"ID\":\\s*\"([^\"]+)\"", get(endpoint + "/v1/session/list")).toList();
    }
  };

  private static final HttpClient CLIENT = HttpClient.newHttpClient();

  /** Where a cell's program registers and keeps its keys. */
  abstract List<String> uris(String endpoint, String cell);

  /** Names of all that the store holds. */
  abstract List<String> entries(String endpoint) throws IOException, InterruptedException;

  /** What ends by itself when its owner dies: etcd's leases, Consul's sessions. */
  abstract List<String> leases(String endpoint) throws IOException, InterruptedException;

  /** Of the entries, those of one cell. */
  List<String> entries(String endpoint, String cell) throws IOException, InterruptedException {
    return entries(endpoint).stream()
        .filter(entry -> List.of(entry.split("[/:]")).contains(cell))
        .toList();
  }

  private static Stream<String> found(String pattern, String text) {
    return Pattern.compile(pattern).matcher(text).results().map((MatchResult hit) -> hit.group(1));
  }

  private static String get(String address) throws IOException, InterruptedException {
    return send(HttpRequest.newBuilder(URI.create(address)).build());
  }

  private static String post(String address, String body) throws IOException, InterruptedException {
    return send(
        HttpRequest.newBuilder(URI.create(address))
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build());
  }

  private static String send(HttpRequest request) throws IOException, InterruptedException {
    HttpResponse<String> reply = CLIENT.send(request, HttpResponse.BodyHandlers.ofString());
    // Consul knows no folder without keys.
    if (reply.statusCode() == 404 && request.uri().getPath().startsWith("/v1/kv/")) {
      return "";
    }
    if (reply.statusCode() != 200) {
      throw new IOException(request.uri() + ": " + reply.statusCode() + " " + reply.body());
    }
    return reply.body();
  }
}
