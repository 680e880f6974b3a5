package dev.rollcall.spi;

import dev.rollcall.Health;
import dev.rollcall.HostPort;
import dev.rollcall.Liveness;
import dev.rollcall.RegistryException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.ObjIntConsumer;

/**
 * Runs HTTP, TCP and gRPC checks without a thread each, for stores that run checks themselves and
 * for the engine where the store cannot. Thread-safe.
 *
 * @since 0.1.0
 */
public interface HealthChecker extends AutoCloseable {

  /**
   * Refuses a check that this checker never could run, before anything is registered with it. May
   * look for classes, and asks no network.
   *
   * @param check what is to be checked
   * @throws RegistryException of kind {@code INVALID} with the field and the rule; by default
   *     nothing is refused
   */
  default void admit(Liveness.Check check) {}

  /**
   * Checks at once, and then once an interval (spread by ± 10 %), until it is stopped.
   *
   * @param check what to ask, how often, and for how long to wait
   * @param onResult given each result, one at a time, on a thread of the checker's; must not block
   * @return stops the checks; no result is given once it has been called, but for one that is just
   *     being given
   * @throws RegistryException of kind {@code INVALID} where the check cannot be run at all, which
   *     {@link #admit} says beforehand; a checker may call it critical instead
   */
  Running start(Liveness.Check check, Consumer<Health> onResult);

  /**
   * Starts several checks.
   *
   * @param checks what to ask
   * @param onResult given each result with the index of its check; those of one check one at a
   *     time, those of several at any time, on threads of the checker's; must not block
   * @return stops all of them
   */
  default Running startAll(List<Liveness.Check> checks, ObjIntConsumer<Health> onResult) {
    List<Running> running = new ArrayList<>();
    for (int i = 0; i < checks.size(); i++) {
      int index = i;
      running.add(start(checks.get(i), result -> onResult.accept(result, index)));
    }
    return () -> running.forEach(Running::stop);
  }

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
