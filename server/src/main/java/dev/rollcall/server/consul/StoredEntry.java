package dev.rollcall.server.consul;

import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.support.MetadataKeys;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How an entry of the catalog is written as an instance of the store, and read back. What an
 * instance has no field for goes, as JSON in pieces, into metadata of the prefix {@value #PREFIX},
 * which Consul keeps for itself; so that another centre on the same store shows the same entry.
 * {@value #NODE} names the node, and with it whose the entry is; {@value #ID} is the ID on it where
 * the store has another one ({@link StoredId}); {@value #MARK} tells which centre put it, by its
 * node, and in which of its lives.
 */
final class StoredEntry {
  static final String PREFIX = "consul-";
  static final String NODE = PREFIX + "node";

  private static final String ID = PREFIX + "id";
  private static final String MARK = PREFIX + "centre";

  private static final String DETAIL = PREFIX + "entry-";
  private static final int PIECE = 160; // characters, which are 480 bytes of UTF-8 at most
  private static final int MAX_PIECES = 32;

  /** What our own Consul backend adds; to a reader of the store these are fields. */
  private static final String OURS = "rollcall-";

  private static final Logger LOG = LoggerFactory.getLogger(StoredEntry.class);

  private StoredEntry() {}

  /**
   * Returns an entry as an instance; null where it cannot be one, as without a port.
   *
   * @param forOthers whether other centres may read it, and so all of it is to be written
   * @param self the name of the centre's own node
   * @param mark the centre's, in this life
   */
  static @Nullable ServiceInstance toInstance(
      HealthEntry entry, boolean forOthers, String self, String mark) {
    CatalogService service = entry.service();
    if (service.usualPort() == 0 || service.id().equals("consul")) {
      return null;
    }
    String id = StoredId.of(service, !forOthers && service.node().equals(self));
    try {
      ServiceInstance.Builder builder =
          ServiceInstance.builder(service.name())
              .id(id)
              .address(
                  service.address().isEmpty() ? entry.node().address() : service.address(),
                  service.usualPort())
              .tags(service.tags())
              .weight(service.passingWeight())
              .health(entry.health());
      Map<String, String> meta = new TreeMap<>();
      service
          .meta()
          .forEach(
              (key, value) -> {
                Optional<String> unescaped = MetadataKeys.unescaped(key);
                if (unescaped.isPresent() || !key.startsWith(OURS)) {
                  meta.put(unescaped.orElse(key), value);
                }
              });
      String scheme = service.meta().get(OURS + "scheme");
      String zone = service.meta().get(OURS + "zone");
      if (scheme != null) {
        builder.scheme(scheme);
      }
      if (zone != null) {
        builder.zone(zone);
      } else if (service.locality() != null && !service.locality().zone().isEmpty()) {
        builder.zone(service.locality().zone());
      }
      meta.put(NODE, entry.node().name());
      meta.put(MARK, mark);
      if (!id.equals(service.id())) {
        meta.put(ID, service.id());
      }
      if (forOthers) {
        addDetail(entry, meta);
      }
      builder.metadata(meta);
      return builder.build();
    } catch (RegistryException refused) {
      LOG.debug("kept out of the store: {}", refused.getMessage());
      return null;
    }
  }

  private static void addDetail(HealthEntry entry, Map<String, String> meta) {
    String json =
        new String(
            Json.bytes(
                false,
                to -> {
                  to.writeStartObject();
                  to.writeStringField("Address", entry.node().address());
                  to.writeFieldName("Service");
                  ConsulJsonWriter.service(to, entry.service());
                  to.writeArrayFieldStart("Checks");
                  for (CatalogCheck check : entry.checks()) {
                    if (!check.serviceId().isEmpty()) {
                      ConsulJsonWriter.check(to, check.with(check.status(), ""));
                    }
                  }
                  to.writeEndArray();
                  to.writeEndObject();
                }),
            StandardCharsets.UTF_8);
    Map<String, String> pieces = new TreeMap<>();
    for (int from = 0; from < json.length(); ) {
      int to = Math.min(json.length(), from + PIECE);
      if (to < json.length() && Character.isHighSurrogate(json.charAt(to - 1))) {
        to--; // half of a character would not survive the store
      }
      pieces.put(DETAIL + pieces.size(), json.substring(from, to));
      from = to;
    }
    if (pieces.size() <= MAX_PIECES) {
      meta.putAll(pieces);
    }
  }

  /** Returns the mark of a life of the centre of a node. */
  static String mark(String node, String life) {
    return node + "/" + life;
  }

  /** Returns the node of the centre that has put an instance; empty where none has. */
  static String keeper(ServiceInstance instance) {
    String mark = instance.metadata().getOrDefault(MARK, "");
    return mark.substring(0, Math.max(0, mark.lastIndexOf('/')));
  }

  /** Tells whether an instance was put by the centre with a mark. */
  static boolean isMarked(ServiceInstance instance, String mark) {
    return mark.equals(instance.metadata().get(MARK));
  }

  /** Returns an instance of the store as an entry. */
  static HealthEntry toEntry(ServiceInstance instance, String storeName) {
    Map<String, String> meta = new TreeMap<>(instance.metadata());
    String nodeName = meta.getOrDefault(NODE, storeName);
    StringBuilder json = new StringBuilder();
    for (int i = 0; meta.containsKey(DETAIL + i); i++) {
      json.append(meta.get(DETAIL + i));
    }
    if (json.length() > 0) {
      try {
        return detailed(instance, nodeName, json.toString());
      } catch (RefusedException malformed) {
        LOG.debug("{}: not an entry of a centre's", instance.key(), malformed);
      }
    }
    String id = idOf(instance);
    meta.keySet().removeIf(key -> key.startsWith(PREFIX));
    Map<String, String> shown = new TreeMap<>();
    meta.forEach(
        (key, value) ->
            shown.put(MetadataKeys.isToBeEscaped(key) ? MetadataKeys.escaped(key) : key, value));
    return plain(instance, id, nodeName, shown);
  }

  private static String idOf(ServiceInstance instance) {
    String id = instance.metadata().get(ID);
    if (id != null) {
      return id;
    }
    String own = instance.id();
    boolean leadsBack =
        own.equals(instance.service())
            || own.startsWith(instance.service() + "-")
            || instance.metadata().containsKey(NODE);
    return leadsBack ? own : instance.service() + "/" + own;
  }

  private static HealthEntry plain(
      ServiceInstance instance, String id, String nodeName, Map<String, String> meta) {
    Map<String, CatalogService.Address> addresses = new LinkedHashMap<>();
    instance
        .addresses()
        .forEach(
            (name, address) ->
                addresses.put(name, new CatalogService.Address(address.host(), address.port())));
    if (!instance.scheme().equals("http")) {
      meta.put(OURS + "scheme", instance.scheme());
    }
    if (!instance.zone().isEmpty()) {
      meta.put(OURS + "zone", instance.zone());
    }
    CatalogService service =
        new CatalogService(
            nodeName,
            id,
            instance.service(),
            "",
            instance.tags(),
            instance.host(),
            addresses,
            meta,
            instance.port(),
            Math.max(1, Math.min(65_535, instance.weight())),
            1,
            false,
            0,
            0);
    CatalogCheck check =
        new CatalogCheck(
            nodeName,
            "service:" + id,
            "Service '" + instance.service() + "' check",
            LocalAgent.status(instance.health()),
            "",
            "",
            id,
            instance.service(),
            instance.tags(),
            "",
            0,
            0);
    return new HealthEntry(node(nodeName, "127.0.0.1"), service, List.of(check));
  }

  private static HealthEntry detailed(ServiceInstance instance, String nodeName, String json) {
    Fields fields = Fields.of(Json.parse(json.getBytes(StandardCharsets.UTF_8)));
    Fields from = fields.object("Service").orElseThrow(() -> Json.refused("no service"));
    CatalogService read = ServiceDefinition.ofCatalog(from.without("Proxy", "Connect"), nodeName);
    if (!read.name().equals(instance.service())) {
      throw Json.refused("another service");
    }
    List<CatalogCheck> checks =
        fields.objects("Checks").stream()
            .map(
                check ->
                    new CatalogCheck(
                        nodeName,
                        check.text("CheckID"),
                        check.text("Name"),
                        check.text("Status"),
                        check.prose("Notes"),
                        "",
                        read.id(),
                        read.name(),
                        read.tags(),
                        check.text("Type"),
                        0,
                        0))
            .toList();
    return new HealthEntry(node(nodeName, fields.text("Address")), read, checks);
  }

  private static CatalogNode node(String name, String address) {
    return new CatalogNode("", name, address, Map.of(), Map.of(), 0, 0);
  }
}
