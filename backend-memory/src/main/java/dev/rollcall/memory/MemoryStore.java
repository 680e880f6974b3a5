package dev.rollcall.memory;

import static java.util.Objects.requireNonNull;

import dev.rollcall.RegistryException;
import dev.rollcall.spi.HealthChecker;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.support.NetworkHealthChecker;
import java.util.function.Function;

/**
 * A registry inside this process: instances with leases, heartbeats, health checks and watches, on
 * a timer that the caller gives. For tests, which own the time, and for those who embed one store
 * in several registries; everybody else opens {@code memory:} or {@code memory:name}. Thread-safe.
 *
 * <pre>{@code
 * MemoryStore store = MemoryStore.create(timer);
 * Registry one = Registry.builder(store.open()).timer(timer).build();
 * Registry other = Registry.builder(store.open()).timer(timer).build();
 * }</pre>
 *
 * <p>A lease that is not renewed for its TTL turns its instance critical within 50 ms, and a while
 * later ({@link dev.rollcall.Liveness#deregisterAfter()}) removes it. Two things keep the living
 * from being taken for dead. The store counts only the time in which it was running itself: when
 * the timer calls it more than 100 ms late (a collection, a stopped process, a starved container),
 * all deadlines move by that much. And the mass-expiry guard: when more than a share of all leases
 * (0.3 unless the builder is told otherwise), and at least 10, run out within 10 s, they are held
 * as they are; from 10 s later on a tenth of them a 10 s is let go, as long as they are not
 * renewed. Watches are told through {@link dev.rollcall.spi.WatchSink#withholding}. Instances that
 * a failing check makes critical are not held.
 *
 * <p>An owner's deregistration is remembered for 2 minutes, the last 65,536 of them at most, so
 * that a registration of the same owner and epoch that was under way is refused and not taken for a
 * new one.
 *
 * @since 0.1.0
 */
public final class MemoryStore implements AutoCloseable {
  private final Ledger ledger;

  private MemoryStore(Timer timer, double guardShare, Function<Timer, HealthChecker> checkers) {
    ledger = new Ledger(timer, guardShare, checkers);
  }

  /**
   * Creates an empty store with the usual settings.
   *
   * @param timer the store's clock, and where it ticks while it holds leases; the caller's to
   *     close, after the store
   * @return a new store, the caller's to close
   */
  public static MemoryStore create(Timer timer) {
    return builder(timer).build();
  }

  /**
   * Starts a store with settings.
   *
   * @param timer as for {@link #create(Timer)}
   * @return a builder
   */
  public static Builder builder(Timer timer) {
    return new Builder(timer);
  }

  /**
   * Opens a handle. Closing it closes the watches that were opened through it, and no more: the
   * instances registered through it stay until their leases run out, and the listeners of those
   * leases are told nothing any more.
   *
   * @return a new handle on this store, the caller's to close
   */
  public RegistryBackend open() {
    return open(() -> {});
  }

  RegistryBackend open(Runnable onClose) {
    return new MemoryBackend(ledger, onClose);
  }

  /**
   * Drops all instances and stops. To its users the store is then unavailable: watches are
   * interrupted for good, every call and every renewal fails. Idempotent.
   */
  @Override
  public void close() {
    ledger.close();
  }

  /** Collects the settings of a store. Not thread-safe. */
  public static final class Builder {
    private final Timer timer;
    private double guardShare = MassExpiryGuard.STANDARD_SHARE;
    private Function<Timer, HealthChecker> checkers =
        used -> NetworkHealthChecker.named(used, "rollcall-memory-check");

    private Builder(Timer timer) {
      this.timer = requireNonNull(timer, "timer");
    }

    /**
     * Sets the share of all leases that may run out within 10 s before the mass-expiry guard holds
     * them; 0.3 without this call.
     *
     * @param share more than 0 and less than 1
     * @return this
     * @throws RegistryException of kind {@code INVALID} where the share is outside its range
     */
    public Builder guard(double share) {
      if (!(share > 0 && share < 1)) {
        throw RegistryException.invalid(
            "guard: " + share + " (expected: more than 0 and less than 1)");
      }
      guardShare = share;
      return this;
    }

    /**
     * Switches the mass-expiry guard off: every lease expires when its time has come.
     *
     * @return this
     */
    public Builder withoutGuard() {
      guardShare = MassExpiryGuard.OFF;
      return this;
    }

    /** Sets what runs the checks, for tests without a network. */
    Builder checkers(Function<Timer, HealthChecker> checkers) {
      this.checkers = checkers;
      return this;
    }

    /**
     * Creates the store.
     *
     * @return a new, empty store, the caller's to close
     */
    public MemoryStore build() {
      return new MemoryStore(timer, guardShare, checkers);
    }
  }
}
