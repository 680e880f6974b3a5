package dev.rollcall.engine;

import dev.rollcall.spi.HealthChecker;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.support.NetworkHealthChecker;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionHandler;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;

/** The machine as it is. */
final class RealMachine implements Machine {
  static final Machine INSTANCE = new RealMachine();
  private static final AtomicInteger THREADS = new AtomicInteger();

  private RealMachine() {}

  @Override
  public ExecutorService listenerPool() {
    return pool("rollcall-listener-", (task, closed) -> {}); // no listener is called any more
  }

  @Override
  public ExecutorService answerPool() {
    return pool("rollcall-answer-", (task, closed) -> task.run());
  }

  /** Makes a pool for what may block: a thread for each task that finds none idle. */
  private static ExecutorService pool(String name, RejectedExecutionHandler afterShutdown) {
    return new ThreadPoolExecutor(
        0,
        Integer.MAX_VALUE,
        10,
        TimeUnit.SECONDS,
        new SynchronousQueue<>(),
        task -> {
          Thread thread = new Thread(task, name + THREADS.incrementAndGet());
          thread.setDaemon(true);
          return thread;
        },
        afterShutdown);
  }

  @Override
  public HealthChecker checker(Timer timer) {
    return NetworkHealthChecker.named(timer, "rollcall-check");
  }

  @Override
  public RandomGenerator random() {
    return ThreadLocalRandom.current();
  }

  @Override
  public long nanoTime() {
    return System.nanoTime();
  }

  @Override
  public void await(Future<?> what) throws InterruptedException, ExecutionException {
    what.get();
  }

  @Override
  public void await(Future<?> what, long nanos)
      throws InterruptedException, ExecutionException, TimeoutException {
    what.get(nanos, TimeUnit.NANOSECONDS);
  }

  @Override
  public void runApart(String threadName, Runnable task) {
    new Thread(task, threadName).start();
  }
}
