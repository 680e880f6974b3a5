package dev.rollcall.engine;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.rollcall.Catalog;
import dev.rollcall.Registry;
import dev.rollcall.ServiceView;
import java.time.Duration;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZI_Result;

/** Two resolve a service, or the catalog, at once: one view and one watch of each (W10). */
@JCStressTest
@Outcome(id = "true, 2", expect = ACCEPTABLE, desc = "The same view and catalog, one watch each.")
@Outcome(id = "false, .*", expect = FORBIDDEN, desc = "Two views of one service.")
@Outcome(expect = FORBIDDEN, desc = "Not one watch of the service and one of the catalog.")
@State
public class ViewCreationTest {
  private final SmallStore store = new SmallStore();
  private final Registry registry =
      new StoreRegistry(
          store,
          new StillTimer(),
          null,
          RealMachine.INSTANCE,
          Runnable::run,
          null,
          new StoreRegistry.Settings(
              Duration.ofSeconds(10), Duration.ofMinutes(1), 1, Duration.ofMinutes(5), 0.5));
  private ServiceView oneView;
  private ServiceView otherView;
  private Catalog oneCatalog;
  private Catalog otherCatalog;

  @Actor
  public void one() {
    oneView = registry.service("orders");
    oneCatalog = registry.catalog();
  }

  @Actor
  public void other() {
    otherView = registry.service("orders");
    otherCatalog = registry.catalog();
  }

  @Arbiter
  public void end(ZI_Result r) {
    r.r1 = oneView == otherView && oneCatalog == otherCatalog;
    r.r2 = store.watches.get();
  }
}
