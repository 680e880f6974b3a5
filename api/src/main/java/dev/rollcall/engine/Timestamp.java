package dev.rollcall.engine;

import dev.rollcall.Freshness;
import dev.rollcall.RegistryException;
import dev.rollcall.spi.Timer;
import java.time.Duration;
import java.util.Optional;

/** A moment on a timer, and the freshness that begins at it. */
record Timestamp(Timer timer, long nanos) {
  /** Nothing was read yet, and nothing has failed. */
  static final Freshness.Loading LOADING = new Freshness.Loading(Optional.empty());

  static final Freshness.Live LIVE = new Freshness.Live();

  static Timestamp now(Timer timer) {
    return new Timestamp(timer, timer.nanoTime());
  }

  Duration age() {
    return Duration.ofNanos(Math.max(0, timer.nanoTime() - nanos));
  }

  Freshness.Stale stale(RegistryException cause) {
    return new Freshness.Stale(timer::nanoTime, nanos, cause);
  }

  Freshness.Protected held(String cause) {
    return new Freshness.Protected(timer::nanoTime, nanos, cause);
  }
}
