package dev.rollcall.stork;

import dev.rollcall.NoInstanceException;
import dev.rollcall.Pick;
import dev.rollcall.ServiceView;
import io.smallrye.stork.api.LoadBalancer;
import io.smallrye.stork.api.NoAcceptableServiceInstanceFoundException;
import io.smallrye.stork.api.NoServiceInstanceFoundException;
import io.smallrye.stork.api.ServiceInstance;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Lets the view pick, among what Stork shows it. */
final class RollcallLoadBalancer implements LoadBalancer {
  private final ServiceView view;

  RollcallLoadBalancer(ServiceView view) {
    this.view = view;
  }

  @Override
  public ServiceInstance selectServiceInstance(Collection<ServiceInstance> candidates) {
    if (candidates.isEmpty()) {
      throw new NoServiceInstanceFoundException(
          view.snapshot()
              .explain()
              .map(why -> why.text())
              .orElse("no instance of " + view.service() + " to select from"));
    }
    try {
      ServiceInstance picked = among(candidates, view.pick());
      if (picked == null) { // some are left out, or the state has changed meanwhile
        try (Pick other = view.acquire(allBut(candidates))) {
          picked = among(candidates, other.instance());
        }
      }
      // An instance that came in that moment is not among them: any of them will do.
      return picked == null ? candidates.iterator().next() : picked;
    } catch (NoInstanceException none) {
      throw new NoAcceptableServiceInstanceFoundException(none.getMessage(), none);
    }
  }

  private static @Nullable ServiceInstance among(
      Collection<ServiceInstance> candidates, dev.rollcall.ServiceInstance wanted) {
    for (ServiceInstance candidate : candidates) {
      if (candidate instanceof StorkInstance ours && ours.instance().id().equals(wanted.id())) {
        return candidate;
      }
    }
    return null;
  }

  private List<dev.rollcall.ServiceInstance> allBut(Collection<ServiceInstance> candidates) {
    Set<String> wanted =
        candidates.stream()
            .filter(StorkInstance.class::isInstance)
            .map(it -> ((StorkInstance) it).instance().id())
            .collect(Collectors.toSet());
    return view.instances().stream().filter(it -> !wanted.contains(it.id())).toList();
  }

  /** A selection needs no lock around it: nothing is counted when a call begins. */
  @Override
  public boolean requiresStrictRecording() {
    return false;
  }
}
