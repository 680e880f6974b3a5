package dev.rollcall.etcd;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs tasks one at a time, in the order in which they came, without a thread of its own: a thread
 * that brings a task while none runs, runs it and all that come meanwhile, or has an executor do
 * so. No lock is held while a task runs. Thread-safe.
 */
final class SerializingExecutor {
  private static final Logger LOG = LoggerFactory.getLogger(EtcdBackend.class);

  private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
  private final AtomicInteger pending = new AtomicInteger();
  private final Executor executor;

  /** Creates one whose tasks run on the threads that bring them. */
  SerializingExecutor() {
    this(Runnable::run);
  }

  /** Creates one whose tasks run on an executor's threads, for callers that hold a lock. */
  SerializingExecutor(Executor executor) {
    this.executor = executor;
  }

  void run(Runnable task) {
    tasks.add(task);
    if (pending.getAndIncrement() == 0) {
      executor.execute(this::drain);
    }
  }

  private void drain() {
    do {
      Runnable next = tasks.poll();
      try {
        if (next != null) {
          next.run();
        }
      } catch (Throwable thrown) {
        // A sink or a listener that throws must not end the stream of the others.
        LOG.error("a callback has failed", thrown);
      }
    } while (pending.decrementAndGet() != 0);
  }
}
