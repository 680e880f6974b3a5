package dev.rollcall.testkit.soak;

import dev.rollcall.spi.KeyValueBackend;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Timer;
import java.util.List;
import java.util.Optional;

/** One client's way to the store, and what can happen on it. */
interface Line extends AutoCloseable {
  /** Opens the client's registry backend, once. */
  RegistryBackend registry(Timer timer);

  /** Opens the client's keys and values, once; empty where the store keeps none. */
  Optional<KeyValueBackend> keys(Timer timer);

  /** Returns what can happen to this line alone. */
  List<SoakFault> faults();

  /** Lets nothing pass any more: its client is about to die. */
  void sever();

  @Override
  void close();
}
