package dev.rollcall.testkit;

import dev.rollcall.CatalogChange;
import dev.rollcall.CatalogListener;
import dev.rollcall.Change;
import dev.rollcall.Freshness;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceListener;
import dev.rollcall.Snapshot;
import dev.rollcall.kv.KeyValue;
import dev.rollcall.kv.KeyValueChange;
import dev.rollcall.kv.KeyValueListener;
import dev.rollcall.kv.Keys;
import dev.rollcall.spi.InstanceEvent;
import dev.rollcall.spi.KeyEvent;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Adds up what a listener is given, and holds each change against what was given before and against
 * what the store really held.
 */
abstract class SimulatedWatch {
  final SimulatedWorld world;
  final SimulatedListener<Runnable> listener;
  @Nullable Freshness freshness;

  private SimulatedWatch(SimulatedWorld world, SimulatedHost host, String name) {
    this.world = world;
    this.listener = new SimulatedListener<>(world, host, name, Runnable::run);
  }

  /**
   * Returns how that which was given differs from what the store holds; empty where it does not.
   */
  abstract String difference();

  /** What was given of one service. */
  private static final class Fold {
    private final SimulatedWorld world;
    private final String name;
    private final String service;
    private final SimulatedFeed<ServiceInstance, InstanceEvent> feed;
    private final boolean guarded;
    private final TreeMap<String, ServiceInstance> all = new TreeMap<>();
    private final TreeMap<String, ServiceInstance> passing = new TreeMap<>();
    private long version;
    private long revision;

    Fold(
        SimulatedWorld world,
        String name,
        String service,
        SimulatedFeed<ServiceInstance, InstanceEvent> feed,
        boolean guarded) {
      this.world = world;
      this.name = name;
      this.service = service;
      this.feed = feed;
      this.guarded = guarded;
    }

    void changed(Change change, boolean first) {
      Snapshot now = change.now();
      world.note(now.version() * 31 + now.revision());
      world.tell(
          () -> name + ": at " + now.revision() + " " + shown(now.all()) + " " + now.freshness());
      check(same(all, change.before().all()), "its before is not what was given last", change);
      check(first || !change.all().isEmpty(), "an equal state", change);
      check(now.version() > version, "its version does not grow", change);
      check(now.revision() >= revision, "its revision falls", change);
      apply(all, change.all(), change);
      apply(passing, new Change.Diff(change.added(), change.updated(), change.removed()), change);
      check(same(all, now.all()), "its difference does not lead to its state", change);
      check(same(passing, now.instances()), "its passing differ", change);
      version = now.version();
      revision = now.revision();
      isReal(world, name, feed, now, guarded);
    }

    private void check(boolean right, String wrong, Change change) {
      world.check(
          right, () -> name + ": " + wrong + ": " + change + ", given " + shown(all.values()));
    }

    private void apply(Map<String, ServiceInstance> to, Change.Diff diff, Change change) {
      for (ServiceInstance gone : diff.removed()) {
        check(gone.equals(to.remove(gone.id())), "removed what was not there", change);
      }
      for (ServiceInstance put : diff.added()) {
        check(to.put(put.id(), put) == null, "added what was there", change);
      }
      for (ServiceInstance put : diff.updated()) {
        ServiceInstance was = to.put(put.id(), put);
        check(was != null && !was.equals(put), "updated what was not another", change);
      }
    }

    String difference() {
      List<ServiceInstance> truth = feed.list(feed.revision(), key -> isOf(key, service));
      return same(all, truth)
          ? ""
          : name + " was given " + shown(all.values()) + ", there is " + shown(truth);
    }
  }

  /** Returns what tells instances apart. */
  static List<String> shown(Collection<ServiceInstance> instances) {
    return instances.stream()
        .map(i -> i.key() + ":" + i.port() + " " + i.health() + " " + i.weight())
        .toList();
  }

  static boolean isOf(String key, String service) {
    return key.startsWith(service) && key.charAt(service.length()) == '/';
  }

  private static boolean same(Map<String, ?> map, List<?> list) {
    return map.size() == list.size() && new ArrayList<>(map.values()).equals(list);
  }

  /** Holds a state against what the store held at its revision, or ever where some may be kept. */
  static void isReal(
      SimulatedWorld world,
      String name,
      SimulatedFeed<ServiceInstance, InstanceEvent> feed,
      Snapshot now,
      boolean guarded) {
    if (now.version() == 0) {
      return;
    }
    if (now.revision() == 0) {
      world.violation(name + " shows a state of no revision: " + now);
      return;
    }
    if (guarded && !(now.freshness() instanceof Freshness.Live)) {
      for (ServiceInstance instance : now.all()) {
        world.check(
            feed.wasEverHeld(instance.key().toString(), instance),
            () -> name + " shows " + instance + ", which never was");
      }
    } else {
      List<ServiceInstance> then = feed.list(now.revision(), key -> isOf(key, now.service()));
      world.check(
          then.equals(now.all()),
          () ->
              name
                  + " shows at "
                  + now.revision()
                  + " "
                  + shown(now.all())
                  + ", there was "
                  + shown(then));
    }
  }

