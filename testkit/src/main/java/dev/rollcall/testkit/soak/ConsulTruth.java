package dev.rollcall.testkit.soak;

import dev.rollcall.Health;
import dev.rollcall.ServiceInstance;
import dev.rollcall.kv.Bytes;
import dev.rollcall.spi.BackendUri;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Consul's instances as {@code /v1/health/service} gives them, its keys as {@code /v1/kv} does,
 * read consistently, by a reader of its own.
 */
final class ConsulTruth implements Truth {
  private final StoreHttp http;
  private final String keyBase;
  private final Map<String, String> headers;

  private ConsulTruth(BackendUri uri, Map<String, String> headers) {
    String host = uri.hosts().get(0);
    http = new StoreHttp(List.of("http://" + (host.matches(".*:\\d+") ? host : host + ":8500")));
    String path = uri.path().replaceFirst("^/+", "");
    keyBase = path.isEmpty() || path.endsWith("/") ? path : path + "/";
    this.headers = headers;
  }

  /** Tells whether a URI's store can be read by this. */
  static boolean reads(BackendUri uri) {
    return uri.scheme().equals("consul")
        && List.of("token-file", "token-env", "dc", "ns", "partition").stream()
            .allMatch(option -> uri.option(option).isEmpty());
  }

  static ConsulTruth of(BackendUri uri) {
    return new ConsulTruth(
        uri, uri.option("token").map(token -> Map.of("X-Consul-Token", token)).orElse(Map.of()));
  }

  @Override
  public String way() {
    return "Consul's own API, /v1/health/service and /v1/kv, consistent";
  }

  @Override
  public List<ServiceInstance> instances(Collection<String> services) {
    List<ServiceInstance> all = new ArrayList<>();
    for (String service : services) {
      Object answer =
          http.get("/v1/health/service/" + StoreHttp.encoded(service) + "?consistent", headers);
      Json.list(answer).forEach(entry -> all.add(instance(service, Json.object(entry))));
    }
    all.sort((a, b) -> a.key().compareTo(b.key()));
    return all;
  }

  private static ServiceInstance instance(String service, Map<String, @Nullable Object> entry) {
    Map<String, @Nullable Object> fields = Json.object(entry.get("Service"));
    Health health = Health.PASSING;
    for (Object check : Json.list(entry.get("Checks"))) {
      String status = Json.string(Json.object(check).get("Status"));
      health =
          health.worse(
              switch (status.toLowerCase(Locale.ROOT)) {
                case "passing" -> Health.PASSING;
                case "warning" -> Health.WARNING;
                default -> Health.CRITICAL;
              });
    }
    String id = Json.string(fields.get("ID"));
    ServiceInstance.Builder builder =
        ServiceInstance.builder(service)
            .id(id.startsWith(service + "/") ? id.substring(service.length() + 1) : id)
            .address(Json.string(fields.get("Address")), (int) Json.number(fields.get("Port")))
            .weight((int) Json.number(Json.object(fields.get("Weights")).get("Passing")))
            .health(health);
    Json.list(fields.get("Tags")).forEach(tag -> builder.tag(Json.string(tag)));
    Json.object(fields.get("Meta"))
        .forEach(
            (name, value) -> {
              if (name.equals("rollcall-zone")) {
                builder.zone(Json.string(value));
              } else if (!name.startsWith("rollcall-")) {
                builder.metadata(name, Json.string(value));
              }
            });
    return builder.build();
  }

  @Override
  public Map<String, Bytes> keys(String prefix) {
    Map<String, Bytes> all = new TreeMap<>();
    Object answer = http.get("/v1/kv/" + keyBase + prefix + "?recurse=true&consistent", headers);
    for (Object pair : Json.list(answer)) {
      Map<String, @Nullable Object> fields = Json.object(pair);
      all.put(
          Json.string(fields.get("Key")).substring(keyBase.length()),
          Bytes.of(Base64.getDecoder().decode(Json.string(fields.get("Value")))));
    }
    return all;
  }

  @Override
  public void close() {}
}
