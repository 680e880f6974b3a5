package dev.rollcall.memory;

import dev.rollcall.InstanceKey;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.InstanceEvent;
import dev.rollcall.spi.InstanceEvent.Departure;
import dev.rollcall.spi.Selector;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The services by name, who watches them, and the revision, which grows by one with each change
 * that somebody could see. A change is offered to the watchers of its own service and of
 * everything; those of other services are not even looked at. Guarded by the store's lock.
 */
final class Directory {
  private final Map<String, ServiceEntries> services = new HashMap<>();
  private Watcher[] everywhere = Watcher.NONE;
  private long revision;

  @Nullable ServiceEntries find(String name) {
    return services.get(name);
  }

  ServiceEntries findOrAdd(String name) {
    return services.computeIfAbsent(name, ServiceEntries::new);
  }

  Collection<ServiceEntries> services() {
    return services.values();
  }

  void dropIfUnused(ServiceEntries service) {
    if (service.byId.isEmpty() && service.watchers.length == 0) {
      services.remove(service.name, service);
    }
  }

  long revision() {
    return revision;
  }

  /** An entry is new or shown in another way; made visible only where somebody looks. */
  void put(Entry entry, Outbox out) {
    revision++;
    if (isWatched(entry.service)) {
      change(entry.service, new InstanceEvent.Put(entry.shown()), out);
    }
  }

  void removed(ServiceEntries service, InstanceKey key, Departure departure, Outbox out) {
    revision++;
    if (isWatched(service)) {
      change(service, new InstanceEvent.Remove(key, departure), out);
    }
  }

  void withheld(ServiceEntries service, String reason, Outbox out) {
    offer(service, new Delivery.Withheld(service.name, reason), out);
  }

  void add(Watcher watcher) {
    if (watcher.selector() instanceof Selector.OfService one) {
      ServiceEntries service = findOrAdd(one.name());
      service.watchers = with(service.watchers, watcher);
    } else {
      everywhere = with(everywhere, watcher);
    }
  }

  void remove(Watcher watcher) {
    if (watcher.selector() instanceof Selector.OfService one) {
      ServiceEntries service = find(one.name());
      if (service != null) {
        service.watchers = without(service.watchers, watcher);
        dropIfUnused(service);
      }
    } else {
      everywhere = without(everywhere, watcher);
    }
  }

  List<Watcher> watchers() {
    List<Watcher> watchers = new ArrayList<>(Arrays.asList(everywhere));
    services.values().forEach(service -> watchers.addAll(Arrays.asList(service.watchers)));
    return watchers;
  }

  void clear() {
    services.clear();
    everywhere = Watcher.NONE;
  }

  List<ServiceInstance> instances(Selector selector) {
    List<ServiceInstance> instances = new ArrayList<>();
    for (ServiceEntries service : selected(selector)) {
      service.collect(instances);
    }
    return List.copyOf(instances);
  }

  /**
   * Returns the present state.
   *
   * @param reason why removals are withheld, where they are
   */
  Delivery.State state(Selector selector, String reason) {
    Map<String, String> withheld = new HashMap<>();
    for (ServiceEntries service : selected(selector)) {
      if (service.held > 0) {
        withheld.put(service.name, reason);
      }
    }
    return new Delivery.State(instances(selector), withheld, revision);
  }

  private Iterable<ServiceEntries> selected(Selector selector) {
    if (selector instanceof Selector.OfService one) {
      ServiceEntries service = find(one.name());
      return service == null ? List.of() : List.of(service);
    }
    return services.values();
  }

  private boolean isWatched(ServiceEntries service) {
    return service.watchers.length + everywhere.length > 0;
  }

  private void change(ServiceEntries service, InstanceEvent event, Outbox out) {
    offer(service, new Delivery.Changed(List.of(event), revision), out);
  }

  private void offer(ServiceEntries service, Delivery delivery, Outbox out) {
    for (Watcher watcher : service.watchers) {
      out.offer(watcher, delivery);
    }
    for (Watcher watcher : everywhere) {
      out.offer(watcher, delivery);
    }
  }

  private static Watcher[] with(Watcher[] watchers, Watcher added) {
    Watcher[] more = Arrays.copyOf(watchers, watchers.length + 1);
    more[watchers.length] = added;
    return more;
  }

  private static Watcher[] without(Watcher[] watchers, Watcher removed) {
    List<Watcher> fewer = new ArrayList<>(Arrays.asList(watchers));
    fewer.remove(removed);
    return fewer.isEmpty() ? Watcher.NONE : fewer.toArray(Watcher.NONE);
  }
}
