package dev.rollcall.engine;

import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * What can be due with the {@link Dispatcher}: a subscriber, or all subscribers of one thing. It
 * stands in the queue once at most, however often it is signalled. {@code queued} is set by the
 * thread that makes it due, and unset by the worker before that says what it has taken and looks at
 * what there is to deliver: so that a signal is never lost, neither a publisher's nor one for a
 * worker that is stuck.
 */
abstract class Dispatchable {
  private static final AtomicIntegerFieldUpdater<Dispatchable> QUEUED =
      AtomicIntegerFieldUpdater.newUpdater(Dispatchable.class, "queued");

  private final Dispatcher dispatcher;
  private volatile int queued; // 1 while it stands in the queue, by QUEUED

  Dispatchable(Dispatcher dispatcher) {
    this.dispatcher = dispatcher;
  }

  /** There may be something to deliver. Any thread, no lock held. */
  final void signal() {
    if (queued == 0 && subscribers() > 0 && QUEUED.compareAndSet(this, 0, 1)) {
      dispatcher.enqueue(this);
    }
  }

  /** Called by a worker that has taken this out of the queue: from now on it can be due again. */
  final void taken() {
    queued = 0;
  }

  /** Delivers what there is. More than one thread may do so, where one of them is stuck. */
  abstract void deliver(Dispatcher.Worker worker);

  /** Returns how many subscribers this is: with none there is nothing to do. */
  abstract int subscribers();

  /** Returns of which service its listeners are told; null where they are not observed. */
  @Nullable String service() {
    return null;
  }

  /** Returns who is told what happens. */
  final Observation observation() {
    return dispatcher.observation();
  }

  /** Tells whether others wait while one of its callbacks runs, so that another worker can help. */
  boolean isShared() {
    return false;
  }
}
