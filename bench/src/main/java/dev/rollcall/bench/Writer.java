package dev.rollcall.bench;

import java.util.concurrent.locks.LockSupport;

/**
 * A thread that makes a set number of changes a second, in portions of a millisecond, so that the
 * readers beside it are disturbed as they would be in earnest. Made and closed by one thread.
 */
final class Writer implements AutoCloseable {
  private static final int PORTIONS = 1000;
  private final Thread thread;
  private volatile boolean over;

  /** Starts the changes; none with a rate of zero. */
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
      for (int i = 0; i < portion; i++) {
        change.run();
      }
      due += 1_000_000_000L / PORTIONS;
      for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
        LockSupport.parkNanos(left);
      }
    }
  }

  @Override
  public void close() {
    over = true;
    try {
      thread.join();
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
    }
  }
}
