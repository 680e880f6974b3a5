package dev.rollcall.testkit;

import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.WatchSink;
import java.util.Optional;

/** A backend whose watches show nothing but what the test itself hands to the sink. */
final class ScriptedBackend extends ForwardingBackend {
  /** The sink of the last watch; the test is its one caller. */
  volatile Optional<WatchSink> sink = Optional.empty();

  ScriptedBackend(RegistryBackend to) {
    super(to);
  }

  @Override
  public Watch watch(Selector selector, WatchSink watching) {
    sink = Optional.of(watching);
    return () -> sink = Optional.empty();
  }
}
