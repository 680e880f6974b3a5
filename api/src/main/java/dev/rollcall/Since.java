package dev.rollcall;

import dev.rollcall.spi.Timer;
import java.time.Duration;

/** A moment on a timer. */
record Since(Timer timer, long nanos) {
  static Since now(Timer timer) {
    return new Since(timer, timer.nanoTime());
  }

  Duration age() {
    return Duration.ofNanos(Math.max(0, timer.nanoTime() - nanos));
  }
}
