package dev.rollcall.testkit.soak;

import com.grack.nanojson.JsonArray;
import com.grack.nanojson.JsonObject;
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
      String path = "/v1/health/service/" + StoreHttp.encoded(service) + "?consistent";
      objects(http.get(path, headers)).forEach(entry -> all.add(instance(service, entry)));
    }
    all.sort((a, b) -> a.key().compareTo(b.key()));
    return all;
  }

  private static List<JsonObject> objects(JsonArray array) {
    return array.stream().map(JsonObject.class::cast).toList();
  }

  private static ServiceInstance instance(String service, JsonObject entry) {
    JsonObject fields = entry.getObject("Service");
    Health health = Health.PASSING;
    for (JsonObject check : objects(entry.getArray("Checks"))) {
      String status = check.getString("Status", "");
      health =
          health.worse(
              switch (status.toLowerCase(Locale.ROOT)) {
                case "passing" -> Health.PASSING;
                case "warning" -> Health.WARNING;
                default -> Health.CRITICAL;
              });
    }
    String id = fields.getString("ID", "");
    ServiceInstance.Builder builder =
        ServiceInstance.builder(service)
            .id(id.startsWith(service + "/") ? id.substring(service.length() + 1) : id)
            .address(fields.getString("Address", ""), fields.getInt("Port"))
            .weight(fields.getObject("Weights").getInt("Passing"))
            .health(health);
    fields.getArray("Tags", new JsonArray()).forEach(tag -> builder.tag((String) tag));
    fields
        .getObject("Meta", new JsonObject())
        .forEach(
            (name, value) -> {
              if (name.equals("rollcall-zone")) {
                builder.zone((String) value);
              } else if (!name.startsWith("rollcall-")) {
                builder.metadata(name, (String) value);
              }
            });
    return builder.build();
  }

  @Override
  public Map<String, Bytes> keys(String prefix) {
    Map<String, Bytes> all = new TreeMap<>();
    String path = "/v1/kv/" + keyBase + prefix + "?recurse=true&consistent";
    for (JsonObject pair : objects(http.get(path, headers))) {
      all.put(
          pair.getString("Key").substring(keyBase.length()),
          Bytes.of(Base64.getDecoder().decode(pair.getString("Value", ""))));
    }
    return all;
  }

  @Override
  public void close() {}
}
