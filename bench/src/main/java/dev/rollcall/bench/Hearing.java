package dev.rollcall.bench;

import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** What a watcher has heard last. The benchmark's thread waits for a value. */
final class Hearing {
  private static final long PATIENCE_NANOS = 20_000_000_000L;
  private volatile int heard;
  private volatile @Nullable Thread sleeper;

  void heard(int value) {
    heard = value;
    Thread waiting = sleeper;
    if (waiting != null) {
      LockSupport.unpark(waiting);
    }
  }

  /**
   * Waits for what takes a microsecond: it spins, since the wake-up of a sleeper would be all that
   * is measured, and yields, since a core may be all there is.
   */
  void await(int value) {
    int spins = 0;
    long began = 0;
    while (heard != value) {
      if (++spins < 1000) {
        Thread.onSpinWait();
      } else {
        Thread.yield();
        if (began == 0) {
          began = System.nanoTime();
        } else {
          requirePatience(value, began);
        }
      }
    }
  }

  /**
   * Waits for a server, asleep: a thread that spins takes a core from the server and from all
   * threads that have to be woken on the way. That would be measured, and would cost most where
   * most are woken.
   */
  void awaitAsleep(int value) {
    long began = System.nanoTime();
    sleeper = Thread.currentThread();
    while (heard != value) {
      LockSupport.parkNanos(this, PATIENCE_NANOS);
      requirePatience(value, began);
    }
    sleeper = null;
  }

  private void requirePatience(int value, long began) {
    if (System.nanoTime() - began > PATIENCE_NANOS) {
      throw new IllegalStateException(
          "nothing was heard of " + value + " for 20 s; the last was " + heard);
    }
  }
}
