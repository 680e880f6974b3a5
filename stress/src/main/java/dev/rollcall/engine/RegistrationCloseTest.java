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

/** Closing against the end of the lease and a renewal: afterwards nothing is registered (R6). */
@JCStressTest
@Outcome(id = "true, true", expect = ACCEPTABLE, desc = "Gone when close completed, and for good.")
@Outcome(id = "false, .*", expect = FORBIDDEN, desc = "Close completed with the instance there.")
@Outcome(id = ".*, false", expect = FORBIDDEN, desc = "Something under way brought it back.")
@State
public class RegistrationCloseTest {
  private final SmallStore store = new SmallStore();
  private final StillTimer timer = new StillTimer();
  private final StoreRegistration registration = Parts.registration(store, timer);
  private volatile boolean goneAtClose;

  @Actor
  public void close() {
    registration.deregister().join();
    goneAtClose = store.holder() == null;
  }

  @Actor
  public void lose() {
    store.lose();
  }

  @Actor
  public void renew() {
    timer.runOne();
  }

  @Arbiter
  public void end(ZZ_Result r) {
    r.r1 = goneAtClose;
    r.r2 = store.holder() == null && registration.state() == Registration.State.CLOSED;
  }
}
