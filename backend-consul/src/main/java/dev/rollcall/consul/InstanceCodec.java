package dev.rollcall.consul;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.rollcall.Health;
import dev.rollcall.HostPort;
import dev.rollcall.InstanceKey;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.support.MetadataKeys;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes instances of Consul's entries, those of other tools included. An entry that cannot be an
 * instance (no port, a name with a '/') is left out, counted and logged once. A tag or an entry of
 * metadata that is out of bounds is left out alone. Thread-safe.
 */
final class InstanceCodec {
  private static final Logger LOG = LoggerFactory.getLogger(ConsulBackend.class);
  private static final int LOGGED_AT_MOST = 1_000;
  private static final int LOGGED_LENGTH = 300;
  private static final int MAX_ENTRIES = 64;
  private static final int MAX_BYTES = 512;

  /** Consul adds these by itself to each service that has an address. */
  private static final Set<String> AUTOMATIC =
      Set.of("lan_ipv4", "wan_ipv4", "lan_ipv6", "wan_ipv6");

  /** Two nodes' entries with one ID: the first by name keeps it, see {@link #instances}. */
  private static final Comparator<ConsulServiceEntry> BY_NODE =
      Comparator.comparing(InstanceCodec::nodeName).thenComparing(ConsulServiceEntry::id);

  private final Set<String> logged = ConcurrentHashMap.newKeySet();
  private final AtomicLong skipped = new AtomicLong();

  static boolean isAutomatic(String addressName) {
    return AUTOMATIC.contains(addressName) || addressName.startsWith("consul-virtual");
  }

  /** Returns how many entries were left out so far. */
  long skipped() {
    return skipped.get();
  }

  /**
   * Translates a service's entries, each key once. Two nodes may both have an ID, which is usual
   * where the ID is the service's name: the first by the name of its node keeps it, the others get
   * {@code id@node}. Where both were registered by this library, the instance has moved and the
   * later one counts.
   */
  List<ServiceInstance> instances(String service, List<ConsulServiceEntry> entries) {
    List<ConsulServiceEntry> sorted = new ArrayList<>(entries);
    if (sorted.size() > 1) {
      sorted.sort(BY_NODE);
    }
    Map<String, ConsulServiceEntry> byId = new HashMap<>();
    for (ConsulServiceEntry entry : sorted) {
      if (!entry.service().equals(service)) {
        continue; // asked for "a", Consul gives "A" as well
      }
      String id = Names.instanceId(service, entry.id());
      ConsulServiceEntry other = byId.get(id);
      if (other == null) {
        byId.put(id, entry);
      } else if (isOurs(entry) && isOurs(other)) {
        byId.put(id, later(entry, other));
      } else if (isOurs(entry)) {
        byId.put(id, entry);
        byId.put(id + "@" + nodeName(other), other);
      } else {
        byId.put(id + "@" + nodeName(entry), entry);
      }
    }
    List<ServiceInstance> instances = new ArrayList<>(byId.size());
    byId.forEach(
        (id, entry) -> {
          try {
            instances.add(instance(id, entry));
          } catch (RegistryException malformed) {
            skip(entry, String.valueOf(malformed.getMessage()));
          }
        });
    instances.sort(Comparator.comparing(ServiceInstance::id));
    return instances;
  }

  /**
   * Returns those of all services' names that are names here. An agent takes any, and refuses to be
   * asked for some of them, or takes them for another path.
   */
  Map<String, List<String>> services(Map<String, List<String>> all) {
    Map<String, List<String>> named = new HashMap<>();
    all.forEach(
        (name, tags) -> {
          try {
            named.put(new InstanceKey(name, "any").service(), tags);
          } catch (RegistryException noName) {
            unreadable(name, noName);
          }
        });
    return named;
  }

  /** Counts a service that Consul does not tell of when it is asked. */
  void unreadable(String service, RegistryException why) {
    skip(service, "a service of Consul is", String.valueOf(why.getMessage()));
  }

  /** Translates the entry of one key. */
  ServiceInstance instance(InstanceKey key, ConsulServiceEntry entry) {
    return instance(key.id(), entry);
  }

