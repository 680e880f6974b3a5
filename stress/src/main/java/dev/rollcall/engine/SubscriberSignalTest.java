package dev.rollcall.engine;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** Two publish and signal at once: the listener ends at the last state, serially (W2, W4). */
@JCStressTest
@Outcome(id = "2, 1", expect = ACCEPTABLE, desc = "The last delivery saw both, one at a time.")
@Outcome(id = "[01], .*", expect = FORBIDDEN, desc = "A signal was lost.")
@Outcome(id = ".*, 2", expect = FORBIDDEN, desc = "Two callbacks of one listener ran at once.")
@Outcome(expect = FORBIDDEN, desc = "Something else.")
@State
public class SubscriberSignalTest {
  private final AtomicInteger published = new AtomicInteger();
  private final AtomicInteger inside = new AtomicInteger();
  private volatile int most;
  private volatile int seen;

  private final Subscriber subscriber =
      new Subscriber(Parts.dispatcher(new StillTimer())) {
        @Override
        void deliver() {
          most = Math.max(most, inside.incrementAndGet());
          seen = published.get();
          inside.decrementAndGet();
        }

        @Override
        String what() {
          return "a test";
        }

        @Override
        void detach() {}
      };

  private void publish() {
    published.incrementAndGet();
    subscriber.signal();
  }

  @Actor
  public void one() {
    publish();
  }

  @Actor
  public void other() {
    publish();
  }

  @Arbiter
  public void end(II_Result r) {
    // The last delivery may be left to a thread of the dispatcher's own.
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(2);
    while (seen != 2 && System.nanoTime() < deadline) {
      Thread.onSpinWait();
    }
    r.r1 = seen;
    r.r2 = most;
  }
}
