package dev.rollcall.engine;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZZ_Result;

/** Two views whose names have one hash are put at once, and a third thread looks for one. */
@JCStressTest
@Outcome(id = "true, true, true", expect = ACCEPTABLE, desc = "Both are there; nobody saw another.")
@Outcome(expect = FORBIDDEN, desc = "A view is missing, or the wrong one, or not complete.")
@State
public class RecentViewsTest {
  private final StillTimer timer = new StillTimer();
  private final RecentViews views = new RecentViews();

  private CachedView view(String name) {
    InstanceCache cache = new InstanceCache(name, timer, Parts.guard(timer).window());
    return new CachedView(name, cache, Parts.watched(name, cache, timer));
  }

  @Actor
  public void one() {
    views.put(view("Aa"));
  }

  @Actor
  public void other() {
    views.put(view("BB"));
  }

  @Actor
  public void reader(ZZZ_Result r) {
    CachedView seen = views.get("BB");
    r.r3 = seen == null || (seen.service().equals("BB") && seen.instances().isEmpty());
  }

  @Arbiter
  public void end(ZZZ_Result r) {
    r.r1 = views.get("Aa") != null;
    r.r2 = views.get("BB") != null;
  }
}
