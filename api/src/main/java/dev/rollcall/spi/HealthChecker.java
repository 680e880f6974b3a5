package dev.rollcall.spi;

import dev.rollcall.Health;
import dev.rollcall.HostPort;
import dev.rollcall.Liveness;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/**
 * Runs HTTP and TCP checks without a thread each, for stores that run checks themselves and for the
 * engine where the store cannot. Thread-safe.
 *
 * @since 0.1.0
 */
public interface HealthChecker extends AutoCloseable {

  /**
   * Checks at once, and then once an interval (spread by ± 10 %), until it is stopped.
   *
   * @param check what to ask, how often, and for how long to wait
   * @param onResult given each result, one at a time, on a thread of the checker's; must not block
   * @return stops the checks; no result is given once it has been called, but for one that is just
   *     being given
   */
  Running start(Liveness.Check check, Consumer<Health> onResult);

  /**
   * Tries once whether an address accepts a TCP connection.
   *
   * @param address where to connect
   * @param timeout how long to wait at most
   * @return completes with whether it did; never exceptionally
   */
  CompletionStage<Boolean> accepts(HostPort address, Duration timeout);

  /** Stops all checks and frees threads and sockets. Idempotent. */
  @Override
  void close();

  /** Checks that go on. */
  @FunctionalInterface
  interface Running {
    /** Stops the checks. Idempotent. */
    void stop();
  }
}
