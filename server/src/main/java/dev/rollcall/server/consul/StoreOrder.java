package dev.rollcall.server.consul;

import dev.rollcall.InstanceKey;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.Listing;
import dev.rollcall.spi.Selector;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * How far the store's watch has come, for those who wait until it shows what the store has said it
 * holds: by its revision, or, where a store has none that holds for all services, by what is shown.
 * A service that was shown once as it was listed is shown so, or as it was later. Confined to the
 * thread of the {@link StoreLink}.
 */
final class StoreOrder {
  /** How many services' revisions are kept that may be gone. */
  private static final int MOST_GONE = 10_000;

  private final List<Goal> goals = new ArrayList<>();
  private final Map<String, Long> ofServices = new HashMap<>();
  private long revision;

  /** Whether the store tells changes one after the other, with one revision for all. */
  private boolean isOne;

  /** What is waited for: services as they were listed, those that were not shown so yet. */
  private record Goal(
      long revision,
      Map<String, Map<InstanceKey, ServiceInstance>> missing,
      CompletableFuture<Boolean> reached) {}

  /** Completes a future when all that a listing tells is shown. */
  void await(
      Selector scope,
      Listing listing,
      Map<InstanceKey, ServiceInstance> shown,
      CompletableFuture<Boolean> reached) {
    Map<String, Map<InstanceKey, ServiceInstance>> missing = new HashMap<>();
    for (InstanceKey key : shown.keySet()) {
      if (scope.selects(key.service())) {
        missing.computeIfAbsent(key.service(), of -> new HashMap<>());
      }
    }
    for (ServiceInstance instance : listing.instances()) {
      missing
          .computeIfAbsent(instance.service(), of -> new HashMap<>())
          .put(instance.key(), instance);
    }
    goals.add(new Goal(listing.revision(), missing, reached));
    look(shown);
  }

  /** The complete state of a scope was shown. */
  void replaced(Selector scope, long at, Map<InstanceKey, ServiceInstance> shown) {
    if (scope instanceof Selector.OfService one) {
      ofServices.put(one.name(), at);
      if (ofServices.size() > shown.size() + MOST_GONE) {
        Set<String> present = new HashSet<>();
        shown.keySet().forEach(key -> present.add(key.service()));
        ofServices.keySet().retainAll(present);
      }
    } else if (isOne) {
      revision = at; // not the higher of the two: a store that was wiped begins anew
    }
    look(shown);
  }

  /** Changes were shown. */
  void applied(long at, Map<InstanceKey, ServiceInstance> shown) {
    isOne = true;
    revision = at;
    look(shown);
  }

  private void look(Map<InstanceKey, ServiceInstance> shown) {
    if (goals.isEmpty()) {
      return;
    }
    Map<String, Map<InstanceKey, ServiceInstance>> present = new HashMap<>();
    shown.forEach(
        (key, instance) ->
            present.computeIfAbsent(key.service(), of -> new HashMap<>()).put(key, instance));
    for (Iterator<Goal> all = goals.iterator(); all.hasNext(); ) {
      Goal goal = all.next();
      goal.missing()
          .entrySet()
          .removeIf(
              each ->
                  each.getValue().equals(present.getOrDefault(each.getKey(), Map.of()))
                      || isPast(ofServices.getOrDefault(each.getKey(), 0L), goal));
      if (goal.missing().isEmpty() || isPast(revision, goal) || goal.reached().isDone()) {
        all.remove();
        goal.reached().complete(true);
      }
    }
  }

  private static boolean isPast(long at, Goal goal) {
    return goal.revision() > 0 && at >= goal.revision();
  }
}
