package dev.rollcall.server.consul;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What a filter may select, by the kind of what is filtered. A name with {@code .*} is a map. */
final class Selectors {
  private static final Set<String> SERVICE =
      Set.of(
          "Kind",
          "ID",
          "Service",
          "Tags",
          "Address",
          "TaggedAddresses.*",
          "Meta.*",
          "Port",
          "Weights.Passing",
          "Weights.Warning",
          "EnableTagOverride");
  private static final Set<String> NODE =
      Set.of("ID", "Node", "Address", "Datacenter", "TaggedAddresses.*", "Meta.*");

  static final Selectors AGENT_SERVICES = new Selectors(SERVICE);
  static final Selectors NODES = new Selectors(NODE);
  static final Selectors CHECKS =
      new Selectors(
          Set.of(
              "Node",
              "CheckID",
              "Name",
              "Status",
              "Notes",
              "Output",
              "ServiceID",
              "ServiceName",
              "ServiceTags",
              "Type"));
  static final Selectors CATALOG_SERVICES =
      new Selectors(
          Set.of(
              "ID",
              "Node",
              "Address",
              "Datacenter",
              "TaggedAddresses.*",
              "NodeMeta.*",
              "ServiceKind",
              "ServiceID",
              "ServiceName",
              "ServiceTags",
              "ServiceAddress",
              "ServiceTaggedAddresses.*",
              "ServiceWeights.Passing",
              "ServiceWeights.Warning",
              "ServiceMeta.*",
              "ServicePort",
              "ServiceEnableTagOverride"));
  static final Selectors HEALTH = new Selectors(health());

  private final Set<String> known;

  private Selectors(Set<String> known) {
    this.known = known;
  }

  private static Set<String> health() {
    Set<String> all = new HashSet<>();
    SERVICE.forEach(name -> all.add("Service." + name));
    NODE.forEach(name -> all.add("Node." + name));
    all.add("Checks");
    return Set.copyOf(all);
  }

  /** Tells whether a path leads to a list or a map, and not to one value. */
  boolean isCollection(List<String> path) {
    String last = path.get(path.size() - 1);
    return last.equals("Tags")
        || last.equals("ServiceTags")
        || last.equals("Checks")
        || known.contains(String.join(".", path) + ".*");
  }

  boolean allows(List<String> path) {
    String whole = String.join(".", path);
    if (known.contains(whole)) {
      return true;
    }
    if (known.contains(whole + ".*")) {
      return true;
    }
    for (int length = 1; length < path.size(); length++) {
      if (known.contains(String.join(".", path.subList(0, length)) + ".*")) {
        return true;
      }
    }
    return false;
  }
}
