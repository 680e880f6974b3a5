package dev.rollcall.engine;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.rollcall.Health;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.Z_Result;

/** Closing against the first registration and an update: afterwards nothing is registered (R6). */
@JCStressTest
@Outcome(id = "true", expect = ACCEPTABLE, desc = "Nothing is registered.")
@Outcome(id = "false", expect = FORBIDDEN, desc = "A closed registration has left its instance.")
@State
public class RegistrationStartTest {
  private final SmallStore store = new SmallStore();
  private final StoreRegistration registration = Parts.unstarted(store, new StillTimer());

  @Actor
  public void start() {
    registration.start(null);
  }

  @Actor
  public void update() {
    registration.update(Parts.A.withHealth(Health.WARNING));
  }

  @Actor
  public void close() {
    registration.deregister();
  }

  @Arbiter
  public void end(Z_Result r) {
    r.r1 = store.holder() == null && registration.deregister().isDone();
  }
}
