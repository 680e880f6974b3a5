package dev.rollcall.engine;

import dev.rollcall.Arguments;
import dev.rollcall.CatalogChange;
import dev.rollcall.CatalogListener;
import dev.rollcall.Change;
import dev.rollcall.Freshness;
import dev.rollcall.RegistryObserver;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The subscriber of a {@link CatalogListener}. It remembers what was given of each service, and
 * which services have changed since; {@code touched} is filled by the thread that changes the
 * catalog, the other fields are the running worker's alone.
 */
final class CatalogSubscriber extends Subscriber {
  private final StoreCatalog catalog;
  private final CatalogListener listener;
  private final List<Subscriber> among;
  private final Set<String> touched = ConcurrentHashMap.newKeySet();
  private final Map<String, ViewSnapshot> given = new HashMap<>();

  /** How many changes were not the first of their service since it was given last. */
  private final AtomicLong conflated = new AtomicLong();

  private Freshness givenFreshness = Timestamp.LOADING;
  private boolean first = true;

  CatalogSubscriber(
      Dispatcher dispatcher,
      StoreCatalog catalog,
      CatalogListener listener,
      List<Subscriber> among) {
    super(dispatcher);
    this.catalog = catalog;
    this.listener = Arguments.notNull("listener", listener, "");
    this.among = among;
  }

  @Override
  void touch(String service) {
    if (!touched.add(service)) {
      conflated.incrementAndGet();
    }
  }

  @Override
  void deliver() {
    Freshness before = givenFreshness;
    Freshness now = catalog.freshness();
    givenFreshness = now;
    boolean initial = first;
    try {
      if (catalog.isLoaded()) {
        Map<String, Change> changes = new TreeMap<>();
        // Each once: one that is touched again meanwhile has its next change in the next call.
        for (String service : new HashSet<>(initial ? catalog.names() : touched)) {
          // Taken out before its state is read: a change after that touches it again.
          touched.remove(service);
          collect(service, changes);
        }
        first = false;
        long between = conflated.getAndSet(0);
        if (initial) {
          calling();
        } else if (!changes.isEmpty()) {
          calling(between);
        }
        if (initial || !changes.isEmpty()) {
          listener.changed(new CatalogChange(changes));
        }
      }
    } finally {
      boolean calm = initial && ServiceSubscriber.isCalm(before, now);
      if (!calm && ServiceSubscriber.isNews(before, now) && !isClosed()) {
        calling();
        listener.freshnessChanged(now);
      }
    }
  }

  private void collect(String service, Map<String, Change> changes) {
    ViewSnapshot was = given.getOrDefault(service, InstanceCache.nothing(service));
    ViewSnapshot is = catalog.snapshot(service);
    if (was.all().isSame(is.all())) {
      return;
    }
    Change change = ViewChange.between(was, is);
    if (change.all().isEmpty()) {
      return;
    }
    changes.put(service, change);
    if (is.all().isEmpty()) {
      given.remove(service);
    } else {
      given.put(service, is);
    }
  }

  @Override
  String service() {
    return RegistryObserver.CATALOG;
  }

  @Override
  long arrivedNanos() {
    return catalog.arrivedNanos();
  }

  @Override
  String what() {
    return "the catalog";
  }

  @Override
  void detach() {
    among.remove(this);
  }
}
