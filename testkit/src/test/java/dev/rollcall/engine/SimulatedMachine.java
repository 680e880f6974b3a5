package dev.rollcall.engine;

import dev.rollcall.Registry;
import dev.rollcall.kv.KeyValueStore;
import dev.rollcall.spi.KeyValueBackend;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Timer;
import java.time.Duration;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** Lets the simulation of the testkit open registries on a machine that it owns. */
public abstract class SimulatedMachine implements Machine {
  /** Opens a registry on this machine. */
  public final Registry open(
      RegistryBackend backend,
      Timer timer,
      @Nullable Executor listeners,
      StoreRegistry.Settings settings) {
    return new StoreRegistry(backend, timer, null, this, listeners, null, settings);
  }

  /** Opens a key-value store on this machine. */
  public final KeyValueStore open(
      KeyValueBackend backend, Timer timer, @Nullable Executor listeners, Duration deadline) {
    return new BackedKeyValueStore(backend, timer, null, this, listeners, deadline);
  }
}
