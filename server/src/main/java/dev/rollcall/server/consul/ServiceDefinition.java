package dev.rollcall.server.consul;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.net.InetAddresses;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** A service as {@code agent/service/register} and {@code catalog/register} define it. */
record ServiceDefinition(CatalogService service, List<CheckDefinition> checks) {
  private static final Set<String> KNOWN =
      Set.of(
          "kind",
          "id",
          "name",
          "tags",
          "address",
          "taggedaddresses",
          "meta",
          "port",
          "check",
          "checks",
          "weights",
          "token",
          "enabletagoverride",
          "proxy",
          "connect",
          "locality",
          "ports",
          "namespace");
  private static final Pattern META_KEY = Pattern.compile("[A-Za-z0-9_-]+");
  private static final int MAX_NAME = 253;
  private static final int MAX_META = 64;
  private static final int MAX_TAGS = 256;
  private static final int MAX_CHECKS = 64;

  static ServiceDefinition ofAgent(JsonNode body, String node) {
    Fields fields = Fields.of(body).requireOnly(KNOWN);
    String name = fields.text("Name");
    CatalogService service = service(fields, node, name, fields.text("ID"), "Meta");
    List<CheckDefinition> checks = new ArrayList<>();
    fields
        .object("Check")
        .flatMap(check -> CheckDefinition.ofOptional(check, "Invalid check: "))
        .ifPresent(checks::add);
    List<Fields> several = fields.objects("Checks");
    for (int i = 0; i < several.size(); i++) {
      try {
        checks.add(CheckDefinition.of(several.get(i), "Invalid check: "));
      } catch (RefusedException refused) {
        throw several.size() == 1
            ? refused
            : refused.because(" (check " + (i + 1) + " of " + several.size() + ")");
      }
    }
    if (checks.size() > MAX_CHECKS) {
      throw RefusedException.bad(
          "Checks: " + checks.size() + " (expected: at most " + MAX_CHECKS + ")");
    }
    return new ServiceDefinition(service, checks);
  }

  /** Returns the ID of a check, as given or as Consul makes it up. */
  String checkId(int index) {
    String given = checks.get(index).id();
    if (!given.isEmpty()) {
      return given;
    }
    return "service:" + service.id() + (checks.size() > 1 ? ":" + (index + 1) : "");
  }

  static CatalogService ofCatalog(Fields fields, String node) {
    return service(fields, node, fields.text("Service"), fields.text("ID"), "Meta");
  }

  private static CatalogService service(
      Fields fields, String node, String name, String id, String metaField) {
    if (name.isEmpty()) {
      throw RefusedException.bad("Missing service name");
    }
    Unkept.requireFields(fields);
    requireName("Name", name);
    Paths.requireNameable("Name", name);
    if (name.indexOf('/') >= 0 || name.equals(".") || name.equals("..")) {
      // Consul takes it; in every other store, and in many a client's path, it is another path.
      throw RefusedException.bad(
          "Name: " + Fields.shown(name) + " (expected: no '/', and neither '.' nor '..')");
    }
    requireId(name, id);
    if (fields.has("Proxy") || isConnect(fields)) {
      throw RefusedException.bad("Proxy, Connect: the mesh is not served by this centre");
    }
    String address = fields.text("Address");
    if (address.equals("0.0.0.0") || address.equals("::") || address.equals("[::]")) {
      throw RefusedException.bad("Invalid service address");
    }
    int port = fields.number("Port", 0);
    if (port < 0 || port > 65_535) {
      throw RefusedException.bad("Port: " + port + " (expected: 0-65535)");
    }
    Map<String, String> meta = fields.map(metaField);
    requireMeta(meta);
    List<String> tags = fields.texts("Tags");
    if (tags.size() > MAX_TAGS) {
      throw RefusedException.bad("Tags: " + tags.size() + " (expected: at most " + MAX_TAGS + ")");
    }
    int[] weights = weights(fields);
    return new CatalogService(
        node,
        id.isEmpty() ? name : id,
        name,
        fields.text("Kind"),
        tags,
        address,
        addresses(fields, address, port),
        meta,
        port,
        weights[0],
        weights[1],
        fields.flag("EnableTagOverride"),
        Locality.of(fields),
        NamedPort.listOf(fields),
        0,
        0);
  }

