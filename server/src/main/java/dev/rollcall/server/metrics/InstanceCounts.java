package dev.rollcall.server.metrics;

import static java.util.Objects.requireNonNull;

import dev.rollcall.CatalogChange;
import dev.rollcall.CatalogListener;
import dev.rollcall.Change;
import dev.rollcall.Health;
import dev.rollcall.ServiceInstance;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How many services and instances there are, kept from change to change: to count a million anew
 * for each scrape would cost more than to serve it. The catalog's listener writes, any thread
 * reads.
 */
final class InstanceCounts implements CatalogListener {
  private final AtomicLong services = new AtomicLong();
  private final Map<Health, AtomicLong> instances = new EnumMap<>(Health.class);

  InstanceCounts() {
    for (Health health : Health.values()) {
      instances.put(health, new AtomicLong());
    }
  }

  @Override
  public void changed(CatalogChange change) {
    for (Change each : change.changes().values()) {
      services.addAndGet(
          (each.now().all().isEmpty() ? 0 : 1) - (each.before().all().isEmpty() ? 0 : 1));
      each.all().added().forEach(come -> count(come, 1));
      each.all().removed().forEach(gone -> count(gone, -1));
      for (ServiceInstance now : each.all().updated()) {
        each.before().find(now.id()).ifPresent(before -> count(before, -1));
        count(now, 1);
      }
    }
  }

  long services() {
    return services.get();
  }

  long instances(Health health) {
    return requireNonNull(instances.get(health)).get();
  }

  private void count(ServiceInstance instance, int by) {
    requireNonNull(instances.get(instance.health())).addAndGet(by);
  }
}
