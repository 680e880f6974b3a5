package dev.rollcall.consul;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.rollcall.Health;
import dev.rollcall.Liveness;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest;
import dev.rollcall.spi.support.MetadataKeys;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What is sent to {@code agent/service/register}, as JSON text, and the IDs in it.
 *
 * @param json the request's body
 * @param consulId the service's ID at the agent
 * @param checkId the check that says whether the instance lives; empty for a permanent one
 * @param statedId the check that carries a health that its owner states; empty where that is
 *     passing
 * @param ttl the TTL as Consul is told it; zero without a heartbeat
 */
record RegistrationBody(
    String json,
    String consulId,
    Optional<String> checkId,
    Optional<String> statedId,
    Duration ttl) {
  /** Consul raises anything shorter to this. */
  static final Duration MIN_DEREGISTER_AFTER = Duration.ofMinutes(1);

  private static final int CONSUL_ENTRIES = 64;
  private static final int MAX_KEY = 128;
  private static final int MAX_WEIGHT = 65_535;
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  static RegistrationBody of(RegisterRequest request) {
    ServiceInstance instance = request.instance();
    Owner owner = request.owner();
    String consulId = Names.consulId(instance.key());
    ObjectNode body = JSON.objectNode();
    body.put("ID", consulId);
    body.put("Name", instance.service());
    body.put("Address", instance.host());
    body.put("Port", instance.port());
    ArrayNode tags = body.putArray("Tags");
    instance.tags().forEach(tags::add);
    ObjectNode weights = body.putObject("Weights");
    weights.put("Passing", Math.max(1, Math.min(instance.weight(), MAX_WEIGHT)));
    weights.put("Warning", 1);

    Map<String, String> reserved = reserved(instance, owner);
    ObjectNode meta = body.putObject("Meta");
    reserved.forEach(meta::put);
    ObjectNode more = JSON.objectNode();
    instance
        .metadata()
        .forEach(
            (key, value) -> {
              boolean escape = MetadataKeys.isToBeEscaped(key);
              String stored = escape ? MetadataKeys.escaped(key) : key;
              boolean fits = stored.length() <= MAX_KEY && meta.size() < CONSUL_ENTRIES;
              if (fits && (escape || !isRefused(key))) {
                meta.put(stored, value);
              } else {
                // Older readers take what is in "meta" for keys without a dot, and refuse others.
                more.withObjectProperty(escape ? "labels" : "meta").put(key, value);
              }
            });
    addAddresses(instance, body.putObject("TaggedAddresses"), more);

    ArrayNode checks = body.putArray("Checks");
    String ownCheck = Names.heartbeatCheck(consulId, owner);
    Optional<String> checkId = Optional.empty();
    Duration ttl = Duration.ZERO;
    Liveness liveness = request.liveness();
    if (!(liveness instanceof Liveness.Permanent)) {
      checkId = Optional.of(ownCheck);
      ObjectNode check = checks.addObject();
      check.put("CheckID", ownCheck);
      check.put("Name", "Rollcall");
      // Consul shows notes in health/state, where a change of other fields does not show.
      check.put("Notes", Long.toHexString(instanceDigest(instance, owner)));
      check.put("DeregisterCriticalServiceAfter", text(deregisterAfter(liveness)));
      ttl = addProbe(check, liveness);
    }
    Optional<String> statedId = Optional.empty();
    if (instance.health() != Health.PASSING) {
      String id = ownCheck + ":" + instance.health();
      statedId = Optional.of(id);
      ObjectNode check = checks.addObject();
      check.put("CheckID", id);
      check.put("Name", "Rollcall: stated by the instance");
      check.put("TTL", "87600h");
      check.put("Status", instance.health() == Health.WARNING ? "warning" : "critical");
    }
    return new RegistrationBody(body.toString(), consulId, checkId, statedId, ttl);
  }

  static Duration deregisterAfter(Liveness liveness) {
    Duration asked = liveness.deregisterAfter();
    return asked.compareTo(MIN_DEREGISTER_AFTER) < 0 ? MIN_DEREGISTER_AFTER : asked;
  }

  private static Duration addProbe(ObjectNode check, Liveness liveness) {
    if (liveness instanceof Liveness.Heartbeat heartbeat) {
      Duration ttl = wholeSeconds(heartbeat.ttl());
      check.put("TTL", ttl.toSeconds() + "s");
      check.put("Status", "passing");
      return ttl;
    }
    Liveness.Check probe = (Liveness.Check) liveness;
    if (probe instanceof Liveness.HttpCheck http) {
      check.put("HTTP", http.uri().toString());
    } else if (probe instanceof Liveness.TcpCheck tcp) {
      check.put("TCP", tcp.address().toString());
    }
    check.put("Interval", text(probe.interval()));
    check.put("Timeout", text(probe.timeout()));
    return Duration.ZERO;
  }

  private static Map<String, String> reserved(ServiceInstance instance, Owner owner) {
    Map<String, String> reserved = new LinkedHashMap<>();
    reserved.put(Names.OWNER, owner.id());
    reserved.put(Names.EPOCH, Long.toString(owner.epoch()));
    if (!instance.scheme().equals("http")) {
      reserved.put(Names.SCHEME, instance.scheme());
    }
    if (!instance.zone().isEmpty()) {
      reserved.put(Names.ZONE, instance.zone());
    }
    if (instance.weight() < 1 || instance.weight() > MAX_WEIGHT) {
      reserved.put(Names.WEIGHT, Integer.toString(instance.weight()));
    }
    return reserved;
  }

  private static void addAddresses(ServiceInstance instance, ObjectNode tagged, ObjectNode more) {
    instance
        .addresses()
        .forEach(
            (name, address) -> {
              ObjectNode to =
                  InstanceCodec.isAutomatic(name) || name.equals(Names.MORE)
                      ? more.withObjectProperty("addresses").putObject(name)
                      : tagged.putObject(name);
              to.put("Address", address.host());
              to.put("Port", address.port());
            });
    if (!more.isEmpty()) {
      ObjectNode to = tagged.putObject(Names.MORE);
      to.put("Address", more.toString());
      to.put("Port", 0);
    }
  }

  /** Consul refuses the prefixes that it keeps for itself; the last one is ours. */
  private static boolean isRefused(String key) {
    return key.startsWith("consul-") || key.startsWith("rfc1035-") || key.startsWith("rollcall-");
  }

  private static long instanceDigest(ServiceInstance instance, Owner owner) {
    long digest = CheckDigest.mix(7, owner.id() + owner.epoch());
    for (Object field :
        new Object[] {
          instance.host(),
          instance.port(),
          instance.scheme(),
          instance.tags(),
          instance.metadata(),
          instance.weight(),
          instance.zone(),
          instance.addresses()
        }) {
      digest = CheckDigest.mix(digest, field.toString());
    }
    return digest;
  }

  private static Duration wholeSeconds(Duration ttl) {
    return Duration.ofSeconds(ttl.plusNanos(999_999_999).toSeconds());
  }

  private static String text(Duration duration) {
    return duration.toMillis() + "ms";
  }
}
