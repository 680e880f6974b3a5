package dev.rollcall.server.consul;

import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * A node of the catalog with its services and checks. Guarded by {@link CatalogIndex}'s lock, as
 * that class says.
 */
final class NodeEntry {
  private static final TreeMap<String, CatalogCheck> NO_CHECKS = new TreeMap<>(); // stays empty

  CatalogNode node;
  final TreeMap<String, CatalogService> services = new TreeMap<>();
  final TreeMap<String, CatalogCheck> checks = new TreeMap<>();
  final Map<String, TreeMap<String, CatalogCheck>> byService = new HashMap<>();

  NodeEntry(CatalogNode node) {
    this.node = node;
  }

  /** Copies an entry; what it consists of is immutable. */
  NodeEntry(NodeEntry other) {
    this(other.node);
    services.putAll(other.services);
    checks.putAll(other.checks);
    other.byService.forEach((id, of) -> byService.put(id, new TreeMap<>(of)));
  }

  Map<String, CatalogCheck> checksOf(String serviceId) {
    return byService.getOrDefault(serviceId, NO_CHECKS);
  }
}
