package dev.rollcall.engine;

import java.util.List;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/**
 * A thing that changes, and two listeners of it. The dispatcher's own pool runs what it is given on
 * the calling thread: so the thread that looks as the watchdog is also the worker that takes the place
 * of another one.
 */
final class TwoListeners {
  private static final int ENOUGH_LOOKS = 8;

  final StillTimer timer = new StillTimer();
  final Dispatcher dispatcher;
  final Reading one;
  final Reading other;
  final SubscriberGroup both;
  private volatile int state;

  /** Reads the state when it is called, and does something more. */
  final class Reading extends Subscriber {
    private final Runnable meanwhile;
    volatile int seen;

    Reading(Runnable meanwhile) {
      super(dispatcher);
      this.meanwhile = meanwhile;
    }

    @Override
    void deliver() {
      seen = state;
      meanwhile.run();
    }

    @Override
    String what() {
      return "a test";
    }

    @Override
    void detach() {}
  }

  private static final class DirectPool extends AbstractExecutorService {
    @Override
    public void execute(Runnable task) {
      task.run();
    }

    @Override
    public void shutdown() {}

    @Override
    public List<Runnable> shutdownNow() {
      return List.of();
    }

    @Override
    public boolean isShutdown() {
      return false;
    }

    @Override
    public boolean isTerminated() {
      return false;
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) {
      return true;
    }
  }

  TwoListeners() {
    this(Runnable::run);
  }

  TwoListeners(Executor given) {
    dispatcher = new Dispatcher(timer, new DirectPool(), given);
    one = new Reading(() -> {});
    other = new Reading(() -> {});
    both = new SubscriberGroup(dispatcher, List.of(one, other));
  }

  Reading reading(Runnable meanwhile) {
    return new Reading(meanwhile);
  }

  int state() {
    return state;
  }

  void set(int to) {
    state = to;
  }

  void change(int to) {
    state = to;
    both.signal();
  }

  /** Looks as the watchdog does, if it is scheduled. */
  void look(int times) {
    for (int i = 0; i < times; i++) {
      timer.runOne();
    }
  }

  /** Looks until nothing is left to do, and tells whether both have seen the last state. */
  boolean haveSeenTheLast() {
    look(ENOUGH_LOOKS);
    return one.seen == state && other.seen == state;
  }
}
