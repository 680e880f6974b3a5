package dev.rollcall.server;

import static java.util.Objects.requireNonNull;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where requests are answered that take long, so that they hold up no event loop: some threads,
 * which are there while they have something to do. Clients take turns: one with many tasks waiting
 * delays another by the one that is under way, and where there are two threads or more, none has
 * more than half of them.
 *
 * <p>Thread-safe: {@code lock} guards what waits and what is under way; tasks run outside of it.
 *
 * @since 0.1.0
 */
public final class FairThreads implements AutoCloseable {
  private static final int IDLE_SECONDS = 10;
  private static final Logger LOG = LoggerFactory.getLogger(FairThreads.class);

  private final int most;
  private final int mostOfOne;
  private final int mostWaiting;
  private final ThreadPoolExecutor threads;

  private final Object lock = new Object();
  private final Map<String, Integer> running = new HashMap<>();
  // In the order of whose turn it is.
  private final LinkedHashMap<String, ArrayDeque<Runnable>> waiting = new LinkedHashMap<>();
  private int underWay;

  /**
   * Creates threads, which begin with the first task.
   *
   * @param name of each thread
   * @param most how many at a time
   * @param mostWaiting how many tasks of one client may wait before it has no room
   */
  public FairThreads(String name, int most, int mostWaiting) {
    this.most = most;
    this.mostWaiting = mostWaiting;
    mostOfOne = Math.max(1, most / 2);
    threads =
        new ThreadPoolExecutor(
            most,
            most,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            task -> {
              Thread made = new Thread(task, name);
              made.setDaemon(true);
              return made;
            });
    threads.allowCoreThreadTimeOut(true);
  }

  /**
   * Returns how many threads there are for one kind of work: half of the processors, since the
   * event loops need some, too.
   *
   * @return 1 or more
   */
  public static int half() {
    return Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
  }

  /**
   * Returns what runs the tasks of one client, in its turn; after the close it drops them. Equal to
   * any other of the same client.
   *
   * @param client whose tasks
   * @return an executor
   */
  public Executor of(String client) {
    return new OfOne(this, client);
  }

  /**
   * Tells whether a client may have one more task wait.
   *
   * @param client which
   * @return false where too many wait already
   */
  public boolean hasRoom(String client) {
    synchronized (lock) {
      ArrayDeque<Runnable> mine = waiting.get(client);
      return mine == null || mine.size() < mostWaiting;
    }
  }

  private record OfOne(FairThreads threads, String client) implements Executor {
    @Override
    public void execute(Runnable task) {
      threads.enter(client, requireNonNull(task, "task"));
    }
  }

  private void enter(String client, Runnable task) {
    synchronized (lock) {
      if (underWay >= most || ofOne(client) >= mostOfOne) {
        waiting.computeIfAbsent(client, first -> new ArrayDeque<>()).add(task);
        return;
      }
      take(client);
    }
    begin(client, task);
  }

  private void begin(String client, Runnable task) {
    try {
      threads.execute(
          () -> {
            try {
              task.run();
            } finally {
              leave(client);
            }
          });
    } catch (RejectedExecutionException closed) {
      LOG.debug("closed", closed);
    }
  }

  private void leave(String client) {
    Map.Entry<String, Runnable> following;
    synchronized (lock) {
      underWay--;
      running.compute(client, (key, count) -> count == null || count == 1 ? null : count - 1);
      following = next();
    }
    if (following != null) {
      begin(following.getKey(), following.getValue());
    }
  }

  /** Under the lock. */
  private Map.@Nullable Entry<String, Runnable> next() {
    for (Iterator<Map.Entry<String, ArrayDeque<Runnable>>> turns = waiting.entrySet().iterator();
        turns.hasNext(); ) {
      Map.Entry<String, ArrayDeque<Runnable>> turn = turns.next();
      String client = turn.getKey();
      if (ofOne(client) < mostOfOne) {
        ArrayDeque<Runnable> tasks = turn.getValue();
        Runnable task = tasks.remove();
        turns.remove();
        if (!tasks.isEmpty()) {
          waiting.put(client, tasks);
        }
        take(client);
        return Map.entry(client, task);
      }
    }
    return null;
  }

  private void take(String client) {
    underWay++;
    running.merge(client, 1, Integer::sum);
  }

  private int ofOne(String client) {
    return running.getOrDefault(client, 0);
  }

  /** Drops what waits, and lets what is under way end. Idempotent. */
  @Override
  public void close() {
    threads.shutdown();
    synchronized (lock) {
      waiting.clear();
    }
  }
}
