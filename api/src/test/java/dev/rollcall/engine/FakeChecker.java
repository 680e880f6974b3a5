package dev.rollcall.engine;

import dev.rollcall.Health;
import dev.rollcall.HostPort;
import dev.rollcall.Liveness;
import dev.rollcall.RegistryException;
import dev.rollcall.spi.HealthChecker;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Predicate;

/** Checks nothing: a test says what was found. */
final class FakeChecker implements HealthChecker {
  /** A check that goes on. */
  static final class Started implements Running {
    final Liveness.Check check;
    final Consumer<Health> onResult;
    volatile boolean stopped;

    Started(Liveness.Check check, Consumer<Health> onResult) {
      this.check = check;
      this.onResult = onResult;
    }

    @Override
    public void stop() {
      stopped = true;
    }
  }

  final List<Started> started = new CopyOnWriteArrayList<>();
  final List<HostPort> asked = new CopyOnWriteArrayList<>();
  volatile Predicate<HostPort> accepting = address -> true;

  /** Kinds of checks that it could not run. */
  volatile Predicate<Liveness.Check> refusing = check -> false;

  @Override
  public void admit(Liveness.Check check) {
    if (refusing.test(check)) {
      throw RegistryException.invalid("liveness: no such check here");
    }
  }

  @Override
  public Running start(Liveness.Check check, Consumer<Health> onResult) {
    Started running = new Started(check, onResult);
    started.add(running);
    return running;
  }

  @Override
  public CompletionStage<Boolean> accepts(HostPort address, Duration timeout) {
    asked.add(address);
    return CompletableFuture.completedFuture(accepting.test(address));
  }

  @Override
  public void close() {}

  /** Gives a result to every check that was not stopped. */
  void found(Health health) {
    for (Started running : started) {
      if (!running.stopped) {
        running.onResult.accept(health);
      }
    }
  }
}
