package dev.rollcall.spring;

import dev.rollcall.Pick;
import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.cloud.client.ServiceInstance;

/**
 * The picks of requests under way, from the choice until somebody says that the request has ended.
 * Spring Cloud does not say so of a request that was cancelled, and only forgets its instance: such
 * a pick is closed by a later choice, once the instance was collected.
 *
 * <p>Thread-safe: a pick is closed by the one that removes it from the set.
 */
final class PicksInFlight {
  private final Set<InFlight> open = ConcurrentHashMap.newKeySet();
  private final ReferenceQueue<RollcallServiceInstance> forgotten = new ReferenceQueue<>();

  RollcallServiceInstance count(Pick pick) {
    while (forgotten.poll() instanceof InFlight request) {
      request.end(false);
    }
    RollcallServiceInstance chosen = new RollcallServiceInstance(pick.instance());
    chosen.request = new InFlight(chosen, pick);
    open.add(chosen.request);
    return chosen;
  }

  /**
   * Some wrap what was chosen, and leave out its id, as the gateway on Spring MVC: any request of
   * that address will do then.
   */
  void end(ServiceInstance of, boolean failed) {
    if (of instanceof RollcallServiceInstance chosen) {
      if (chosen.request != null) {
        chosen.request.end(failed);
      }
      return;
    }
    for (InFlight each : open) {
      if (each.pick.instance().port() == of.getPort()
          && each.pick.instance().host().equals(of.getHost())
          && each.end(failed)) {
        return;
      }
    }
  }

  int size() {
    return open.size();
  }

  /** One request, which its instance refers to; it does not keep that one from being collected. */
  final class InFlight extends PhantomReference<RollcallServiceInstance> {
    private final Pick pick;

    private InFlight(RollcallServiceInstance chosen, Pick pick) {
      super(chosen, forgotten);
      this.pick = pick;
    }

    /** Tells whether it was this call that has ended it. */
    private boolean end(boolean failed) {
      if (!open.remove(this)) {
        return false;
      }
      if (failed) {
        pick.failed();
      }
      pick.close();
      return true;
    }
  }
}
