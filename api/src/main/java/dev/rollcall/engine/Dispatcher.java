package dev.rollcall.engine;

import dev.rollcall.Registry;
import dev.rollcall.RegistryObserver;
import dev.rollcall.spi.Timer;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicLongFieldUpdater;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the subscribers that have something to deliver.
 *
 * <p>Design: what is due stands in one queue. One worker, a task on the listener executor, empties
 * it: a change costs one wake-up of a thread, however many listeners it has. A watchdog on the
 * timer looks every {@link #PATIENCE} whether the worker has got on, as long as anybody waits for
 * it; one that has not, since a listener blocks, loses its place to another one on this class's own
 * pool, and what it was about is due again. So a listener that blocks costs one thread and delays
 * the others by a few milliseconds once. No listener is called on the timer's thread, even where
 * the given executor runs tasks on the calling thread.
 *
 * <p>{@code worker} is the one that counts, null while nothing is due. It is exchanged in one step
 * each time: by the thread that makes something due and finds no worker, by the worker itself when
 * it leaves, and by the watchdog. Three rules keep what is due from being lost:
 *
 * <ul>
 *   <li>A thread that has put something into the queue looks at {@code worker} afterwards; one that
 *       has left {@code worker} looks at the queue afterwards. So what is in the queue has a
 *       worker.
 *   <li>A worker says what it has taken before it asks whether it still counts; the watchdog puts
 *       another one in its place before it asks what that was. So one of the two makes a {@link
 *       SubscriberGroup} due again that is not finished. A single subscriber is left to the thread
 *       that is in it.
 *   <li>A worker begins once, on whichever thread. So one that an executor has refused, dropped or
 *       kept waiting is given to the pool as well, and the watchdog sees to that.
 * </ul>
 *
 * The watchdog is scheduled by the thread that leaves something to a worker that may be blocked:
 * {@code watched} is unset before it looks and set by the thread that schedules it, so that a wish
 * to be looked after falls into this look or makes another.
 */
final class Dispatcher implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Registry.class);
  private static final Duration PATIENCE = Duration.ofMillis(3);

  /** After how many looks a worker that has not begun is given to the pool: one second. */
  private static final int LATE = 333;

  private static final AtomicIntegerFieldUpdater<Worker> BEGUN =
      AtomicIntegerFieldUpdater.newUpdater(Worker.class, "begun");
  private static final AtomicLongFieldUpdater<Worker> STEPS =
      AtomicLongFieldUpdater.newUpdater(Worker.class, "steps");

  private final Timer timer;
  private final ExecutorService pool;
  private final Executor executor;
  private final Queue<Dispatchable> queue = new ConcurrentLinkedQueue<>();
  private final AtomicReference<@Nullable Worker> worker = new AtomicReference<>();
  private final AtomicInteger blocked = new AtomicInteger(); // workers that lost their place
  private final AtomicBoolean watched = new AtomicBoolean();
  private final Observation observation;
  private volatile boolean closed;

  /** Creates one whose added workers run on a pool that it closes, without an observer. */
  Dispatcher(Timer timer, ExecutorService pool, @Nullable Executor executor) {
    this(timer, pool, executor, null);
  }

  /** Creates one whose added workers run on a pool that it closes. */
  Dispatcher(
      Timer timer,
      ExecutorService pool,
      @Nullable Executor executor,
      @Nullable RegistryObserver observer) {
    this.timer = timer;
    this.pool = pool;
    this.executor = executor == null ? pool : executor;
    this.observation = new Observation(timer, this, observer);
  }

  /** Returns what the registry tells of itself. This calls its observer, as it calls listeners. */
  Observation observation() {
    return observation;
  }

  /** Runs something soon. Called by the thread that has made it due, any thread, under no lock. */
  void enqueue(Dispatchable due) {
    queue.add(due);
    if (worker.get() == null) {
      Worker next = new Worker();
      if (worker.compareAndSet(null, next)) {
        submit(next);
        return;
      }
    }
    if (queue.peek() != null) {
      watchSoon();
    }
  }

  /** Runs a task of the engine's that may call the application, beside the listeners. */
  void run(Runnable task) {
    pool.execute(task);
  }

  private void submit(Worker next) {
    // The given executor may be the very thread that a listener blocks.
    if (executor == pool || blocked.get() > 0) {
      submitToPool(next);
      return;
    }
    try {
      executor.execute(next);
      if (!next.hasBegun()) {
        watchSoon(); // it may be dropped, or kept waiting
      }
    } catch (RejectedExecutionException full) {
      submitToPool(next);
    } catch (Throwable thrown) {
      LOG.warn("the listener executor has thrown; listeners are called on another", thrown);
      submitToPool(next);
    }
  }

  private void submitToPool(Worker next) {
    try {
      pool.execute(next);
    } catch (Throwable thrown) {
      LOG.warn("no thread to call listeners on; it is tried again", thrown);
      watchSoon();
    }
  }

  private void watchSoon() {
    if (!watched.get() && !closed && watched.compareAndSet(false, true)) {
      try {
        timer.schedule(this::watch, PATIENCE);
      } catch (Throwable thrown) {
        watched.set(false); // the next one tries again
        LOG.warn("the timer has thrown; a listener that blocks may delay others", thrown);
      }
    }
  }

  private void watch() {
    watched.set(false);
    Worker present = worker.get();
    if (present == null || !present.isAwaited()) {
      return;
    }
    if (!present.hasBegun()) {
      if (present.isLate()) {
        submitToPool(present);
      }
    } else if (!present.hasGotOn()) {
      replace(present);
    }
    watchSoon();
  }

  private void replace(Worker stuck) {
    Worker next = new Worker();
    blocked.incrementAndGet(); // before that one can find out
    if (!worker.compareAndSet(stuck, next)) {
      blocked.decrementAndGet();
      return;
    }
    Dispatchable unfinished = stuck.current;
    if (unfinished != null && unfinished.isShared()) {
      unfinished.signal();
    }
    submitToPool(next);
    String service = unfinished == null ? null : unfinished.service();
    if (service != null) {
      observation.listenerSlow(service);
    }
  }

  @Override
  public void close() {
    closed = true;
    pool.shutdown();
  }

  /** Empties the queue, one after the other. Its fields are its own but where it says otherwise. */
  final class Worker implements Runnable {
    private volatile int begun; // 1 once a thread runs it, by BEGUN
    private volatile @Nullable Dispatchable current; // read by the watchdog
    private volatile long steps; // read by the watchdog
    private long stepsSeen = -1; // the watchdog's
    private int looks; // the watchdog's

    /** A callback begins. */
    @SuppressWarnings("NonAtomicVolatileUpdate") // there is one writer
    void step() {
      STEPS.lazySet(this, steps + 1);
    }

    /** Tells whether another worker has taken this one's place, since a listener took too long. */
    boolean isReplaced() {
      return worker.get() != this;
    }

    /** Tells whether anybody waits for this worker but the one that it calls. */
    private boolean isAwaited() {
      Dispatchable now = current;
      return queue.peek() != null || (now != null && now.isShared());
    }

    private boolean hasBegun() {
      return begun != 0;
    }

    private boolean isLate() {
      return ++looks % LATE == 0;
    }

    private boolean hasGotOn() {
      long now = steps;
      boolean moved = now != stepsSeen;
      stepsSeen = now;
      return moved || current == null;
    }

    @Override
    public void run() {
      if (!BEGUN.compareAndSet(this, 0, 1)) {
        return;
      }
      boolean interrupted = Thread.interrupted(); // of the thread that the executor took
      try {
        work();
      } finally {
        if (interrupted) {
          Thread.currentThread().interrupt();
        }
      }
    }

    private void work() {
      do {
        try {
          empty();
        } catch (Throwable thrown) {
          giveUp();
          throw thrown;
        }
        if (!worker.compareAndSet(this, null)) {
          blocked.decrementAndGet();
          return; // another one is there, or was and has left nothing
        }
      } while (queue.peek() != null && worker.compareAndSet(null, this));
    }

    private void empty() {
      for (Dispatchable due = queue.poll(); due != null; due = queue.poll()) {
        due.taken();
        step();
        current = due;
        if (isReplaced()) {
          due.signal(); // the new worker may have looked before this was there
          return;
        }
        if (due.subscribers() > 1) {
          watchSoon();
        }
        due.deliver(this);
        if (isReplaced()) {
          return; // the new worker may be about to look what is left undone
        }
        current = null;
      }
    }

    /** The machine failed here, not a listener: another worker tries again, on another thread. */
    private void giveUp() {
      if (!worker.compareAndSet(this, new Worker())) {
        blocked.decrementAndGet();
      }
      Dispatchable unfinished = current;
      if (unfinished != null) {
        unfinished.signal();
      }
      watchSoon();
    }
  }
}
