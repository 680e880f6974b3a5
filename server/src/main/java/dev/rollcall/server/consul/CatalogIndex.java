package dev.rollcall.server.consul;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The one owner of what is known: nodes, their services, their checks, and the index.
 *
 * <p><b>Design.</b> A {@link #write} is one change: it takes the next index, however much it puts
 * and removes, and touches the topics that it bears on. What is put as it stands already touches
 * nothing. A query reads one topic's index together with its data, and waits on that topic alone;
 * so a waiter of one service is not woken for another. The rules of which change touches what are
 * Consul's (docs/decisions/0015), but that no topic is touched in vain where Consul's table would.
 *
 * <p>A service or node that is gone takes its topic along; what is asked of an unknown one has the
 * index of the last that went, so that an index never falls back.
 *
 * <p><b>Guards.</b> {@code lock} guards everything; values are immutable. Under it nothing is
 * encoded and nobody called: waiters are handed to their executors when it is free again.
 */
final class CatalogIndex {
  /** How many waiters one task of an executor wakes: others get their turn in between. */
  private static final int WOKEN_AT_ONCE = 256;

  private static final TreeMap<String, CatalogCheck> NO_CHECKS = new TreeMap<>(); // stays empty

  // Not changed after the first write.
  private final List<Consumer<Set<InstanceId>>> listeners = new ArrayList<>();

  private final Object lock = new Object();
  // All guarded by "lock".
  private final TreeMap<String, NodeEntry> nodes = new TreeMap<>();
  private final TreeMap<String, TreeMap<InstanceId, CatalogService>> services = new TreeMap<>();
  private final Map<String, Topic> topics = new HashMap<>();
  private final long first;
  private long index;
  private long lastServiceGone;
  private long lastNodeGone;

  private static final class NodeEntry {
    private CatalogNode node;
    private final TreeMap<String, CatalogService> services = new TreeMap<>();
    private final TreeMap<String, CatalogCheck> checks = new TreeMap<>();
    private final Map<String, TreeMap<String, CatalogCheck>> byService = new HashMap<>();

    NodeEntry(CatalogNode node) {
      this.node = node;
    }

    Map<String, CatalogCheck> checksOf(String serviceId) {
      return byService.getOrDefault(serviceId, NO_CHECKS);
    }
  }

  /**
   * Creates an empty catalog.
   *
   * @param firstIndex what the index begins at, at least 1
   */
  CatalogIndex(long firstIndex) {
    first = firstIndex;
    index = firstIndex;
    lastServiceGone = firstIndex;
    lastNodeGone = firstIndex;
    for (String table :
        List.of(
            Topics.NODES,
            Topics.SERVICES,
            Topics.CHECKS,
            Topics.EVENTS,
            Topics.KEYS,
            Topics.SESSIONS)) {
      topics.put(table, new Topic(firstIndex));
    }
  }

  /** Changes what the given code says, as one, and wakes who waits for it. */
  void write(Consumer<Writer> change) {
    Map<Executor, List<Waiter>> woken = new HashMap<>();
    Writer writer;
    synchronized (lock) {
      writer = new Writer(index + 1);
      change.accept(writer);
      writer.finish(woken);
    }
    wake(woken);
    if (!writer.changed.isEmpty()) {
      listeners.forEach(listener -> listener.accept(writer.changed));
    }
  }

  /**
   * Adds one who hears which instances have changed, in themselves or in a check of theirs, and
   * which nodes have gone (with an empty ID). Before the first write; called on the writer's
   * thread, and must only take note.
   */
  void onChange(Consumer<Set<InstanceId>> listener) {
    listeners.add(listener);
  }

  /** What {@link #read} looks at. Only to be used while the lock is held. */
  final class View {
    private View() {}

    List<CatalogNode> nodes() {
      List<CatalogNode> all = new ArrayList<>(nodes.size());
      nodes.values().forEach(entry -> all.add(entry.node));
      return all;
    }

    @Nullable CatalogNode node(String name) {
      NodeEntry entry = nodes.get(name);
      return entry == null ? null : entry.node;
    }

    List<CatalogService> servicesOf(String node) {
      NodeEntry entry = nodes.get(node);
      return entry == null ? List.of() : List.copyOf(entry.services.values());
    }

    List<CatalogCheck> checksOf(String node) {
      NodeEntry entry = nodes.get(node);
      return entry == null ? List.of() : List.copyOf(entry.checks.values());
    }

    @Nullable CatalogCheck check(String node, String id) {
      NodeEntry entry = nodes.get(node);
      return entry == null ? null : entry.checks.get(id);
    }

    /** Returns the services of the nodes that a filter lets pass, with the tags that occur. */
    Map<String, Set<String>> names(Function<CatalogNode, Boolean> of) {
      Map<String, Set<String>> names = new LinkedHashMap<>();
      services.forEach(
          (name, instances) ->
              instances
                  .values()
                  .forEach(
                      instance -> {
                        NodeEntry entry = nodes.get(instance.node());
                        if (entry != null && of.apply(entry.node)) {
                          names
                              .computeIfAbsent(name, fresh -> new TreeSet<>())
                              .addAll(instance.tags());
                        }
                      }));
      return names;
    }

    /** Tells whether there is an instance, or a node where the ID is empty. */
    boolean has(InstanceId id) {
      NodeEntry entry = nodes.get(id.node());
      return entry != null && (id.id().isEmpty() || entry.services.containsKey(id.id()));
    }

    /** Returns one instance; null where there is none. */
    @Nullable HealthEntry instance(InstanceId id) {
      NodeEntry entry = nodes.get(id.node());
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
      TreeMap<InstanceId, CatalogService> instances = services.get(service);
      if (instances == null) {
        return List.of();
      }
      List<HealthEntry> entries = new ArrayList<>(instances.size());
      for (CatalogService instance : instances.values()) {
        NodeEntry entry = nodes.get(instance.node());
        if (entry != null) {
          entries.add(entry(entry, instance));
        }
      }
      return entries;
    }

    List<CatalogCheck> checksOfService(String service) {
      List<CatalogCheck> checks = new ArrayList<>();
      TreeMap<InstanceId, CatalogService> instances = services.get(service);
      if (instances != null) {
        for (CatalogService instance : instances.values()) {
          NodeEntry entry = nodes.get(instance.node());
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
      for (NodeEntry entry : nodes.values()) {
        for (CatalogCheck check : entry.checks.values()) {
          if (status.equals("any") || check.status().equals(status)) {
            checks.add(check);
          }
        }
      }
      return checks;
    }
  }

  private final View view = new View();

  /** Looks at the present state, for a decision that is not answered with an index. */
  <T> T look(Function<View, T> at) {
    synchronized (lock) {
      return at.apply(view);
    }
  }

  /** Answers a query: with what was encoded since the topic's last change, or anew. */
  <T> Answer read(
      String topic, String variant, Function<View, T> gather, Function<T, byte[]> encode) {
    long at;
    long version;
    T gathered;
    synchronized (lock) {
      Topic of = topics.get(topic);
      Answer known = of == null ? null : of.answer(variant);
      if (known != null) {
        return known;
      }
      at = of == null ? floor(topic) : of.index();
      version = of == null ? -1 : of.version();
      gathered = gather.apply(view);
    }
    Answer answer = Answer.indexed(at, encode.apply(gathered));
    synchronized (lock) {
      Topic of = topics.get(topic);
      if (of != null && of.version() == version && !variant.isEmpty()) {
        of.keep(variant, answer);
      }
    }
    return answer;
  }

  /**
   * Has a waiter woken at the topic's next change.
   *
   * @param known the index that the waiter has seen
   * @return false where the topic is past it already, or the index is from elsewhere: then the
   *     waiter is to answer now
   */
  boolean park(String topic, long known, Waiter waiter) {
    synchronized (lock) {
      Topic of = topics.get(topic);
      if ((of == null ? floor(topic) : of.index()) > known || known > index) {
        return false;
      }
      if (of == null) {
        of = new Topic(floor(topic));
        topics.put(topic, of);
      }
      of.park(waiter);
      return true;
    }
  }

  /**
   * Has a waiter woken at the topic's next change, unless a table has changed since it was read.
   *
   * @return false where it has: then the waiter is to read again
   */
  boolean parkUnless(String table, long tableIndex, String topic, Waiter waiter) {
    synchronized (lock) {
      if (indexOf(table) != tableIndex) {
        return false;
      }
      topics.computeIfAbsent(topic, of -> new Topic(tableIndex)).park(waiter);
      return true;
    }
  }

  /** Tells whether an index is none of this catalog's: from another process, or from the future. */
  boolean isBeyond(long known) {
    synchronized (lock) {
      return known > index;
    }
  }

  /** Forgets a waiter who has gone. */
  void leave(String topic, Waiter waiter) {
    synchronized (lock) {
      Topic of = topics.get(topic);
      if (of != null) {
        of.leave(waiter);
        if (!of.isAwaited() && isUnknown(topic)) {
          topics.remove(topic);
        }
      }
    }
  }

  /** Returns the index of a topic's last change. */
  long indexOf(String topic) {
    synchronized (lock) {
      Topic of = topics.get(topic);
      return of == null ? floor(topic) : of.index();
    }
  }

  private long floor(String topic) {
    if (Topics.isService(topic)) {
      return lastServiceGone;
    }
    return Topics.isNode(topic) ? lastNodeGone : first;
  }

  private boolean isUnknown(String topic) {
    if (Topics.isService(topic)) {
      return !services.containsKey(topic.substring(Topics.service("").length()));
    }
    if (Topics.isOfKeys(topic)) {
      return true;
    }
    return Topics.isNode(topic) && !nodes.containsKey(topic.substring(Topics.node("").length()));
  }

  private static void wake(Map<Executor, List<Waiter>> woken) {
    woken.forEach(
        (executor, waiters) -> {
          for (int from = 0; from < waiters.size(); from += WOKEN_AT_ONCE) {
            List<Waiter> some =
                waiters.subList(from, Math.min(waiters.size(), from + WOKEN_AT_ONCE));
            executor.execute(() -> some.forEach(waiter -> waiter.wake().run()));
          }
        });
  }

  /** Makes one change. Only to be used by the code that {@link #write} calls, under the lock. */
  final class Writer {
    private final long at;
    private final Set<String> touched = new TreeSet<>();
    private final Set<InstanceId> changed = new TreeSet<>();

    private Writer(long at) {
      this.at = at;
    }

    void putNode(CatalogNode node) {
      NodeEntry entry = nodes.get(node.name());
      if (entry == null) {
        nodes.put(node.name(), new NodeEntry(node.at(at, at)));
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
      NodeEntry entry = nodes.get(name);
      if (entry == null) {
        return;
      }
      List.copyOf(entry.services.keySet()).forEach(id -> removeService(name, id));
      List.copyOf(entry.checks.keySet()).forEach(id -> removeCheck(name, id));
      nodes.remove(name);
      changed.add(new InstanceId(name, ""));
      lastNodeGone = at;
      touched.add(Topics.NODES);
      touched.add(Topics.node(name));
    }

    boolean hasServices(String node) {
      NodeEntry entry = nodes.get(node);
      return entry != null && !entry.services.isEmpty();
    }

    /** Returns the IDs of a service's checks. */
    List<String> checksOf(String node, String serviceId) {
      NodeEntry entry = nodes.get(node);
      return entry == null ? List.of() : List.copyOf(entry.checksOf(serviceId).keySet());
    }

    @Nullable CatalogService service(String node, String id) {
      NodeEntry entry = nodes.get(node);
      return entry == null ? null : entry.services.get(id);
    }

    @Nullable CatalogNode node(String name) {
      NodeEntry entry = nodes.get(name);
      return entry == null ? null : entry.node;
    }

    /** Puts a service on a node that is there. */
    void putService(CatalogService service) {
      NodeEntry entry = nodes.get(service.node());
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
      services
          .computeIfAbsent(service.name(), fresh -> new TreeMap<>())
          .put(new InstanceId(service.node(), service.id()), after);
      touchService(entry, after);
    }

    void removeService(String node, String id) {
      NodeEntry entry = nodes.get(node);
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
      NodeEntry entry = nodes.get(check.node());
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
      keepCheck(entry, check.at(before == null ? at : before.createIndex(), at));
      touchCheck(entry, check);
    }

    /** Puts what nobody is woken for: another output of the same status. */
    void refreshCheck(CatalogCheck check) {
      NodeEntry entry = nodes.get(check.node());
      CatalogCheck before = entry == null ? null : entry.checks.get(check.id());
      if (entry == null || before == null) {
        return;
      }
      keepCheck(entry, check.at(before.createIndex(), before.modifyIndex()));
      List<String> shown = new ArrayList<>(List.of(Topics.CHECKS, Topics.node(check.node())));
      shown.add(Topics.service(check.serviceName()));
      for (String topic : shown) {
        Topic of = topics.get(topic);
        if (of != null) {
          of.refresh();
        }
      }
    }

    void removeCheck(String node, String id) {
      NodeEntry entry = nodes.get(node);
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
      TreeMap<InstanceId, CatalogService> instances = services.get(service.name());
      if (instances != null) {
        instances.remove(new InstanceId(service.node(), service.id()));
        touched.add(Topics.service(service.name()));
        if (instances.isEmpty()) {
          services.remove(service.name());
          lastServiceGone = at;
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
        for (CatalogService service : entry.services.values()) {
          touched.add(Topics.service(service.name()));
          changed.add(new InstanceId(service.node(), service.id()));
        }
      } else {
        touched.add(Topics.service(check.serviceName()));
        changed.add(new InstanceId(check.node(), check.serviceId()));
      }
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
      if (topics.containsKey(topic)) {
        touched.add(topic);
      }
    }

    private void finish(Map<Executor, List<Waiter>> woken) {
      if (touched.isEmpty()) {
        return;
      }
      index = at;
      for (String key : touched) {
        boolean unknown = isUnknown(key);
        Topic topic =
            unknown ? topics.remove(key) : topics.computeIfAbsent(key, of -> new Topic(at));
        if (topic != null) {
          for (Waiter waiter : topic.touch(at)) {
            woken.computeIfAbsent(waiter.executor(), of -> new ArrayList<>()).add(waiter);
          }
        }
      }
    }
  }
}
