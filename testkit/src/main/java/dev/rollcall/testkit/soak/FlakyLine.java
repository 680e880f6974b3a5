package dev.rollcall.testkit.soak;

import dev.rollcall.spi.KeyValueBackend;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Timer;
import dev.rollcall.testkit.FlakyBackend;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * The line of a store that no wire leads to, or of whose wire nothing is known: a backend in front
 * of the client's own breaks it. Keys and values are not broken.
 */
final class FlakyLine implements Line {
  private static final Duration AT_ONCE = Duration.ofSeconds(1);

  private final Function<Timer, RegistryBackend> backends;
  private final Function<Timer, Optional<KeyValueBackend>> keys;
  private Optional<FlakyBackend> flaky = Optional.empty();

  FlakyLine(
      Function<Timer, RegistryBackend> backends, Function<Timer, Optional<KeyValueBackend>> keys) {
    this.backends = backends;
    this.keys = keys;
  }

  @Override
  public RegistryBackend registry(Timer timer) {
    FlakyBackend opened = new FlakyBackend(backends.apply(timer));
    flaky = Optional.of(opened);
    return opened;
  }

  @Override
  public Optional<KeyValueBackend> keys(Timer timer) {
    return keys.apply(timer);
  }

  @Override
  public List<SoakFault> faults() {
    FlakyBackend line = flaky.orElseThrow();
    return List.of(
        SoakFault.of("cut", line::cut, line::heal).noticed(AT_ONCE),
        SoakFault.of("deny", line::deny, line::heal).noticed(AT_ONCE),
        SoakFault.of("hold", line::hold, line::heal));
  }

  @Override
  public void sever() {
    flaky.ifPresent(FlakyBackend::cut);
  }

  @Override
  public void close() {}
}
