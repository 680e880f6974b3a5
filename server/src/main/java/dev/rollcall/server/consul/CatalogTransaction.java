package dev.rollcall.server.consul;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Operations on nodes, services and checks, one after the other. What they do to the catalog is
 * tried on copies first, so that it is done whole or not at all. Stateless; under the catalog's
 * lock.
 */
final class CatalogTransaction {
  private final String datacentre;

  CatalogTransaction(String datacentre) {
    this.datacentre = datacentre;
  }

  /** Does what the operations say, or nothing where the results tell of a failure. */
  TxnResults run(List<TxnOperation> operations, CatalogWriter to) {
    Set<String> nodes = new HashSet<>();
    for (TxnOperation operation : operations) {
      nodes.add(nodeOf(operation));
    }
    TxnResults tried = new TxnResults();
    run(operations, to.onCopies(nodes), tried);
    if (tried.isFailed()) {
      return tried;
    }
    TxnResults results = new TxnResults();
    run(operations, to, results);
    return results;
  }

  private void run(List<TxnOperation> operations, CatalogWriter to, TxnResults results) {
    for (int i = 0; i < operations.size(); i++) {
      String why = take(operations.get(i), to, results);
      if (why != null) {
        results.fail(i, why);
      }
    }
  }

  static String nodeOf(TxnOperation operation) {
    if (operation instanceof TxnOperation.OfNode of) {
      return of.node().name();
    }
    if (operation instanceof TxnOperation.OfService of) {
      return of.node();
    }
    return operation instanceof TxnOperation.OfCheck of ? of.check().node() : "";
  }

  /** Takes an operation; returns why it cannot be done. */
  @Nullable String take(TxnOperation operation, CatalogWriter to, TxnResults results) {
    if (operation instanceof TxnOperation.OfNode of) {
      return node(of, to, results);
    }
    if (operation instanceof TxnOperation.OfService of) {
      return service(of, to, results);
    }
    return operation instanceof TxnOperation.OfCheck of ? check(of, to, results) : null;
  }

  private @Nullable String node(TxnOperation.OfNode of, CatalogWriter to, TxnResults results) {
    CatalogNode asked = of.node();
    String name = asked.name();
    CatalogNode before = to.node(name);
    long index = before == null ? 0 : before.modifyIndex();
    switch (of.verb()) {
      case "get" -> {
        CatalogNode found = asked.id().isEmpty() ? before : to.nodeOfId(asked.id());
        if (found == null) {
          return "node " + quoted(name) + " doesn't exist";
        }
        add(found, results);
        return null;
      }
      case "set", "cas" -> {
        if (of.verb().equals("cas") && asked.modifyIndex() != index) {
          return "failed to set node " + quoted(name) + ", index is stale";
        }
        to.putNode(asked);
        add(to.node(name), results);
        return null;
      }
      case "delete", "delete-cas" -> {
        if (of.verb().equals("delete-cas") && before != null && asked.modifyIndex() != index) {
          return "failed to delete node " + quoted(name) + ", index is stale";
        }
        to.removeNode(name);
        return null;
      }
      default -> {
        return "unknown Node verb " + quoted(of.verb());
      }
    }
  }

  private void add(@Nullable CatalogNode node, TxnResults results) {
    if (node != null) {
      results.add("Node", to -> ConsulJsonWriter.node(to, node, datacentre));
    }
  }

  private static @Nullable String service(
      TxnOperation.OfService of, CatalogWriter to, TxnResults results) {
    String shown = "service " + quoted(of.id()) + " on node " + quoted(of.node());
    CatalogService before = to.service(of.node(), of.id());
    long index = before == null ? 0 : before.modifyIndex();
    switch (of.verb()) {
      case "get" -> {
        if (before == null) {
          return shown + " doesn't exist";
        }
        add(before, results);
        return null;
      }
      case "set", "cas" -> {
        CatalogService asked = of.service();
        if (of.verb().equals("cas") && of.index() != index) {
          return "failed to set " + shown + ", index is stale";
        }
        if (to.node(of.node()) == null || asked == null) {
          return "Missing node registration";
        }
        to.putService(asked);
        add(to.service(of.node(), of.id()), results);
        return null;
      }
      case "delete", "delete-cas" -> {
        if (of.verb().equals("delete-cas") && before != null && of.index() != index) {
          return "failed to delete " + shown + ", index is stale";
        }
        to.removeService(of.node(), of.id());
        return null;
      }
      default -> {
        return "unknown Service verb " + quoted(of.verb());
      }
    }
  }

