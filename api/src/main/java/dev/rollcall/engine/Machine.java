package dev.rollcall.engine;

import dev.rollcall.spi.HealthChecker;
import dev.rollcall.spi.Timer;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.TimeoutException;
import java.util.random.RandomGenerator;

/**
 * What the engine takes from the machine that it runs on, beside its {@link Timer}: threads,
 * chance, connections to instances, and how a caller of something that blocks waits for it. The
 * engine has none of these from elsewhere, so that a simulation can own them all. Thread-safe.
 */
interface Machine {
  /** Opens the pool that listeners are called on; its opener shuts it down. */
  ExecutorService listenerPool();

  /**
   * Opens the pool that the application's futures are completed on; its opener shuts it down, and
   * what is handed to it after that runs on the calling thread.
   */
  ExecutorService answerPool();

  /** Opens what asks instances whether they are there; its opener closes it. */
  HealthChecker checker(Timer timer);

  /** Returns where chance comes from, for the present call alone: a thread may have its own. */
  RandomGenerator random();

  /** Returns the clock of those who wait, which is the real one whatever the timer is. */
  long nanoTime();

  /** Waits for something on the calling thread, for as long as that takes. */
  void await(Future<?> what) throws InterruptedException, ExecutionException;

  /** Waits for something on the calling thread, by the clock of those who wait. */
  void await(Future<?> what, long nanos)
      throws InterruptedException, ExecutionException, TimeoutException;

  /** Runs something that waits on a thread of its own, which keeps the process alive. */
  void runApart(String threadName, Runnable task);
}
