package dev.rollcall.engine;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.Z_Result;

/**
 * Each place where what is due changes hands, or the worker or the watchdog does: nothing may be
 * lost there (W4). The threads race through one window a class.
 */
public final class DispatcherWindowsTest {
  private DispatcherWindowsTest() {}

  /** A worker has taken a fan-out out of the queue and is stuck before it delivers. */
  @JCStressTest
  @Outcome(id = "true", expect = ACCEPTABLE, desc = "Both have seen the last state.")
  @Outcome(id = "false", expect = FORBIDDEN, desc = "The change was lost.")
  @State
  public static class Taken {
    private final TwoListeners listeners = new TwoListeners();

    @Actor
    public void publish() {
      listeners.change(1);
    }

    @Actor
    public void watch() {
      listeners.look(4);
    }

    @Arbiter
    public void end(Z_Result r) {
      r.r1 = listeners.haveSeenTheLast();
    }
  }

  /** A worker goes on to the next that is due, and loses its place for having been slow before. */
  @JCStressTest
  @Outcome(id = "true", expect = ACCEPTABLE, desc = "Both have seen the last state.")
  @Outcome(id = "false", expect = FORBIDDEN, desc = "The change was lost.")
  @State
  public static class Next {
    private final TwoListeners listeners = new TwoListeners();
    private final Subscriber slow =
        listeners.reading(
            () -> {
              listeners.change(1);
              listeners.look(1); // the next look finds that nothing has moved
            });

    @Actor
    public void work() {
      slow.signal();
    }

    @Actor
    public void watch() {
      listeners.look(2);
    }

    @Arbiter
    public void end(Z_Result r) {
      r.r1 = listeners.haveSeenTheLast();
    }
  }

  /** A worker that has lost its place leaves a fan-out unfinished. */
  @JCStressTest
  @Outcome(id = "true", expect = ACCEPTABLE, desc = "Both have seen the last state.")
  @Outcome(id = "false", expect = FORBIDDEN, desc = "The rest was lost.")
  @State
  public static class LeftEarly {
    private final TwoListeners listeners = new TwoListeners();
    private final SubscriberGroup three =
        new SubscriberGroup(
            listeners.dispatcher,
            List.of(listeners.reading(() -> listeners.look(1)), listeners.one, listeners.other));

    @Actor
    public void work() {
      listeners.set(1);
      three.signal();
    }

    @Actor
    public void watch() {
      listeners.look(2);
    }

    @Arbiter
    public void end(Z_Result r) {
      r.r1 = listeners.haveSeenTheLast();
    }
  }

  /** A worker has found the queue empty and leaves, while something is put there. */
  @JCStressTest
  @Outcome(id = "true", expect = ACCEPTABLE, desc = "Both have seen the last state.")
  @Outcome(id = "false", expect = FORBIDDEN, desc = "What was put there was left behind.")
  @State
  public static class Leaves {
    private final TwoListeners listeners = new TwoListeners();

    @Actor
    public void publish() {
      listeners.change(1);
    }

    @Actor
    public void publishMore() {
      listeners.change(2);
    }

    @Arbiter
    public void end(Z_Result r) {
      r.r1 = listeners.one.seen == listeners.state() && listeners.other.seen == listeners.state();
    }
  }

  /** The watchdog finds that nobody waits and ends, while somebody begins to wait. */
  @JCStressTest
  @Outcome(id = "true", expect = ACCEPTABLE, desc = "Who waits for a stuck worker is helped.")
  @Outcome(id = "false", expect = FORBIDDEN, desc = "Nobody looks after the stuck worker.")
  @State
  public static class Wish {
    private final TwoListeners listeners = new TwoListeners();
    private final Subscriber stuck = listeners.reading(this::stay);
    private volatile boolean entered;
    private volatile boolean waits;
    private boolean helped;

    public Wish() {
      listeners.change(1); // its watchdog has still to look
    }

    private void stay() {
      entered = true;
      listeners.look(1);
      while (!waits) {
        Thread.onSpinWait();
      }
      helped = listeners.haveSeenTheLast();
    }

    @Actor
    public void block() {
      listeners.set(2);
      stuck.signal();
    }

    @Actor
    public void publish() {
      while (!entered) {
        Thread.onSpinWait();
      }
      listeners.both.signal();
      waits = true;
    }

    @Arbiter
    public void end(Z_Result r) {
      r.r1 = helped;
    }
  }

  /** A worker is run by the executor and by the pool, which has it for being late. */
  @JCStressTest
  @Outcome(id = "true", expect = ACCEPTABLE, desc = "Both have seen the last state.")
  @Outcome(id = "false", expect = FORBIDDEN, desc = "The change was lost.")
  @State
  public static class BegunTwice {
    private final ConcurrentLinkedQueue<Runnable> given = new ConcurrentLinkedQueue<>();
    private final TwoListeners listeners = new TwoListeners(given::add);
    private final Runnable worker;

    public BegunTwice() {
      listeners.change(1);
      worker = given.remove();
    }

    @Actor
    public void executor() {
      worker.run();
      listeners.change(2);
    }

    @Actor
    public void pool() {
      worker.run();
    }

    @Arbiter
    public void end(Z_Result r) {
      for (Runnable next = given.poll(); next != null; next = given.poll()) {
        next.run();
      }
      r.r1 = listeners.haveSeenTheLast();
    }
  }
}
