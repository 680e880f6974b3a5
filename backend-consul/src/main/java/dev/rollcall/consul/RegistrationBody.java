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
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What is sent to {@code agent/service/register}, as JSON text, and the IDs in it. The text may
 * hold secrets of checks, and is not shown.
 *
 * @param json the request's body
 * @param consulId the service's ID at the agent
 * @param checkIds all checks of the instance
 * @param heartbeatId the TTL check that says whether the owner lives; empty without a heartbeat
 * @param statedId the check that carries a health that its owner states; empty where that is
 *     passing
 * @param ttl the TTL as Consul is told it; zero without a heartbeat
 */
record RegistrationBody(
    String json,
    String consulId,
    Set<String> checkIds,
    Optional<String> heartbeatId,
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
    Set<String> checkIds = new LinkedHashSet<>();
    String ownCheck = Names.heartbeatCheck(consulId, owner);
    Optional<String> heartbeatId = Optional.empty();
    Duration ttl = Duration.ZERO;
    Liveness liveness = request.liveness();
    if (liveness instanceof Liveness.Heartbeat heartbeat) {
      heartbeatId = Optional.of(ownCheck);
      ttl = wholeSeconds(heartbeat.ttl());
      ObjectNode check = addCheck(checks, ownCheck, request);
      check.put("TTL", ttl.toSeconds() + "s");
      check.put("Status", "passing");
      checkIds.add(ownCheck);
    }
    List<Liveness.Check> probes = liveness.checks();
    for (int i = 0; i < probes.size(); i++) {
      String id = i == 0 ? ownCheck : ownCheck + ":check" + (i + 1);
      addProbe(addCheck(checks, id, request), probes.get(i));
      checkIds.add(id);
    }
    Optional<String> statedId = Optional.empty();
    if (instance.health() != Health.PASSING) {
      String id = ownCheck + ":" + instance.health();
      statedId = Optional.of(id);
      checkIds.add(id);
      ObjectNode check = checks.addObject();
      check.put("CheckID", id);
      check.put("Name", "Rollcall: stated by the instance");
      check.put("TTL", "87600h");
      check.put("Status", instance.health() == Health.WARNING ? "warning" : "critical");
    }
    return new RegistrationBody(
        body.toString(), consulId, Set.copyOf(checkIds), heartbeatId, statedId, ttl);
  }

  static Duration deregisterAfter(Liveness liveness) {
    Duration asked = liveness.deregisterAfter();
    return asked.compareTo(MIN_DEREGISTER_AFTER) < 0 ? MIN_DEREGISTER_AFTER : asked;
  }

  private static ObjectNode addCheck(ArrayNode checks, String id, RegisterRequest request) {
    ObjectNode check = checks.addObject();
    check.put("CheckID", id);
    check.put("Name", "Rollcall");
    // Consul shows notes in health/state, where a change of other fields does not show.
    check.put("Notes", Long.toHexString(instanceDigest(request.instance(), request.owner())));
    check.put("DeregisterCriticalServiceAfter", text(deregisterAfter(request.liveness())));
    return check;
  }

  private static void addProbe(ObjectNode check, Liveness.Check probe) {
    if (probe instanceof Liveness.HttpCheck http) {
      check.put("HTTP", http.uri().toString());
      if (!http.method().equals("GET")) {
        check.put("Method", http.method());
      }
      http.headers()
          .forEach(
              (name, values) ->
                  values.forEach(
                      value ->
                          check.withObjectProperty("Header").withArrayProperty(name).add(value)));
      if (!http.body().isEmpty()) {
        check.put("Body", http.body());
      }
      addTls(check, http.tls());
    } else if (probe instanceof Liveness.TcpCheck tcp) {
      check.put("TCP", tcp.address().toString());
    } else if (probe instanceof Liveness.GrpcCheck grpc) {
      check.put("GRPC", grpc.address() + (grpc.service().isEmpty() ? "" : "/" + grpc.service()));
      grpc.tls()
          .ifPresent(
              tls -> {
                check.put("GRPCUseTLS", true);
                addTls(check, tls);
              });
    }
    check.put("Interval", text(probe.interval()));
    check.put("Timeout", text(probe.timeout()));
  }

  /** What older agents do not know is written only where it is asked for: they refuse it. */
  private static void addTls(ObjectNode check, Liveness.Tls tls) {
    tls.serverName().ifPresent(name -> check.put("TLSServerName", name));
    if (tls.skipVerify()) {
      check.put("TLSSkipVerify", true);
    }
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

  @Override
  public String toString() {
    return "registration of " + consulId;
  }

  private static Duration wholeSeconds(Duration ttl) {
    return Duration.ofSeconds(ttl.plusNanos(999_999_999).toSeconds());
  }

  private static String text(Duration duration) {
    return duration.toMillis() + "ms";
  }
}
