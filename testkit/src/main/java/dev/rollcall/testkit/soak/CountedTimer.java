package dev.rollcall.testkit.soak;

import dev.rollcall.spi.Timer;
import dev.rollcall.spi.support.SystemTimer;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/** A timer that knows how many tasks wait in it. Thread-safe. */
final class CountedTimer implements Timer {
  private final Timer timer;
  private final AtomicInteger waiting = new AtomicInteger();

  CountedTimer(String name) {
    timer = SystemTimer.named(name);
  }

  int waiting() {
    return waiting.get();
  }

  @Override
  public long nanoTime() {
    return timer.nanoTime();
  }

  @Override
  public Scheduled schedule(Runnable task, Duration delay) {
    AtomicBoolean waits = new AtomicBoolean(true);
    waiting.incrementAndGet();
    Runnable over =
        () -> {
          if (waits.compareAndSet(true, false)) {
            waiting.decrementAndGet();
          }
        };
    Scheduled scheduled =
        timer.schedule(
            () -> {
              over.run();
              task.run();
            },
            delay);
    return () -> {
      over.run();
      scheduled.cancel();
    };
  }

  @Override
  public void close() {
    timer.close();
  }
}
