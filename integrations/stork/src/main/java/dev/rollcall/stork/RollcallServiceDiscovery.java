package dev.rollcall.stork;

import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceView;
import dev.rollcall.Snapshot;
import io.smallrye.mutiny.Uni;
import io.smallrye.stork.api.NoServiceInstanceFoundException;
import io.smallrye.stork.api.ServiceDiscovery;
import io.smallrye.stork.utils.ServiceInstanceIds;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The passing instances of a view. Stork's number of an instance stays with its id as long as it is
 * shown, so that statistics of Stork's load balancers stay, too.
 *
 * <p>{@code shown} is replaced under this object's lock, where only the change is computed, and
 * read without.
 */
final class RollcallServiceDiscovery implements ServiceDiscovery {
  private final ServiceView view;
  private final boolean secure;
  private final Duration timeout;
  private volatile Shown shown = new Shown(List.of(), List.of());

  RollcallServiceDiscovery(ServiceView view, boolean secure, Duration timeout) {
    this.view = view;
    this.secure = secure;
    this.timeout = timeout;
  }

  ServiceView view() {
    return view;
  }

  @Override
  public Uni<List<io.smallrye.stork.api.ServiceInstance>> getServiceInstances() {
    return Uni.createFrom()
        .deferred(
            () ->
                view.snapshot().version() > 0
                    ? Uni.createFrom().item(this::instances)
                    : first().map(ready -> instances()));
  }

  /** Waits without a thread, and for no longer than the timeout. */
  private Uni<Snapshot> first() {
    return Uni.createFrom()
        .completionStage(view::ready)
        .ifNoItem()
        .after(timeout)
        .failWith(
            () ->
                new NoServiceInstanceFoundException(
                    view.snapshot().explain().map(why -> why.text()).orElse(view.service())));
  }

  private List<io.smallrye.stork.api.ServiceInstance> instances() {
    List<ServiceInstance> now = view.instances();
    Shown last = shown;
    return (last.of == now ? last : refreshed()).instances;
  }

  private synchronized Shown refreshed() {
    List<ServiceInstance> now = view.instances();
    Shown last = shown;
    if (last.of == now) {
      return last;
    }
    Map<String, StorkInstance> before = new HashMap<>();
    for (io.smallrye.stork.api.ServiceInstance known : last.instances) {
      before.put(((StorkInstance) known).instance().id(), (StorkInstance) known);
    }
    List<io.smallrye.stork.api.ServiceInstance> instances =
        now.stream().map(instance -> stork(instance, before)).toList();
    Shown next = new Shown(now, instances);
    shown = next;
    return next;
  }

  private io.smallrye.stork.api.ServiceInstance stork(
      ServiceInstance instance, Map<String, StorkInstance> before) {
    StorkInstance known = before.get(instance.id());
    if (known != null && known.instance().equals(instance)) {
      return known;
    }
    long id = known == null ? ServiceInstanceIds.next() : known.getId();
    return new StorkInstance(id, instance, secure || instance.scheme().equals("https"), view);
  }

  /** A list of the view's, and what Stork is given for it. */
  private record Shown(
      List<ServiceInstance> of, List<io.smallrye.stork.api.ServiceInstance> instances) {}
}
