package dev.rollcall.server.consul;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a filter may select, by the kind of what is filtered, and what each of it is. Immutable. In
 * a path, {@code *} stands for any key of a map.
 */
final class Selectors {
  /** What a path leads to, and so what may be asked of it. */
  enum Kind {
    TEXT,
    NUMBER,
    FLAG,
    /** A list of texts. */
    LIST,
    /** A list of structures, each of which may be looked into. */
    STRUCTURES,
    MAP;

    boolean isCollection() {
      return this == LIST || this == STRUCTURES || this == MAP;
    }

    /** Tells whether one may ask what is in it. */
    boolean contains() {
      return this == TEXT || this == LIST || this == MAP;
    }
  }

  private static final String ANY = "*";

  private static final Map<String, Kind> SERVICE =
      Map.ofEntries(
          Map.entry("Kind", Kind.TEXT),
          Map.entry("ID", Kind.TEXT),
          Map.entry("Service", Kind.TEXT),
          Map.entry("Tags", Kind.LIST),
          Map.entry("Address", Kind.TEXT),
          Map.entry("TaggedAddresses", Kind.MAP),
          Map.entry("TaggedAddresses.*.Address", Kind.TEXT),
          Map.entry("TaggedAddresses.*.Port", Kind.NUMBER),
          Map.entry("Meta", Kind.MAP),
          Map.entry("Meta.*", Kind.TEXT),
          Map.entry("Port", Kind.NUMBER),
          Map.entry("Weights.Passing", Kind.NUMBER),
          Map.entry("Weights.Warning", Kind.NUMBER),
          Map.entry("EnableTagOverride", Kind.FLAG));
  private static final Map<String, Kind> NODE =
      Map.of(
          "ID", Kind.TEXT,
          "Node", Kind.TEXT,
          "Address", Kind.TEXT,
          "Datacenter", Kind.TEXT,
          "TaggedAddresses", Kind.MAP,
          "TaggedAddresses.*", Kind.TEXT,
          "Meta", Kind.MAP,
          "Meta.*", Kind.TEXT);
  private static final Map<String, Kind> CHECK =
      Map.of(
          "Node", Kind.TEXT,
          "CheckID", Kind.TEXT,
          "Name", Kind.TEXT,
          "Status", Kind.TEXT,
          "Notes", Kind.TEXT,
          "Output", Kind.TEXT,
          "ServiceID", Kind.TEXT,
          "ServiceName", Kind.TEXT,
          "ServiceTags", Kind.LIST,
          "Type", Kind.TEXT);

  static final Selectors AGENT_SERVICES = new Selectors(SERVICE);
  static final Selectors NODES = new Selectors(NODE);
  static final Selectors CHECKS = new Selectors(CHECK);
  static final Selectors CATALOG_SERVICES = new Selectors(catalogServices());
  static final Selectors HEALTH = new Selectors(health());

  private final Map<String, Kind> known;

  private Selectors(Map<String, Kind> known) {
    this.known = known;
  }

  private static Map<String, Kind> catalogServices() {
    Map<String, Kind> all = new HashMap<>();
    NODE.forEach((path, kind) -> all.put(path.startsWith("Meta") ? "Node" + path : path, kind));
    SERVICE.forEach(
        (path, kind) -> {
          String name = path.equals("Service") ? "Name" : path;
          all.put("Service" + name, kind);
        });
    return Map.copyOf(all);
  }

  private static Map<String, Kind> health() {
    Map<String, Kind> all = new HashMap<>();
    SERVICE.forEach((path, kind) -> all.put("Service." + path, kind));
    NODE.forEach((path, kind) -> all.put("Node." + path, kind));
    CHECK.forEach((path, kind) -> all.put("Checks." + path, kind));
    all.put("Checks", Kind.STRUCTURES);
    return Map.copyOf(all);
  }

  /** Returns what a path leads to; empty where it leads nowhere. */
  Optional<Kind> find(List<String> path) {
    Kind exact = known.get(String.join(".", path));
    if (exact != null && path.stream().noneMatch(part -> part.contains(".") || part.equals(ANY))) {
      return Optional.of(exact);
    }
    for (Map.Entry<String, Kind> each : known.entrySet()) {
      if (fits(each.getKey().split("\\.", -1), path)) {
        return Optional.of(each.getValue());
      }
    }
    return Optional.empty();
  }

  private static boolean fits(String[] pattern, List<String> path) {
    if (pattern.length != path.size()) {
      return false;
    }
    for (int i = 0; i < pattern.length; i++) {
      if (!pattern[i].equals(ANY) && !pattern[i].equals(path.get(i))) {
        return false;
      }
    }
    return true;
  }
}
