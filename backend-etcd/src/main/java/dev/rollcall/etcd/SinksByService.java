package dev.rollcall.etcd;

import dev.rollcall.ServiceInstance;
import dev.rollcall.etcd.WatchSubscriber.Change;
import dev.rollcall.spi.InstanceEvent;
import dev.rollcall.spi.Selector;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * The sinks of one feed by what they select, so that a change costs what its own service's sinks
 * cost, however many others there are. Sinks come in the feed's serial, and go on any thread.
 */
final class SinksByService {
  private final Selector scope;
  private final Map<Selector, Set<WatchSubscriber>> bySelector = new ConcurrentHashMap<>();

  SinksByService(Selector scope) {
    this.scope = scope;
  }

  void add(WatchSubscriber attachment) {
    bySelector.compute(
        attachment.selector,
        (selector, known) -> {
          Set<WatchSubscriber> all = known == null ? ConcurrentHashMap.newKeySet() : known;
          all.add(attachment);
          return all;
        });
  }

  void remove(WatchSubscriber attachment) {
    bySelector.computeIfPresent(
        attachment.selector,
        (selector, known) -> {
          known.remove(attachment);
          return known.isEmpty() ? null : known;
        });
  }

  boolean contains(WatchSubscriber attachment) {
    return of(attachment.selector).contains(attachment);
  }

  void clear() {
    bySelector.clear();
  }

  void forEach(Consumer<WatchSubscriber> action) {
    bySelector.values().forEach(all -> all.forEach(action));
  }

  /** Gives each sink its part of a complete state. */
  void replace(List<ServiceInstance> all, long revision, boolean alsoToNewcomers) {
    Map<String, List<ServiceInstance>> byService = new HashMap<>();
    if (!(scope instanceof Selector.OfService)) {
      for (ServiceInstance instance : all) {
        byService.computeIfAbsent(instance.service(), name -> new ArrayList<>()).add(instance);
      }
    }
    forEach(
        attachment -> {
          if (alsoToNewcomers || attachment.joined()) {
            List<ServiceInstance> part =
                attachment.selector instanceof Selector.OfService one && !one.equals(scope)
                    ? byService.getOrDefault(one.name(), List.of())
                    : all;
            attachment.stopJoining();
            attachment.join(part, revision);
          }
        });
  }

  void deliver(Change change) {
    of(scope).forEach(attachment -> attachment.apply(change));
    if (scope instanceof Selector.OfService) {
      return;
    }
    Map<String, List<InstanceEvent>> byService = new LinkedHashMap<>();
    for (InstanceEvent event : change.events()) {
      byService.computeIfAbsent(event.key().service(), name -> new ArrayList<>()).add(event);
    }
    byService.forEach(
        (service, events) ->
            of(Selector.service(service))
                .forEach(attachment -> attachment.apply(new Change(change.revision(), events))));
  }

  private Set<WatchSubscriber> of(Selector selector) {
    return bySelector.getOrDefault(selector, Set.of());
  }
}