  private static ServiceInstance instance(String id, ConsulServiceEntry entry) {
    Map<String, String> meta = entry.meta();
    boolean ours = isOurs(entry);
    String host =
        entry.address().isEmpty()
            ? entry.node().map(ConsulServiceEntry.Node::address).orElse("")
            : entry.address();
    ServiceInstance.Builder builder =
        ServiceInstance.builder(entry.service()).id(id).address(host, port(entry));
    int tags = 0;
    for (String tag : entry.tags()) {
      if (tags < MAX_ENTRIES && isText(tag)) {
        builder.tag(tag);
        tags++;
      }
    }
    int kept = 0;
    for (Map.Entry<String, String> of : meta.entrySet()) {
      Optional<String> unescaped = MetadataKeys.unescaped(of.getKey());
      String name = unescaped.orElse(of.getKey());
      if (!(ours && unescaped.isEmpty() && name.startsWith("rollcall-"))
          && kept < MAX_ENTRIES
          && name.matches("[A-Za-z0-9_./-]{1,128}")
          && isText(of.getValue())) {
        builder.metadata(name, of.getValue());
        kept++;
      }
    }
    addAddresses(entry, ours, builder);
    builder.health(entry.health());
    int weight = entry.weights().map(ConsulServiceEntry.Weights::passing).orElse(1);
    if (ours) {
      builder
          .scheme(meta.getOrDefault(Names.SCHEME, "http"))
          .zone(meta.getOrDefault(Names.ZONE, ""))
          .weight(number(meta.get(Names.WEIGHT), weight));
    } else {
      builder.weight(Math.max(0, weight)).zone(place(entry));
      entry.ports().forEach(port -> addAddress(port.name(), host, port.port(), builder));
    }
    return builder.build();
  }

  /** Returns the port for a caller that asks for none by name. */
  private static int port(ConsulServiceEntry entry) {
    return entry.port() != 0
        ? entry.port()
        : entry.ports().stream()
            .filter(ConsulServiceEntry.Port::isDefault)
            .findFirst()
            .map(ConsulServiceEntry.Port::port)
            .orElse(0);
  }

  /** Where an instance runs that another tool registered, as far as Consul knows. */
  private static String place(ConsulServiceEntry entry) {
    return entry
        .locality()
        .map(ConsulServiceEntry.Locality::zone)
        .filter(zone -> !zone.isEmpty())
        .or(entry::datacenter)
        .filter(InstanceCodec::isText)
        .orElse("");
  }

  private static void addAddresses(
      ConsulServiceEntry entry, boolean ours, ServiceInstance.Builder builder) {
    entry
        .taggedAddresses()
        .forEach(
            (name, address) -> {
              if (ours && name.equals(Names.MORE)) {
                addMore(address.address(), builder);
              } else if (!isAutomatic(name)) {
                addAddress(name, address.address(), address.port(), builder);
              }
            });
  }

  private static void addMore(String json, ServiceInstance.Builder builder) {
    try {
      JsonNode more = ConsulJson.tree(json);
      for (String part : List.of("meta", "labels")) {
        more.path(part)
            .properties()
            .forEach(field -> builder.metadata(field.getKey(), field.getValue().asText()));
      }
      more.path("addresses")
          .properties()
          .forEach(
              field ->
                  addAddress(
                      field.getKey(),
                      field.getValue().path("Address").asText(),
                      field.getValue().path("Port").asInt(),
                      builder));
    } catch (JacksonException malformed) {
      throw RegistryException.invalid(Names.MORE + ": no JSON");
    }
  }

  private static void addAddress(
      String name, String host, int port, ServiceInstance.Builder builder) {
    if (name.matches("[A-Za-z0-9_-]{1,128}")) {
      try {
        HostPort checked = new HostPort(host, port);
        builder.address(name, checked.host(), checked.port());
      } catch (RegistryException noAddress) {
        LOG.debug("the address \"{}\" is none: {}", name, noAddress.getMessage());
      }
    }
  }

  private void skip(ConsulServiceEntry entry, String why) {
    skip(
        nodeName(entry) + "/" + entry.service() + "/" + entry.id(),
        "an entry of Consul is no instance and",
        why);
  }

  private void skip(String key, String what, String why) {
    skipped.incrementAndGet();
    if (logged.size() < LOGGED_AT_MOST
        && logged.add(key.length() > LOGGED_LENGTH ? key.substring(0, LOGGED_LENGTH) : key)) {
      LOG.warn("{} left out: {}", what, why);
    }
  }

  static boolean isOurs(ConsulServiceEntry entry) {
    return entry.meta().containsKey(Names.OWNER);
  }

  private static ConsulServiceEntry later(ConsulServiceEntry a, ConsulServiceEntry b) {
    boolean critical = a.health() == Health.CRITICAL;
    if (critical != (b.health() == Health.CRITICAL)) {
      return critical ? b : a;
    }
    return a.createIndex().orElse(0) >= b.createIndex().orElse(0) ? a : b;
  }

  private static String nodeName(ConsulServiceEntry entry) {
    return entry.node().map(ConsulServiceEntry.Node::name).orElse("");
  }

  private static int number(@Nullable String text, int otherwise) {
    try {
      int number = text == null ? -1 : Integer.parseInt(text);
      return number < 0 ? otherwise : number;
    } catch (NumberFormatException malformed) {
      return otherwise;
    }
  }

  /** Tells whether a text is within the contract's bounds for tags and values. */
  private static boolean isText(String text) {
    if (text.getBytes(StandardCharsets.UTF_8).length > MAX_BYTES) {
      return false;
    }
    return text.codePoints()
        .noneMatch(c -> Character.isISOControl(c) || Character.getType(c) == Character.SURROGATE);
  }
}
