package dev.rollcall.server.consul;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Makes one change of a {@link CatalogIndex}. Used only by what {@link CatalogIndex#write} calls,
 * under that class's lock.
 */
final class CatalogWriter {
  private final CatalogIndex catalog;
  private final long at;
  private final Set<String> touched = new TreeSet<>();
  private final Set<InstanceId> changed = new TreeSet<>();

  CatalogWriter(CatalogIndex catalog, long at) {
    this.catalog = catalog;
    this.at = at;
  }

  void putNode(CatalogNode node) {
    NodeEntry entry = catalog.nodes.get(node.name());
    if (entry == null) {
      catalog.nodes.put(node.name(), new NodeEntry(node.at(at, at)));
    } else if (entry.node.says(node)) {
      return;
    } else {
      entry.node = node.at(entry.node.createIndex(), at);
      entry.services.values().forEach(service -> touched.add(Topics.service(service.name())));
    }
    touched.add(Topics.NODES);
    touched.add(Topics.node(node.name()));
  }

  void removeNode(String name) {
    NodeEntry entry = catalog.nodes.get(name);
    if (entry == null) {
      return;
    }
    List.copyOf(entry.services.keySet()).forEach(id -> removeService(name, id));
    List.copyOf(entry.checks.keySet()).forEach(id -> removeCheck(name, id));
    catalog.nodes.remove(name);
    changed.add(new InstanceId(name, ""));
    catalog.lastNodeGone = at;
    touched.add(Topics.NODES);
    touched.add(Topics.node(name));
  }

  boolean hasServices(String node) {
    NodeEntry entry = catalog.nodes.get(node);
    return entry != null && !entry.services.isEmpty();
  }

  /** Returns the IDs of a node's services. */
  List<String> servicesOf(String node) {
    NodeEntry entry = catalog.nodes.get(node);
    return entry == null ? List.of() : List.copyOf(entry.services.keySet());
  }

  /** Returns the IDs of a service's checks. */
  List<String> checksOf(String node, String serviceId) {
    NodeEntry entry = catalog.nodes.get(node);
    return entry == null ? List.of() : List.copyOf(entry.checksOf(serviceId).keySet());
  }

  @Nullable CatalogService service(String node, String id) {
    NodeEntry entry = catalog.nodes.get(node);
    return entry == null ? null : entry.services.get(id);
  }

  @Nullable CatalogNode node(String name) {
    NodeEntry entry = catalog.nodes.get(name);
    return entry == null ? null : entry.node;
  }

  @Nullable CatalogCheck check(String node, String id) {
    NodeEntry entry = catalog.nodes.get(node);
    return entry == null ? null : entry.checks.get(id);
  }

  /** Returns the node with an ID of its own. */
  @Nullable CatalogNode nodeOfId(String id) {
    for (NodeEntry entry : catalog.nodes.values()) {
      if (entry.node.id().equals(id)) {
        return entry.node;
      }
    }
    return null;
  }

  /** Returns a writer of copies of some nodes, to see what a change would do. */
  CatalogWriter onCopies(Set<String> names) {
    CatalogIndex copy = new CatalogIndex(at);
    for (String name : names) {
      NodeEntry entry = catalog.nodes.get(name);
      if (entry != null) {
        copy.nodes.put(name, new NodeEntry(entry));
        entry
            .services
            .values()
            .forEach(
                service ->
                    copy.services
                        .computeIfAbsent(service.name(), of -> new TreeMap<>())
                        .put(new InstanceId(name, service.id()), service));
      }
    }
    return new CatalogWriter(copy, at);
  }

  /** Puts a service on a node that is there. */
  void putService(CatalogService service) {
    NodeEntry entry = catalog.nodes.get(service.node());
    if (entry == null) {
      return;
    }
    CatalogService before = entry.services.get(service.id());
    if (before != null && before.says(service)) {
      return;
    }
    CatalogService after = service.at(before == null ? at : before.createIndex(), at);
    if (before != null && !before.name().equals(service.name())) {
      removeFromName(before);
    }
    entry.services.put(service.id(), after);
    catalog
        .services
        .computeIfAbsent(service.name(), fresh -> new TreeMap<>())
        .put(new InstanceId(service.node(), service.id()), after);
    touchService(entry, after);
  }

  void removeService(String node, String id) {
    NodeEntry entry = catalog.nodes.get(node);
    CatalogService before = entry == null ? null : entry.services.remove(id);
    if (entry == null || before == null) {
      return;
    }
    touchService(entry, before);
    List.copyOf(entry.checksOf(id).keySet()).forEach(check -> removeCheck(node, check));
    removeFromName(before);
  }

  /** Puts a check on a node that is there. */
  void putCheck(CatalogCheck check) {
    NodeEntry entry = catalog.nodes.get(check.node());
    if (entry == null) {
      return;
    }
    CatalogCheck before = entry.checks.get(check.id());
    if (before != null && before.says(check)) {
      return;
    }
    if (before != null && !before.serviceId().equals(check.serviceId())) {
      dropCheck(entry, before);
      touchCheck(entry, before);
    }
    long since =
        before != null && before.status().equals(check.status())
            ? before.since()
            : System.currentTimeMillis();
    keepCheck(entry, check.at(before == null ? at : before.createIndex(), at).since(since));
    touchCheck(entry, check);
  }

  /** Puts what nobody is woken for: another output of the same status. */
  void refreshCheck(CatalogCheck check) {
    NodeEntry entry = catalog.nodes.get(check.node());
    CatalogCheck before = entry == null ? null : entry.checks.get(check.id());
    if (entry == null || before == null) {
      return;
    }
    keepCheck(entry, check.at(before.createIndex(), before.modifyIndex()).since(before.since()));
    List<String> shown = new ArrayList<>(List.of(Topics.CHECKS, Topics.node(check.node())));
    shown.add(Topics.service(check.serviceName()));
    for (String topic : shown) {
      Topic of = catalog.topics.get(topic);
      if (of != null) {
        of.refresh();
      }
    }
  }

  void removeCheck(String node, String id) {
    NodeEntry entry = catalog.nodes.get(node);
    CatalogCheck before = entry == null ? null : entry.checks.get(id);
    if (entry == null || before == null) {
      return;
    }
    dropCheck(entry, before);
    touchCheck(entry, before);
  }

  private void keepCheck(NodeEntry entry, CatalogCheck check) {
    entry.checks.put(check.id(), check);
    entry
        .byService
        .computeIfAbsent(check.serviceId(), of -> new TreeMap<>())
        .put(check.id(), check);
  }

  private void dropCheck(NodeEntry entry, CatalogCheck check) {
    entry.checks.remove(check.id());
    TreeMap<String, CatalogCheck> of = entry.byService.get(check.serviceId());
    if (of != null) {
      of.remove(check.id());
      if (of.isEmpty()) {
        entry.byService.remove(check.serviceId());
      }
    }
  }

  private void removeFromName(CatalogService service) {
    TreeMap<InstanceId, CatalogService> instances = catalog.services.get(service.name());
    if (instances != null) {
      instances.remove(new InstanceId(service.node(), service.id()));
      touched.add(Topics.service(service.name()));
      if (instances.isEmpty()) {
        catalog.services.remove(service.name());
        catalog.lastServiceGone = at;
      }
    }
  }

  private void touchService(NodeEntry entry, CatalogService service) {
    changed.add(new InstanceId(service.node(), service.id()));
    touched.add(Topics.SERVICES);
    touched.add(Topics.service(service.name()));
    touched.add(Topics.node(service.node()));
    if (entry.byService.containsKey(service.id())) {
      touched.add(Topics.CHECKS);
    }
  }

  private void touchCheck(NodeEntry entry, CatalogCheck check) {
    touched.add(Topics.CHECKS);
    touched.add(Topics.node(check.node()));
    if (check.serviceId().isEmpty()) {
      changed.add(new InstanceId(check.node(), ""));
      for (CatalogService service : entry.services.values()) {
        touched.add(Topics.service(service.name()));
        changed.add(new InstanceId(service.node(), service.id()));
      }
    } else {
      touched.add(Topics.service(check.serviceName()));
      changed.add(new InstanceId(check.node(), check.serviceId()));
    }
  }

  /** Returns the instances that have changed, as {@link CatalogIndex#onChange} says. */
  Set<InstanceId> changed() {
    return changed;
  }

  /** Returns the index of this change. */
  long index() {
    return at;
  }

  /** Touches a topic that is not about nodes, services or checks. */
  void touch(String topic) {
    touched.add(topic);
  }

  void touchIfAwaited(String topic) {
    if (catalog.topics.containsKey(topic)) {
      touched.add(topic);
    }
  }

  void finish(Map<Executor, List<Waiter>> woken) {
    if (touched.isEmpty()) {
      return;
    }
    catalog.index = at;
    for (String key : touched) {
      boolean unknown = catalog.isUnknown(key);
      Topic topic =
          unknown
              ? catalog.topics.remove(key)
              : catalog.topics.computeIfAbsent(key, of -> new Topic(at));
      if (topic != null) {
        for (Waiter waiter : topic.touch(at)) {
          woken.computeIfAbsent(waiter.executor(), of -> new ArrayList<>()).add(waiter);
        }
      }
    }
  }
}