  private static boolean isConnect(Fields fields) {
    return fields.object("Connect").map(connect -> connect.has("SidecarService")).orElse(false);
  }

  private static int[] weights(Fields fields) {
    return fields
        .object("Weights")
        .map(
            weights -> {
              int passing = weights.number("Passing", 0);
              int warning = weights.number("Warning", 0);
              if (passing < 1) {
                throw RefusedException.bad("Invalid Weights: Passing must be greater than 0");
              }
              if (warning < 0) {
                throw RefusedException.bad(
                    "Invalid Weights: Warning must be greater or equal than 0");
              }
              if (passing > 65_535 || warning > 65_535) {
                throw RefusedException.bad("Invalid Weights: Value must be lower than 65535");
              }
              return new int[] {passing, warning};
            })
        .orElse(new int[] {1, 1});
  }

  /** Consul adds addresses of its own where the service has one. */
  private static Map<String, CatalogService.Address> addresses(
      Fields fields, String address, int port) {
    Map<String, CatalogService.Address> addresses =
        new LinkedHashMap<>(
            fields.map(
                "TaggedAddresses",
                value -> {
                  Fields of = Fields.of(value);
                  return new CatalogService.Address(of.text("Address"), of.number("Port", 0));
                }));
    if (InetAddresses.isInetAddress(address)) {
      String family = address.indexOf(':') < 0 ? "ipv4" : "ipv6";
      CatalogService.Address own = new CatalogService.Address(address, port);
      addresses.putIfAbsent("lan_" + family, own);
      addresses.putIfAbsent("wan_" + family, own);
    }
    return addresses;
  }

  private static void requireMeta(Map<String, String> meta) {
    if (meta.size() > MAX_META) {
      throw RefusedException.bad(
          "Invalid Service Meta: Node metadata cannot contain more than "
              + MAX_META
              + " key/value pairs");
    }
    meta.forEach(
        (key, value) -> {
          String why = null;
          if (key.isEmpty()) {
            why = "Key cannot be blank";
          } else if (!META_KEY.matcher(key).matches()) {
            why = "Key contains invalid characters";
          } else if (key.length() > 128) {
            why = "Key is too long (limit: 128 characters)";
          } else if (key.startsWith("consul-")) {
            why = "Key prefix 'consul-' is reserved for internal use";
          } else if (value.length() > 512) {
            why = "Value is too long (limit: 512 characters)";
          }
          if (why != null) {
            throw RefusedException.bad(
                "Invalid Service Meta: Couldn't load metadata pair ('"
                    + Fields.shown(key)
                    + "', '"
                    + Fields.shown(value)
                    + "'): "
                    + why);
          }
        });
  }

  /** An ID of Rollcall's own is the service's name and what is unique within it. */
  private static void requireId(String name, String id) {
    String prefix = name + "/";
    requireName("ID", id.startsWith(prefix) ? StoredId.withinService(name, id) : id);
    if (id.getBytes(StandardCharsets.UTF_8).length > 2 * MAX_NAME + 32) {
      throw RefusedException.bad("ID: " + Fields.shown(id) + " (expected: a shorter one)");
    }
    Paths.requireNameable("ID", id);
  }

  /** Refuses a name or an ID that is too long to be one. */
  static void requireName(String field, String name) {
    if (name.getBytes(StandardCharsets.UTF_8).length > MAX_NAME) {
      throw RefusedException.bad(
          field + ": " + Fields.shown(name) + " (expected: at most " + MAX_NAME + " bytes)");
    }
  }
}
