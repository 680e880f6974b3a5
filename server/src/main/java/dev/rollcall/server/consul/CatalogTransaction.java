package dev.rollcall.server.consul;

import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
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
      return take(of.verb(), new OnNode(of.node(), to, datacentre), results);
    }
    if (operation instanceof TxnOperation.OfService of) {
      return take(of.verb(), new OnService(of, to), results);
    }
    return operation instanceof TxnOperation.OfCheck of
        ? take(of.verb(), new OnCheck(of.check(), to), results)
        : null;
  }

  private static @Nullable String take(String verb, Subject on, TxnResults results) {
    switch (verb) {
      case "get" -> {
        Json.Output found = on.sought();
        if (found == null) {
          return on.shown() + " doesn't exist";
        }
        results.add(on.kind(), found);
        return null;
      }
      case "set", "cas" -> {
        if (verb.equals("cas") && on.askedIndex() != on.index().orElse(0)) {
          return "failed to set " + on.shown() + ", index is stale";
        }
        String why = on.put();
        Json.Output now = why == null ? on.present() : null;
        if (now != null) {
          results.add(on.kind(), now);
        }
        return why;
      }
      case "delete", "delete-cas" -> {
        OptionalLong index = on.index();
        if (verb.equals("delete-cas")
            && index.isPresent()
            && on.askedIndex() != index.getAsLong()) {
          return "failed to delete " + on.shown() + ", index is stale";
        }
        on.remove();
        return null;
      }
      default -> {
        return "unknown " + on.kind() + " verb " + quoted(verb);
      }
    }
  }

  /** What an operation is on, in the catalog as it is at that moment. */
  private interface Subject {
    /** Returns what results call it. */
    String kind();

    /** Returns what sentences call it. */
    String shown();

    /** Returns the index that the operation expects. */
    long askedIndex();

    /** Returns the index of what is there; empty where nothing is. */
    OptionalLong index();

    /** Returns what is there, for a result. */
    Json.@Nullable Output present();

    /** Returns what the operation looks for, for a result. */
    default Json.@Nullable Output sought() {
      return present();
    }

    /** Puts what was asked for there; returns why it cannot. */
    @Nullable String put();

    void remove();
  }

  private record OnNode(CatalogNode asked, CatalogWriter to, String datacentre) implements Subject {
    @Override
    public String kind() {
      return "Node";
    }

    @Override
    public String shown() {
      return "node " + quoted(asked.name());
    }

    @Override
    public long askedIndex() {
      return asked.modifyIndex();
    }

    @Override
    public OptionalLong index() {
      CatalogNode node = to.node(asked.name());
      return node == null ? OptionalLong.empty() : OptionalLong.of(node.modifyIndex());
    }

    @Override
    public Json.@Nullable Output present() {
      return output(to.node(asked.name()));
    }

    @Override
    public Json.@Nullable Output sought() {
      return asked.id().isEmpty() ? present() : output(to.nodeOfId(asked.id()));
    }

    private Json.@Nullable Output output(@Nullable CatalogNode node) {
      return node == null ? null : json -> ConsulJsonWriter.node(json, node, datacentre);
    }

    @Override
    public @Nullable String put() {
      to.putNode(asked);
      return null;
    }

    @Override
    public void remove() {
      to.removeNode(asked.name());
    }
  }

  private record OnService(TxnOperation.OfService of, CatalogWriter to) implements Subject {
    @Override
    public String kind() {
      return "Service";
    }

    @Override
    public String shown() {
      return "service " + quoted(of.id()) + " on node " + quoted(of.node());
    }

    @Override
    public long askedIndex() {
      return of.index();
    }

    @Override
    public OptionalLong index() {
      CatalogService service = to.service(of.node(), of.id());
      return service == null ? OptionalLong.empty() : OptionalLong.of(service.modifyIndex());
    }

    @Override
    public Json.@Nullable Output present() {
      CatalogService service = to.service(of.node(), of.id());
      return service == null ? null : json -> ConsulJsonWriter.service(json, service);
    }

    @Override
    public @Nullable String put() {
      CatalogService asked = of.service();
      if (to.node(of.node()) == null || asked == null) {
        return "Missing node registration";
      }
      to.putService(asked);
      return null;
    }

    @Override
    public void remove() {
      to.removeService(of.node(), of.id());
    }
  }

  private record OnCheck(CatalogCheck asked, CatalogWriter to) implements Subject {
    @Override
    public String kind() {
      return "Check";
    }

    @Override
    public String shown() {
      return "check " + quoted(asked.id()) + " on node " + quoted(asked.node());
    }

    @Override
    public long askedIndex() {
      return asked.modifyIndex();
    }

    @Override
    public OptionalLong index() {
      CatalogCheck check = to.check(asked.node(), asked.id());
      return check == null ? OptionalLong.empty() : OptionalLong.of(check.modifyIndex());
    }

    @Override
    public Json.@Nullable Output present() {
      CatalogCheck check = to.check(asked.node(), asked.id());
      return check == null ? null : json -> ConsulJsonWriter.check(json, check);
    }

    @Override
    public @Nullable String put() {
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
      return null;
    }

    @Override
    public void remove() {
      to.removeCheck(asked.node(), asked.id());
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
