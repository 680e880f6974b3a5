package dev.rollcall;

import dev.rollcall.spi.Timer;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * Runs the mailboxes that have something to deliver.
 *
 * <p>Design: what is due stands in one queue. One worker, a task on the listener executor, empties
 * it: a change costs one wake-up of a thread, however many listeners it has. A watchdog on the
 * timer looks every {@link #PATIENCE} whether the worker has got on, as long as anybody waits for
 * it; one that has not, since a listener blocks, no longer counts, what it was about is due again,
 * and another worker takes its place. So a listener that blocks costs one thread and delays the
 * others by a few milliseconds once. Added workers run on this class's own pool, never on the
 * timer's thread, even where the given executor runs tasks on the calling thread.
 *
 * <p>Invariant: while something is due, a worker that counts is running or submitted; and while
 * somebody waits for that worker, the watchdog is scheduled. A worker leaves by taking itself out
 * of {@code workers} and then looks at the queue once more, so that what was added meanwhile is not
 * left behind. Whoever takes a worker out of {@code workers}, itself or the watchdog, has decided.
 */
final class Dispatcher implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofMillis(3);
  private static final AtomicLongFieldUpdater<Worker> STEPS =
      AtomicLongFieldUpdater.newUpdater(Worker.class, "steps");
  private static final AtomicInteger THREADS = new AtomicInteger();

  private final Timer timer;
  private final ThreadPoolExecutor pool;
  private final Executor executor;
  private final Queue<Due> queue = new ConcurrentLinkedQueue<>();
  private final Set<Worker> workers = ConcurrentHashMap.newKeySet();
  private final AtomicInteger stuck = new AtomicInteger();
  private final AtomicBoolean watched = new AtomicBoolean();

  Dispatcher(Timer timer, @Nullable Executor executor) {
    this.timer = timer;
    this.pool =
        new ThreadPoolExecutor(
            0,
            Integer.MAX_VALUE,
            10,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            task -> {
              Thread thread = new Thread(task, "rollcall-listener-" + THREADS.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            },
            (task, closed) -> {}); // after close() nobody is called any more
    this.executor = executor == null ? pool : executor;
  }

  /** Runs something soon. Called by whoever has made it due, on any thread, under no lock. */
  void enqueue(Due due) {
    queue.add(due);
    if (workers.isEmpty()) {
      // The given executor may be the very thread that a listener blocks.
      start(stuck.get() > 0 ? pool : executor);
    } else if (queue.peek() != null) {
      watchSoon();
    }
  }

  /** Runs a task of the engine's that may call the application, beside the listeners. */
  void run(Runnable task) {
    pool.execute(task);
  }

  private void start(Executor on) {
    Worker worker = new Worker();
    workers.add(worker);
    try {
      on.execute(worker);
    } catch (RejectedExecutionException closed) {
      pool.execute(worker);
    }
  }

  private void watchSoon() {
    if (!watched.get() && watched.compareAndSet(false, true)) {
      timer.schedule(this::watch, PATIENCE);
    }
  }

  private void watch() {
    watched.set(false);
    for (Worker worker : List.copyOf(workers)) {
      if (!worker.hasGotOn()) {
        stuck.incrementAndGet();
        if (workers.remove(worker)) {
          replace(worker);
        } else {
          stuck.decrementAndGet();
        }
      }
    }
    if (queue.peek() != null && workers.isEmpty()) {
      start(pool);
    }
    if (!workers.isEmpty()) {
      watchSoon();
    }
  }

  private void replace(Worker worker) {
    worker.replaced = true;
    Due unfinished = worker.current;
    if (unfinished != null && unfinished.mailboxes() > 1) {
      unfinished.signal();
    }
  }

  @Override
  public void close() {
    pool.shutdown();
  }

  /** Empties the queue, one after the other. */
  final class Worker implements Runnable {
    private volatile @Nullable Due current;
    private volatile boolean replaced;
    private volatile long steps; // written by the worker alone
    private long stepsSeen = -1; // the watchdog's

    /** A callback begins. */
    @SuppressWarnings("NonAtomicVolatileUpdate") // there is one writer
    void step() {
      STEPS.lazySet(this, steps + 1);
    }

    /** Tells whether another worker has taken this one's place, since a listener took too long. */
    boolean isReplaced() {
      return replaced;
    }

    private boolean hasGotOn() {
      long now = steps;
      boolean moved = now != stepsSeen;
      stepsSeen = now;
      return moved || current == null;
    }

    @Override
    public void run() {
      do {
        for (Due due = queue.poll(); due != null; due = queue.poll()) {
          step();
          current = due;
          if (due.mailboxes() > 1) {
            watchSoon();
          }
          due.run(this);
          current = null;
          if (replaced) {
            break;
          }
        }
        if (!workers.remove(this)) {
          stuck.decrementAndGet();
          return; // another worker is there, or was and has left nothing
        }
      } while (queue.peek() != null && workers.isEmpty() && workers.add(this));
    }
  }
}
