package dev.rollcall;

import dev.rollcall.spi.BackendProvider;
import dev.rollcall.spi.KeyValueBackend;
import dev.rollcall.spi.Timer;
import java.time.Duration;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Collects the settings of a {@link KeyValueStore}. Not thread-safe.
 *
 * @since 0.1.0
 */
public final class KeyValueStoreBuilder {
  private final @Nullable String uri;
  private final @Nullable KeyValueBackend backend;
  private @Nullable Timer timer;
  private @Nullable Executor listenerExecutor;
  private Machine machine = RealMachine.INSTANCE;
  private Duration deadline = Duration.ofSeconds(10);

  KeyValueStoreBuilder(@Nullable String uri, @Nullable KeyValueBackend backend) {
    if (backend == null) {
      Checks.notNull("uri or backend", uri, "");
    }
    this.uri = uri;
    this.backend = backend;
  }

  /**
   * Sets the clock and scheduler; without it the store has one of its own.
   *
   * @param timer stays the caller's to close
   * @return this
   */
  public KeyValueStoreBuilder timer(Timer timer) {
    this.timer = Checks.notNull("timer", timer, "");
    return this;
  }

  /**
   * Sets where listeners are called; without it the store has a small pool of daemon threads, which
   * grows by one thread for each listener that blocks.
   *
   * @param executor stays the caller's to close; one that runs tasks on the calling thread makes
   *     listeners run on the thread that brings the change
   * @return this
   */
  public KeyValueStoreBuilder listenerExecutor(Executor executor) {
    this.listenerExecutor = Checks.notNull("listenerExecutor", executor, "");
    return this;
  }

  /**
   * Sets how long one call may take; 10 s without this call.
   *
   * @param deadline 100 ms to 1 hour
   * @return this
   */
  public KeyValueStoreBuilder deadline(Duration deadline) {
    this.deadline =
        Checks.between("deadline", deadline, Duration.ofMillis(100), Duration.ofHours(1));
    return this;
  }

  /** Sets the machine, for simulations. */
  KeyValueStoreBuilder on(Machine machine) {
    this.machine = machine;
    return this;
  }

  /**
   * Opens the store.
   *
   * @return an open store, the caller's to close
   * @throws RegistryException of kind {@code INVALID} where the URI has a fault, or no backend on
   *     the class path keeps keys and values for its scheme, or the class path does not fit: the
   *     message says what is missing, in which jar, and what to do
   */
  public KeyValueStore build() {
    if (timer != null) {
      return build(timer, null);
    }
    Timer own = Timer.system("rollcall-kv-timer");
    try {
      return build(own, own);
    } catch (RuntimeException | Error refused) {
      own.close();
      throw refused;
    }
  }

  private KeyValueStore build(Timer used, @Nullable Timer own) {
    KeyValueBackend opened = backend;
    if (opened == null) {
      opened = BackendProvider.openKeyValueByUri(Checks.notNull("uri", uri, ""), used);
    }
    try {
      return new BackedKeyValueStore(opened, used, own, machine, listenerExecutor, deadline);
    } catch (LinkageError broken) {
      if (backend == null) {
        opened.close();
      }
      throw Failures.of(broken);
    }
  }
}
