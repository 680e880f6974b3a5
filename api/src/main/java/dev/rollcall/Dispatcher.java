package dev.rollcall;

import dev.rollcall.spi.Timer;
import java.time.Duration;
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
import org.jspecify.annotations.Nullable;

/**
 * Runs the mailboxes that have something to deliver.
 *
 * <p>Design: mailboxes that are due stand in one queue. One worker, a task on the listener
 * executor, empties it: a change costs one wake-up of a thread, however many listeners it has. A
 * worker that is inside one callback for longer than {@link #STUCK} no longer counts; another one
 * is added, either by the next mailbox that becomes due or by a watchdog on the timer. So a
 * listener that blocks costs one thread and delays the others by a few milliseconds once. Added
 * workers run on this class's own pool, never on the timer's thread, even where the given executor
 * runs tasks on the calling thread.
 *
 * <p>Invariant: while the queue is not empty, a worker that is not stuck is running or submitted,
 * or the watchdog is scheduled. A worker leaves by taking itself out of {@code workers} and then
 * looks at the queue once more, so that a mailbox that was added meanwhile is not left behind.
 */
final class Dispatcher implements AutoCloseable {
  private static final Duration STUCK = Duration.ofMillis(5);
  private static final AtomicInteger THREADS = new AtomicInteger();

  private final Timer timer;
  private final ThreadPoolExecutor pool;
  private final Executor executor;
  private final Queue<Mailbox> due = new ConcurrentLinkedQueue<>();
  private final Set<Worker> workers = ConcurrentHashMap.newKeySet();
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

  /** Runs a mailbox soon. Called by whoever has made it due, on any thread, under no lock. */
  void enqueue(Mailbox mailbox) {
    due.add(mailbox);
    Executor idle = idle();
    if (idle != null) {
      start(idle);
    } else if (due.peek() != null && watched.compareAndSet(false, true)) {
      timer.schedule(this::watch, STUCK);
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

  /** Returns where a worker is to be started, or null where one works. */
  private @Nullable Executor idle() {
    Executor idle = executor;
    long now = timer.nanoTime();
    for (Worker worker : workers) {
      if (!worker.isStuck(now)) {
        return null;
      }
      idle = pool; // the given executor may be the very thread that this one blocks
    }
    return idle;
  }

  private void watch() {
    watched.set(false);
    if (due.peek() == null) {
      return;
    }
    if (idle() != null) {
      start(pool);
    }
    if (due.peek() != null && watched.compareAndSet(false, true)) {
      timer.schedule(this::watch, STUCK);
    }
  }

  @Override
  public void close() {
    pool.shutdown();
  }

  /** Empties the queue, one mailbox after the other. */
  private final class Worker implements Runnable {
    /** When the callback that runs now began, or {@link Long#MIN_VALUE}; written by the worker. */
    private volatile long busySince = Long.MIN_VALUE;

    boolean isStuck(long now) {
      long since = busySince;
      return since != Long.MIN_VALUE && now - since >= STUCK.toNanos();
    }

    @Override
    public void run() {
      do {
        for (Mailbox mailbox = due.poll(); mailbox != null; mailbox = due.poll()) {
          busySince = timer.nanoTime();
          mailbox.run();
        }
        busySince = Long.MIN_VALUE;
        workers.remove(this);
      } while (due.peek() != null && idle() != null && workers.add(this));
    }
  }
}
