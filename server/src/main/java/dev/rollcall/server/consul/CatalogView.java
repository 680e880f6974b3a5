package dev.rollcall.server.consul;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The present state of a {@link CatalogIndex}, as a query reads it. Used only by what {@link
 * CatalogIndex#read} and {@link CatalogIndex#look} call, under that class's lock.
 */
final class CatalogView {
  private final CatalogIndex catalog;

  CatalogView(CatalogIndex catalog) {
    this.catalog = catalog;
  }

  List<CatalogNode> nodes() {
    List<CatalogNode> all = new ArrayList<>(catalog.nodes.size());
    catalog.nodes.values().forEach(entry -> all.add(entry.node));
    return all;
  }

  @Nullable CatalogNode node(String name) {
    NodeEntry entry = catalog.nodes.get(name);
    return entry == null ? null : entry.node;
  }

  List<CatalogService> servicesOf(String node) {
    NodeEntry entry = catalog.nodes.get(node);
    return entry == null ? List.of() : List.copyOf(entry.services.values());
  }

  List<CatalogCheck> checksOf(String node) {
    NodeEntry entry = catalog.nodes.get(node);
    return entry == null ? List.of() : List.copyOf(entry.checks.values());
  }

  /** Returns the checks of one service, or the node's own where the ID is empty. */
  Collection<CatalogCheck> checksOf(String node, String serviceId) {
    NodeEntry entry = catalog.nodes.get(node);
    return entry == null ? List.of() : entry.checksOf(serviceId).values();
  }

  @Nullable CatalogService service(InstanceId id) {
    NodeEntry entry = catalog.nodes.get(id.node());
    return entry == null ? null : entry.services.get(id.id());
  }

  @Nullable CatalogCheck check(String node, String id) {
    NodeEntry entry = catalog.nodes.get(node);
    return entry == null ? null : entry.checks.get(id);
  }

  /** A node with its services. */
  record OfNode(CatalogNode node, List<CatalogService> services) {}

  /** Returns the services of each node: no more than is there, since all else waits meanwhile. */
  List<OfNode> byNode() {
    List<OfNode> all = new ArrayList<>(catalog.nodes.size());
    catalog
        .nodes
        .values()
        .forEach(entry -> all.add(new OfNode(entry.node, List.copyOf(entry.services.values()))));
    return all;
  }

  /** Tells whether there is an instance, or a node where the ID is empty. */
  boolean has(InstanceId id) {
    NodeEntry entry = catalog.nodes.get(id.node());
    return entry != null && (id.id().isEmpty() || entry.services.containsKey(id.id()));
  }

  List<InstanceId> instances() {
    List<InstanceId> all = new ArrayList<>();
    catalog.services.values().forEach(instances -> all.addAll(instances.keySet()));
    return all;
  }

  /** Returns one instance; null where there is none. */
  @Nullable HealthEntry instance(InstanceId id) {
    NodeEntry entry = catalog.nodes.get(id.node());
    CatalogService service = entry == null ? null : entry.services.get(id.id());
    return entry == null || service == null ? null : entry(entry, service);
  }

  private HealthEntry entry(NodeEntry entry, CatalogService instance) {
    Map<String, CatalogCheck> ofNode = entry.checksOf("");
    Map<String, CatalogCheck> own = entry.checksOf(instance.id());
    List<CatalogCheck> checks = new ArrayList<>(ofNode.size() + own.size());
    checks.addAll(ofNode.values());
    checks.addAll(own.values());
    return new HealthEntry(entry.node, instance, checks);
  }

  List<HealthEntry> health(String service) {
    TreeMap<InstanceId, CatalogService> instances = catalog.services.get(service);
    if (instances == null) {
      return List.of();
    }
    List<HealthEntry> entries = new ArrayList<>(instances.size());
    for (CatalogService instance : instances.values()) {
      NodeEntry entry = catalog.nodes.get(instance.node());
      if (entry != null) {
        entries.add(entry(entry, instance));
      }
    }
    return entries;
  }

  List<CatalogCheck> checksOfService(String service) {
    List<CatalogCheck> checks = new ArrayList<>();
    TreeMap<InstanceId, CatalogService> instances = catalog.services.get(service);
    if (instances != null) {
      for (CatalogService instance : instances.values()) {
        NodeEntry entry = catalog.nodes.get(instance.node());
        if (entry != null) {
          checks.addAll(entry.checksOf(instance.id()).values());
        }
      }
    }
    checks.sort(Comparator.comparing(CatalogCheck::node).thenComparing(CatalogCheck::id));
    return checks;
  }

  List<CatalogCheck> checks(String status) {
    List<CatalogCheck> checks = new ArrayList<>();
    for (NodeEntry entry : catalog.nodes.values()) {
      for (CatalogCheck check : entry.checks.values()) {
        if (status.equals("any") || check.status().equals(status)) {
          checks.add(check);
        }
      }
    }
    return checks;
  }
}
