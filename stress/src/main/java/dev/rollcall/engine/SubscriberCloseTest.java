package dev.rollcall.engine;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.Z_Result;

/** Once a subscription's close has returned, no callback begins and none is running (W9). */
@JCStressTest
@Outcome(id = "false", expect = ACCEPTABLE, desc = "Nothing ran after close.")
@Outcome(id = "true", expect = FORBIDDEN, desc = "A callback ran after close had returned.")
@State
public class SubscriberCloseTest {
  private volatile int entered;
  private volatile int left;

  private final Subscriber subscriber =
      new Subscriber(Parts.dispatcher(new StillTimer())) {
        @Override
        void deliver() {
          entered++;
          left++;
        }

        @Override
        String what() {
          return "a test";
        }

        @Override
        void detach() {}
      };

  @Actor
  public void signal() {
    subscriber.signal();
    subscriber.signal();
  }

  @Actor
  public void close(Z_Result r) {
    subscriber.close();
    int before = left;
    boolean running = entered != before;
    for (int i = 0; i < 20; i++) {
      Thread.onSpinWait();
    }
    r.r1 = running || entered != before;
  }
}
