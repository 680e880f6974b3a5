package dev.rollcall.bench;

/**
 * What a watcher has heard last. The benchmark's thread waits for a value; it spins, since the
 * wake-up of a sleeper would be measured with it, and yields, since a core may be all there is.
 */
final class Hearing {
  private static final long PATIENCE_NANOS = 20_000_000_000L;
  private volatile int heard;

  void heard(int value) {
    heard = value;
  }

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
        } else if (System.nanoTime() - began > PATIENCE_NANOS) {
          throw new IllegalStateException(
              "nothing was heard of " + value + " for 20 s; the last was " + heard);
        }
      }
    }
  }
}