  private static void add(@Nullable CatalogService service, TxnResults results) {
    if (service != null) {
      results.add("Service", to -> ConsulJsonWriter.service(to, service));
    }
  }

  private static @Nullable String check(
      TxnOperation.OfCheck of, CatalogWriter to, TxnResults results) {
    CatalogCheck asked = of.check();
    String shown = "check " + quoted(asked.id()) + " on node " + quoted(asked.node());
    CatalogCheck before = to.check(asked.node(), asked.id());
    long index = before == null ? 0 : before.modifyIndex();
    switch (of.verb()) {
      case "get" -> {
        if (before == null) {
          return shown + " doesn't exist";
        }
        add(before, results);
        return null;
      }
      case "set", "cas" -> {
        if (of.verb().equals("cas") && asked.modifyIndex() != index) {
          return "failed to set " + shown + ", index is stale";
        }
        if (to.node(asked.node()) == null) {
          return "Missing node registration";
        }
        if (!asked.serviceId().isEmpty() && to.service(asked.node(), asked.serviceId()) == null) {
          return "Missing service registration";
        }
        Set<String> all = new HashSet<>(to.checksOf(asked.node(), asked.serviceId()));
        all.add(asked.id());
        CatalogCheck.requireRoom(all);
        CatalogRegistration.put(to, asked);
        add(to.check(asked.node(), asked.id()), results);
        return null;
      }
      case "delete", "delete-cas" -> {
        if (of.verb().equals("delete-cas") && before != null && asked.modifyIndex() != index) {
          return "failed to delete " + shown + ", index is stale";
        }
        to.removeCheck(asked.node(), asked.id());
        return null;
      }
      default -> {
        return "unknown Check verb " + quoted(of.verb());
      }
    }
  }

  private static void add(@Nullable CatalogCheck check, TxnResults results) {
    if (check != null) {
      results.add("Check", to -> ConsulJsonWriter.check(to, check));
    }
  }

  private static String quoted(String text) {
    return "\"" + Fields.shown(text) + "\"";
  }

  /** Returns the registrations that the operations make. */
  static Set<InstanceId> registered(List<TxnOperation> operations) {
    Set<InstanceId> registered = new HashSet<>();
    for (TxnOperation operation : operations) {
      if (operation instanceof TxnOperation.OfNode of && sets(of.verb())) {
        registered.add(new InstanceId(of.node().name(), ""));
      } else if (operation instanceof TxnOperation.OfService of && sets(of.verb())) {
        registered.add(new InstanceId(of.node(), of.id()));
      }
    }
    return registered;
  }

  /** Returns what the nodes, services and checks weigh that the operations put. */
  static long weigh(List<TxnOperation> operations) {
    long weight = 0;
    for (TxnOperation operation : operations) {
      if (operation instanceof TxnOperation.OfNode of && sets(of.verb())) {
        weight += Weight.of(of.node());
      } else if (operation instanceof TxnOperation.OfService of && of.service() != null) {
        weight += Weight.of(of.service());
      } else if (operation instanceof TxnOperation.OfCheck of && sets(of.verb())) {
        weight += Weight.of(of.check());
      }
    }
    return weight;
  }

  /** Returns whose registrations, or their checks, the operations may change. */
  static Set<InstanceId> changed(List<TxnOperation> operations, CatalogWriter before) {
    Set<InstanceId> changed = new HashSet<>();
    for (TxnOperation operation : operations) {
      if (!operation.isWrite()) {
        continue;
      }
      String node = nodeOf(operation);
      changed.add(new InstanceId(node, ""));
      if (operation instanceof TxnOperation.OfNode of && !sets(of.verb())) {
        before.servicesOf(node).forEach(id -> changed.add(new InstanceId(node, id)));
      } else if (operation instanceof TxnOperation.OfService of) {
        changed.add(new InstanceId(node, of.id()));
      } else if (operation instanceof TxnOperation.OfCheck of) {
        CatalogCheck known = before.check(node, of.check().id());
        changed.add(new InstanceId(node, of.check().serviceId()));
        if (known != null) {
          changed.add(new InstanceId(node, known.serviceId()));
        }
      }
    }
    return changed;
  }

  private static boolean sets(String verb) {
    return verb.equals("set") || verb.equals("cas");
  }
}