  /** A listener of one service. */
  static final class OfService extends SimulatedWatch implements ServiceListener {
    private final Fold fold;
    private boolean first = true;

    OfService(
        SimulatedWorld world,
        SimulatedHost host,
        String name,
        String service,
        SimulatedFeed<ServiceInstance, InstanceEvent> feed,
        boolean guarded) {
      super(world, host, name);
      this.fold = new Fold(world, name, service, feed, guarded);
    }

    @Override
    public void changed(Change change) {
      listener.accept(
          () -> {
            freshness = change.now().freshness();
            boolean initial = first;
            first = false;
            fold.changed(change, initial);
          });
    }

    @Override
    public void freshnessChanged(Freshness now) {
      listener.accept(() -> freshness = now);
    }

    @Override
    String difference() {
      return fold.difference();
    }
  }

  /** A listener of everything. */
  static final class OfCatalog extends SimulatedWatch implements CatalogListener {
    private final SimulatedFeed<ServiceInstance, InstanceEvent> feed;
    private final boolean guarded;
    private final Map<String, Fold> folds = new TreeMap<>();

    OfCatalog(
        SimulatedWorld world,
        SimulatedHost host,
        String name,
        SimulatedFeed<ServiceInstance, InstanceEvent> feed,
        boolean guarded) {
      super(world, host, name);
      this.feed = feed;
      this.guarded = guarded;
    }

    @Override
    public void changed(CatalogChange change) {
      listener.accept(
          () -> change.changes().forEach((service, of) -> fold(service).changed(of, false)));
    }

    @Override
    public void freshnessChanged(Freshness now) {
      listener.accept(() -> freshness = now);
    }

    private Fold fold(String service) {
      return folds.computeIfAbsent(
          service,
          missing -> new Fold(world, listener.name() + " of " + service, service, feed, guarded));
    }

    @Override
    String difference() {
      for (ServiceInstance instance : feed.present().values()) {
        fold(instance.service());
      }
      StringBuilder all = new StringBuilder();
      folds.values().forEach(fold -> all.append(fold.difference()));
      return all.toString();
    }
  }

  /** A listener of keys. */
  static final class OfKeys extends SimulatedWatch implements KeyValueListener {
    private final Keys keys;
    private final SimulatedFeed<KeyValue, KeyEvent> feed;
    private final TreeMap<String, KeyValue> given = new TreeMap<>();
    private boolean first = true;
    private long revision;

    OfKeys(
        SimulatedWorld world,
        SimulatedHost host,
        String name,
        Keys keys,
        SimulatedFeed<KeyValue, KeyEvent> feed) {
      super(world, host, name);
      this.keys = keys;
      this.feed = feed;
    }

    @Override
    public void changed(KeyValueChange change) {
      listener.accept(() -> check(change));
    }

    private void check(KeyValueChange change) {
      world.note(change.revision());
      world.tell(() -> listener.name() + ": " + change.now() + " " + change.freshness());
      freshness = change.freshness();
      right(values(given).equals(values(change.before())), "its before is another", change);
      boolean something =
          !change.added().isEmpty() || !change.updated().isEmpty() || !change.removed().isEmpty();
      right(first || something, "an equal state", change);
      right(change.revision() >= revision, "its revision falls", change);
      first = false;
      revision = change.revision();
      change.removed().forEach(gone -> right(given.remove(gone.key()) != null, "removed", change));
      change.added().forEach(put -> right(given.put(put.key(), put) == null, "added", change));
      change.updated().forEach(put -> right(given.put(put.key(), put) != null, "updated", change));
      right(values(given).equals(values(change.now())), "its difference is another", change);
      right(
          feed.list(change.revision(), keys::selects).equals(List.copyOf(change.now().values())),
          "it never was so",
          change);
    }

    private void right(boolean right, String wrong, KeyValueChange change) {
      world.check(right, () -> listener.name() + ": " + wrong + ": " + change + ", had " + given);
    }

    private static Map<String, Object> values(Map<String, KeyValue> entries) {
      Map<String, Object> values = new HashMap<>();
      entries.forEach((key, entry) -> values.put(key, entry.value()));
      return values;
    }

    @Override
    public void freshnessChanged(Freshness now) {
      listener.accept(() -> freshness = now);
    }

    @Override
    String difference() {
      Map<String, KeyValue> truth = new TreeMap<>();
      feed.list(feed.revision(), keys::selects).forEach(entry -> truth.put(entry.key(), entry));
      return values(given).equals(values(truth))
          ? ""
          : listener.name() + " was given " + given.values() + ", there is " + truth.values();
    }
  }
}
