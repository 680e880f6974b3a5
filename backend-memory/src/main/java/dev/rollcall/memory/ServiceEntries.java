package dev.rollcall.memory;

import dev.rollcall.ServiceInstance;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** One service: its entries and who watches it. Guarded by the store's lock. */
final class ServiceEntries {
  final String name;
  final Map<String, Entry> byId = new HashMap<>(2);
  Watcher[] watchers = Watcher.NONE;

  /** How many of the entries have run out and are held by the mass-expiry guard. */
  int held;

  ServiceEntries(String name) {
    this.name = name;
  }

  void collect(List<ServiceInstance> into) {
    for (Entry entry : byId.values()) {
      into.add(entry.shown());
    }
  }
}
