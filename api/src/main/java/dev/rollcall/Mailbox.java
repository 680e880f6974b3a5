package dev.rollcall;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One listener's place in the engine. It holds no queue of changes: whoever has published something
 * {@linkplain #signal() signals}, and a worker of the {@link Dispatcher} then {@linkplain
 * #deliver() delivers} whatever is the latest.
 *
 * <p>The state goes IDLE → QUEUED → RUNNING → IDLE; a signal while running makes it RERUN, which
 * ends in QUEUED again, so that one mailbox is run by one thread at a time and no signal is lost.
 * CLOSED is final. {@code runner} is written by the running worker; it is set before the state
 * becomes RUNNING, so that {@link #close()} always knows whom it waits for.
 */
abstract class Mailbox implements Subscription {
  private static final Logger LOG = LoggerFactory.getLogger(Registry.class);
  private static final long CLOSE_WAIT_NANOS = TimeUnit.SECONDS.toNanos(10);

  private static final int IDLE = 0;
  private static final int QUEUED = 1;
  private static final int RUNNING = 2;
  private static final int RERUN = 3;
  private static final int CLOSED = 4;

  private final Dispatcher dispatcher;
  private final AtomicInteger state = new AtomicInteger(IDLE);
  private volatile @Nullable Thread runner;

  Mailbox(Dispatcher dispatcher) {
    this.dispatcher = dispatcher;
  }

  /** Calls the listener with what it has not been given yet, if there is such a thing. */
  abstract void deliver();

  /** Takes this mailbox off the list of those that are signalled. */
  abstract void detach();

  final boolean isClosed() {
    return state.get() == CLOSED;
  }

  /** There may be something to deliver. Any thread, no lock held. */
  final void signal() {
    while (true) {
      int now = state.get();
      if (now == IDLE) {
        if (state.compareAndSet(IDLE, QUEUED)) {
          dispatcher.enqueue(this);
          return;
        }
      } else if (now != RUNNING || state.compareAndSet(RUNNING, RERUN)) {
        return;
      }
    }
  }

  /** Called by a worker, once for each time that this mailbox was enqueued. */
  final void run() {
    runner = Thread.currentThread();
    try {
      if (state.compareAndSet(QUEUED, RUNNING)) {
        deliver();
      }
    } catch (Throwable thrown) {
      complain(thrown);
    } finally {
      synchronized (this) {
        runner = null;
        notifyAll();
      }
    }
    if (!state.compareAndSet(RUNNING, IDLE) && state.compareAndSet(RERUN, QUEUED)) {
      dispatcher.enqueue(this);
    }
  }

  private static void complain(Throwable thrown) {
    try {
      LOG.warn("a listener has thrown; it stays subscribed", thrown);
    } catch (Throwable unprintable) {
      LOG.warn("a listener has thrown a {}; it stays subscribed", thrown.getClass().getName());
    }
  }

  /** Lets no further callback begin, without waiting for one that runs. */
  final void shut() {
    state.set(CLOSED);
    detach();
  }

  /** Waits until no callback runs, unless this is the thread that runs it. */
  final void awaitQuiet(long nanos) {
    if (runner == Thread.currentThread()) {
      return;
    }
    long deadline = System.nanoTime() + nanos;
    boolean interrupted = false;
    synchronized (this) {
      long left = nanos;
      while (runner != null && left > 0) {
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
