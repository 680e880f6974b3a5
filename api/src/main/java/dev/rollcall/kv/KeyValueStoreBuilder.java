package dev.rollcall.kv;

import dev.rollcall.Arguments;
import dev.rollcall.RegistryException;
import dev.rollcall.engine.BackedKeyValueStore;
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
  private Duration deadline = Duration.ofSeconds(10);

  KeyValueStoreBuilder(@Nullable String uri, @Nullable KeyValueBackend backend) {
    if (backend == null) {
      Arguments.notNull("uri or backend", uri, "");
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
    this.timer = Arguments.notNull("timer", timer, "");
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
    this.listenerExecutor = Arguments.notNull("listenerExecutor", executor, "");
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
        Arguments.between("deadline", deadline, Duration.ofMillis(100), Duration.ofHours(1));
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
    return BackedKeyValueStore.open(uri, backend, timer, listenerExecutor, deadline);
  }
}
