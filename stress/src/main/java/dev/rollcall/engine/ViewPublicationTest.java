package dev.rollcall.engine;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.rollcall.Balancer;
import dev.rollcall.Filter;
import dev.rollcall.NoInstanceException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceView;
import dev.rollcall.spi.InstanceEvent;
import java.util.List;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.IIII_Result;

/**
 * A reader of a view, and one of a view with a filter and a balancer, sees a change of two
 * instances whole or not at all, by whichever of its methods, and never goes back (L4, W15).
 */
@JCStressTest
@Outcome(id = "[02], [02], 0, 0", expect = ACCEPTABLE, desc = "The derived view is told later.")
@Outcome(id = "[02], [02], 0, 2", expect = ACCEPTABLE, desc = "The derived view is told between.")
@Outcome(id = "[02], 2, 2, 2", expect = ACCEPTABLE, desc = "All after the change.")
@Outcome(id = "0, 0, 2, 2", expect = ACCEPTABLE, desc = "The change came in the middle.")
@Outcome(id = "2, 0, .*", expect = FORBIDDEN, desc = "The view went back.")
@Outcome(expect = FORBIDDEN, desc = "A reader went back, or saw half an update.")
@State
public class ViewPublicationTest {
  private final StillTimer timer = new StillTimer();
  private final InstanceCache cache = Parts.cache(timer);
  private final WatchedService watched = Parts.watched("orders", cache, timer);
  private final CachedView view = watched.resolve();
  private final ServiceView derived = view.where(Filter.zone("")).balancedBy(Balancer.roundRobin());

  public ViewPublicationTest() {
    watched.synced();
  }

  @Actor
  public void writer() {
    watched.apply(List.of(new InstanceEvent.Put(Parts.A), new InstanceEvent.Put(Parts.B)), 1);
  }

  @Actor
  public void reader(IIII_Result r) {
    r.r1 = view.instances().size();
    r.r2 = picked(view);
    r.r3 = derived.instances().size();
    r.r4 = picked(derived);
  }

  /** Returns how many instances there are by the snapshot, if a pick agrees that there are some. */
  private static int picked(ServiceView view) {
    try {
      ServiceInstance picked = view.pick();
      List<ServiceInstance> all = view.snapshot().all();
      return all.contains(picked) ? all.size() : -1;
    } catch (NoInstanceException none) {
      return 0;
    }
  }
}
