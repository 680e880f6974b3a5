package dev.rollcall.engine;

import dev.rollcall.Arguments;
import dev.rollcall.NoInstanceException;
import dev.rollcall.ServiceInstance;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;

/**
 * The instances that a caller has not tried. A view draws by its balancer until it has one of them,
 * which gives each the chance that it has among them; after {@link #DRAWS} misses, as with a
 * balancer that stays with one, it lets its balancer choose among what is {@link #left}. One
 * thread's.
 */
final class Untried {
  /** Draws cost nothing beside what {@link #left} does, which goes through all instances. */
  static final int DRAWS = 8;

  private final Set<String> tried = new HashSet<>();

  Untried(String service, Collection<ServiceInstance> given) {
    for (ServiceInstance instance : Arguments.notNull("tried", given, "")) {
      if (Arguments.notNull("tried", instance, "").service().equals(service)) {
        tried.add(instance.id());
      }
    }
  }

  boolean includes(ServiceInstance instance) {
    return !tried.contains(instance.id());
  }

  /**
   * Returns those that are not ejected, or where there is none of them all that pass.
   *
   * @throws NoInstanceException where there is none of these either
   */
  InstanceList left(ViewSnapshot now, WatchedService of) {
    InstanceList left = now.eligible().filtered(this::includes);
    if (left.isEmpty()) {
      left = now.instances().filtered(this::includes);
    }
    if (left.isEmpty()) {
      throw of.none(now.noOther(tried.size()));
    }
    return left;
  }
}
