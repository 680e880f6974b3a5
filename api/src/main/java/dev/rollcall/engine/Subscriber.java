package dev.rollcall.engine;

import dev.rollcall.Registry;
import dev.rollcall.Subscription;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One listener's place in the engine. It holds no queue of changes: a thread that has published
 * something {@linkplain #signal() signals}, and a worker of the {@link Dispatcher} then {@linkplain
 * #deliver() delivers} whatever is the latest.
 *
 * <p>{@code state} is null while no thread calls the listener, the thread while one does, and
 * {@link #CLOSED} for ever after. A thread that finds another one in it sets {@code again} and
 * leaves; the other one looks there after it has left {@code state}, and makes the subscriber due
 * once more. So one thread at a time calls, and no signal is lost. {@code last} is guarded by
 * {@code this}: the thread that was calling when the subscriber was closed, until its call has
 * ended. What {@code called} and the fields after it say of the delivery that runs is the calling
 * thread's.
 */
abstract class Subscriber extends Dispatchable implements Subscription {
  private static final Logger LOG = LoggerFactory.getLogger(Registry.class);
  private static final long CLOSE_WAIT_NANOS = TimeUnit.SECONDS.toNanos(10);
  private static final Object CLOSED = new Object();

  /** In place of a number of states: the listener is given no change, or its first state. */
  private static final long FIRST = -1;

  private static final AtomicReferenceFieldUpdater<Subscriber, @Nullable Object> STATE =
      AtomicReferenceFieldUpdater.newUpdater(Subscriber.class, Object.class, "state");

  private volatile @Nullable Object state;
  private volatile boolean again;
  private @Nullable Thread last;
  private boolean called;
  private long conflated = FIRST;
  private @Nullable Throwable failure;

  Subscriber(Dispatcher dispatcher) {
    super(dispatcher);
  }

  /** Calls the listener with what it has not been given yet, if there is such a thing. */
  abstract void deliver();

  /** Names what is listened to, for the log. */
  abstract String what();

  /** Notes that a service has changed, where that matters; {@link #signal()} follows. */
  void touch(String service) {}

  /** Takes this subscriber off the list of those that are signalled. */
  abstract void detach();

  @SuppressWarnings("ReferenceEquality")
  final boolean isClosed() {
    return state == CLOSED;
  }

  @Override
  final void deliver(Dispatcher.Worker worker) {
    attempt(observation().isOn());
  }

  @Override
  final int subscribers() {
    return 1;
  }

  /** Notes that the listener is about to be called; for the running delivery. */
  final void calling() {
    called = true;
  }

  /**
   * Notes that the listener is about to be given a change.
   *
   * @param between how many states it was not given since the last one
   */
  final void calling(long between) {
    called = true;
    conflated = between;
  }

  /** Notes that the listener has thrown, where the delivery goes on by itself. */
  final void threw(Throwable thrown) {
    failure = thrown;
  }

  /** Returns when the latest state came; asked for where somebody observes. */
  long arrivedNanos() {
    return 0;
  }

  /**
   * Delivers, or where another thread does so has that look once more.
   *
   * @param observed whether the observation is to be told
   */
  final void attempt(boolean observed) {
    Thread self = Thread.currentThread();
    if (!STATE.compareAndSet(this, null, self)) {
      defer();
      return;
    }
    if (again) {
      again = false;
    }
    long began = observed ? begin() : 0;
    try {
      deliver();
    } catch (Throwable thrown) {
      failure = thrown;
      complain(thrown);
    } finally {
      Thread.interrupted(); // what the listener has left behind is not for the next one
      try {
        if (observed) {
          tell(began);
        }
      } finally {
        leave(self);
      }
    }
  }

  private long begin() {
    called = false;
    conflated = FIRST;
    failure = null;
    return observation().nanoTime();
  }

  private void tell(long began) {
    String service = service();
    if (service == null || !called) {
      return;
    }
    if (conflated != FIRST) {
      observation().changeDelivered(service, arrivedNanos(), began, conflated);
    }
    observation().listenerCalled(service, began, failure);
  }

  private void leave(Thread self) {
    if (!STATE.compareAndSet(this, self, null)) {
      synchronized (this) {
        last = null;
        notifyAll();
      }
    } else if (again) {
      signal();
    }
  }

  private void defer() {
    if (!isClosed()) {
      again = true;
      if (state == null) {
        signal(); // it has left in between, perhaps without having looked
      }
    }
  }

  private void complain(Throwable thrown) {
    try {
      LOG.warn("a listener of {} has thrown; it stays subscribed", what(), thrown);
    } catch (Throwable unprintable) {
      try {
        LOG.warn(
            "a listener of {} has thrown a {}; it stays subscribed",
            what(),
            thrown.getClass().getName());
      } catch (Throwable unloggable) {
        // Nothing is left to tell it with, and the other listeners wait.
      }
    }
  }

  /** Lets no further callback begin, without waiting for one that runs. */
  final void shut() {
    synchronized (this) {
      if (STATE.getAndSet(this, CLOSED) instanceof Thread calling) {
        last = calling;
      }
    }
    detach();
  }

  /** Waits until no callback runs after {@link #shut}, unless this is the thread that runs it. */
  final void awaitQuiet(long nanos) {
    long deadline = System.nanoTime() + nanos;
    boolean interrupted = false;
    synchronized (this) {
      long left = nanos;
      while (last != null && last != Thread.currentThread() && left > 0) {
        try {
          TimeUnit.NANOSECONDS.timedWait(this, left);
        } catch (InterruptedException stop) {
          interrupted = true;
          break;
        }
        left = deadline - System.nanoTime();
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public final void close() {
    shut();
    awaitQuiet(CLOSE_WAIT_NANOS);
  }
}
