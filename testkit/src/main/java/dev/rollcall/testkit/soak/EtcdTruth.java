package dev.rollcall.testkit.soak;

import dev.rollcall.Health;
import dev.rollcall.ServiceInstance;
import dev.rollcall.kv.Bytes;
import dev.rollcall.spi.BackendUri;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * etcd's keys as its gateway from JSON to gRPC gives them, and the values in the form that the
 * backend documents, read by a reader of its own. Every read is linearizable.
 */
final class EtcdTruth implements Truth {
  private final StoreHttp http;
  private final String base;
  private final String keyBase;
  private final String user;
  private final String password;

  private EtcdTruth(BackendUri uri, String base) {
    http =
        new StoreHttp(
            uri.hosts().stream()
                .map(host -> "http://" + (host.matches(".*:\\d+") ? host : host + ":2379"))
                .toList());
    this.base = base;
    keyBase =
        uri.option("kv-prefix").orElse("kv/" + (base.startsWith("/") ? base.substring(1) : base));
    user = uri.option("user").orElse("");
    password = uri.option("password").orElse("");
  }

  /** Tells whether a URI's store can be read by this. */
  static boolean reads(BackendUri uri) {
    return uri.scheme().equals("etcd")
        && uri.option("format").orElse("json").equals("json")
        && uri.option("password-file").isEmpty();
  }

  static EtcdTruth of(BackendUri uri) {
    String given = uri.option("prefix").orElse(uri.path().isEmpty() ? "/rollcall/" : uri.path());
    return new EtcdTruth(uri, given.isEmpty() || given.endsWith("/") ? given : given + "/");
  }

  @Override
  public String way() {
    return "etcd's own gateway, /v3/kv/range";
  }

  @Override
  public List<ServiceInstance> instances(Collection<String> services) {
    List<ServiceInstance> all = new ArrayList<>();
    for (String service : services) {
      String prefix = base + service + "/";
      range(prefix)
          .forEach(
              (key, value) -> {
                ServiceInstance read =
                    instance(
                        service,
                        key.substring(prefix.length()),
                        Json.object(Json.read(new String(value, StandardCharsets.UTF_8))));
                if (read != null) {
                  all.add(read);
                }
              });
    }
    all.sort((a, b) -> a.key().compareTo(b.key()));
    return all;
  }

  /** Returns null for what is no instance: the mark of a departure, or a fence. */
  private static @Nullable ServiceInstance instance(
      String service, String id, Map<String, @Nullable Object> fields) {
    if (!fields.containsKey("host")) {
      return null;
    }
    ServiceInstance.Builder builder =
        ServiceInstance.builder(service)
            .id(id)
            .scheme(Json.string(fields.get("scheme")))
            .address(Json.string(fields.get("host")), (int) Json.number(fields.get("port")))
            .weight((int) Json.number(fields.get("weight")))
            .zone(Json.string(fields.get("zone")))
            .health(Health.valueOf(Json.string(fields.get("health")).toUpperCase(Locale.ROOT)));
    Json.list(fields.get("tags")).forEach(tag -> builder.tag(Json.string(tag)));
    Json.object(fields.get("metadata"))
        .forEach((name, value) -> builder.metadata(name, Json.string(value)));
    return builder.build();
  }

  @Override
  public Map<String, Bytes> keys(String prefix) {
    Map<String, Bytes> all = new TreeMap<>();
    range(keyBase + prefix)
        .forEach((key, value) -> all.put(key.substring(keyBase.length()), Bytes.of(value)));
    return all;
  }

  private Map<String, byte[]> range(String prefix) {
    byte[] end = prefix.getBytes(StandardCharsets.UTF_8);
    end[end.length - 1]++; // prefixes end in a slash here
    String body =
        "{\"key\":\""
            + base64(prefix.getBytes(StandardCharsets.UTF_8))
            + "\",\"range_end\":\""
            + base64(end)
            + "\"}";
    Map<String, byte[]> found = new TreeMap<>();
    for (Object pair :
        Json.list(Json.object(http.post("/v3/kv/range", login(), body)).get("kvs"))) {
      Map<String, @Nullable Object> fields = Json.object(pair);
      found.put(
          new String(bytes(fields.get("key")), StandardCharsets.UTF_8), bytes(fields.get("value")));
    }
    return found;
  }

  private Map<String, String> login() {
    if (user.isEmpty()) {
      return Map.of();
    }
    String body = "{\"name\":" + quoted(user) + ",\"password\":" + quoted(password) + "}";
    Object answer = http.post("/v3/auth/authenticate", Map.of(), body);
    return Map.of("Authorization", Json.string(Json.object(answer).get("token")));
  }

  private static String quoted(String text) {
    return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
  }

  private static String base64(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }

  private static byte[] bytes(@Nullable Object base64) {
    return Base64.getDecoder().decode(Json.string(base64));
  }

  @Override
  public void close() {}
}
