package dev.rollcall.engine;

import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.Timer;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The {@link Target}s of one service by instance id. {@code map} may be read and filled by anybody;
 * {@code begun} and removal are the writer's that {@link #follow}s the states.
 */
final class Targets {
  private final ConcurrentHashMap<String, Target> map = new ConcurrentHashMap<>();
  private final Timer timer;
  private volatile boolean begun;

  Targets(Timer timer) {
    this.timer = timer;
  }

  Target of(String id) {
    Target known = map.get(id);
    return known != null ? known : map.computeIfAbsent(id, same -> fresh());
  }

  private Target fresh() {
    return new Target(!begun, timer.nanoTime());
  }

  /** Notes which instances are there; one that is new after the first complete state is young. */
  void follow(ViewSnapshot now) {
    if (now.version() == 0) {
      return;
    }
    for (ServiceInstance instance : now.instances()) {
      Target unused = of(instance.id());
    }
    begun = true;
    if (map.size() > now.all().size()) {
      map.keySet().removeIf(id -> now.all().indexOfId(id) < 0);
    }
  }

  /** Puts the targets of a list beside it. */
  ViewCandidates candidates(InstanceList instances) {
    Target[] targets = new Target[instances.size()];
    int n = 0;
    for (ServiceInstance instance : instances) {
      targets[n++] = of(instance.id());
    }
    return new ViewCandidates(instances, targets, timer);
  }
}
