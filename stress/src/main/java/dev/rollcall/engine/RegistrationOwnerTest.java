package dev.rollcall.engine;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.rollcall.Registration;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/** A newcomer takes over while the old owner is closed and renews: the newcomer stays (R7). */
@JCStressTest
@Outcome(id = "true, true", expect = ACCEPTABLE, desc = "The newcomer stays and the old one ends.")
@Outcome(id = "false, .*", expect = FORBIDDEN, desc = "The old owner removed the newcomer's.")
@Outcome(id = ".*, false", expect = FORBIDDEN, desc = "The old owner's close never completed.")
@State
public class RegistrationOwnerTest {
  private final SmallStore store = new SmallStore();
  private final StillTimer timer = new StillTimer();
  private final StoreRegistration old = Parts.registration(store, timer);
  private final StoreRegistration newcomer = Parts.unstarted(store, new StillTimer());

  @Actor
  public void takeOver() {
    newcomer.start(null);
  }

  @Actor
  public void close() {
    old.deregister();
  }

  @Actor
  public void renew() {
    timer.runOne();
  }

  @Arbiter
  public void end(ZZ_Result r) {
    r.r1 = store.holder() != null && newcomer.state() == Registration.State.ACTIVE;
    r.r2 = old.deregister().isDone();
  }
}
