package dev.rollcall.engine;

import dev.rollcall.Registry;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;

/** A registry on a scripted backend, in a time that stands still; listeners run where they may. */
abstract class RegistryFixture {
  static final Duration IDLE = Duration.ofMinutes(1);

  final ManualTimer timer = new ManualTimer();
  final ScriptedBackend backend = new ScriptedBackend();
  final Registry registry = open();

  Registry open() {
    return Registry.builder(backend)
        .timer(timer)
        .listenerExecutor(Runnable::run)
        .deadline(deadline())
        .dropIdleViewsAfter(IDLE)
        .massLossProtection(1, Duration.ofMinutes(5))
        .build();
  }

  /** Short, so that a test that leaves a call unanswered does not make its end wait. */
  Duration deadline() {
    return Duration.ofSeconds(1);
  }

  @AfterEach
  void closeRegistry() {
    backend.onDeregister = ScriptedBackend.Deregister::accept;
    registry.close();
  }
}
