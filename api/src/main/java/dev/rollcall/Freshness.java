package dev.rollcall;

import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * How far a {@link Snapshot} can be trusted. Immutable.
 *
 * @since 0.1.0
 */
public sealed interface Freshness {

  /**
   * Nothing has been read yet.
   *
   * @param cause why the store could not be read so far, empty where it was only not yet answered
   */
  record Loading(Optional<RegistryException> cause) implements Freshness {}

  /** The watch of the store is known to work, and this is what it showed last. */
  record Live() implements Freshness {}

  /**
   * The stream is lost, or there was none yet in this process; this is the last state that is
   * known.
   */
  final class Stale implements Freshness {
    private final LongSupplier clock;
    private final long sinceNanos;
    private final RegistryException cause;

    /**
     * Creates one.
     *
     * @param clock a monotonic clock, in nanoseconds
     * @param sinceNanos when the stream was lost, by that clock
     * @param cause what broke it
     */
    public Stale(LongSupplier clock, long sinceNanos, RegistryException cause) {
      this.clock = clock;
      this.sinceNanos = sinceNanos;
      this.cause = cause;
    }

    /**
     * Returns for how long the state has been stale, by the monotonic clock. Of a state that was
     * {@linkplain RegistryBuilder#cache kept on disk}: since it was known to be live in the process
     * that has kept it.
     *
     * @return zero or more
     */
    public Duration age() {
      return Duration.ofNanos(Math.max(0, clock.getAsLong() - sinceNanos));
    }

    /**
     * Returns what broke the stream, or keeps it from resuming.
     *
     * @return the latest cause
     */
    public RegistryException cause() {
      return cause;
    }

    /**
     * Returns the same with a later cause.
     *
     * @param later what keeps the stream from resuming
     * @return stale since the same moment
     */
    public Stale because(RegistryException later) {
      return new Stale(clock, sinceNanos, later);
    }

    @Override
    public String toString() {
      return "Stale[age=" + age() + ", cause=" + cause.getMessage() + "]";
    }
  }

  /**
   * The store shows fewer instances than this; the missing ones went too suddenly to be believed.
   */
  final class Protected implements Freshness {
    private final LongSupplier clock;
    private final long sinceNanos;
    private final String cause;

    /**
     * Creates one.
     *
     * @param clock a monotonic clock, in nanoseconds
     * @param sinceNanos since when instances are held, by that clock
     * @param cause why they are held
     */
    public Protected(LongSupplier clock, long sinceNanos, String cause) {
      this.clock = clock;
      this.sinceNanos = sinceNanos;
      this.cause = cause;
    }

    /**
     * Returns for how long instances have been held, by the monotonic clock.
     *
     * @return zero or more
     */
    public Duration age() {
      return Duration.ofNanos(Math.max(0, clock.getAsLong() - sinceNanos));
    }

    /**
     * Returns why they are held.
     *
     * @return a sentence
     */
    public String cause() {
      return cause;
    }

    @Override
    public String toString() {
      return "Protected[age=" + age() + ", cause=" + cause + "]";
    }
  }
}
