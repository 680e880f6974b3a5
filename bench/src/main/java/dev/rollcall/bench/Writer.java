package dev.rollcall.bench;

import java.util.concurrent.locks.LockSupport;

/**
 * A thread that makes a set number of changes a second, in portions of a millisecond, so that the
 * readers beside it are disturbed as they would be in earnest. Made and closed by one thread.
 */
final class Writer implements AutoCloseable {
  private static final int PORTIONS = 1000;
  private final Thread thread;
  private volatile boolean on;
  private volatile boolean over;

  /** Makes changes at a rate once it is switched on; none with a rate of zero. */
  Writer(int changesASecond, Runnable change) {
    thread = new Thread(() -> run(changesASecond / PORTIONS, change), "writer");
    thread.setDaemon(true);
    if (changesASecond > 0) {
      thread.start();
    }
  }

  private void run(int portion, Runnable change) {
    long due = System.nanoTime();
    while (!over) {
      if (!on) {
        LockSupport.parkNanos(this, 1_000_000_000L);
        due = System.nanoTime();
        continue;
      }
      for (int i = 0; i < portion; i++) {
        change.run();
      }
      due += 1_000_000_000L / PORTIONS;
      for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
        LockSupport.parkNanos(left);
      }
    }
  }

  /** Makes changes, or none: while another JVM has its turn. */
  void turn(boolean begins) {
    on = begins;
    LockSupport.unpark(thread);
  }

  @Override
  public void close() {
    over = true;
    LockSupport.unpark(thread);
    try {
      thread.join();
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
    }
  }
}
