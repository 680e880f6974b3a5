package dev.rollcall;

import java.time.Duration;
import java.util.Optional;

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
  record Loading(Optional<RegistryException> cause) implements Freshness {
    static final Loading FIRST = new Loading(Optional.empty());
  }

  /** The watch of the store is known to work, and this is what it showed last. */
  record Live() implements Freshness {
    static final Live NOW = new Live();
  }

  /** The stream is lost; this is the last state that is known. */
  final class Stale implements Freshness {
    private final Since since;
    private final RegistryException cause;

    Stale(Since since, RegistryException cause) {
      this.since = since;
      this.cause = cause;
    }

    /**
     * Returns for how long the state has been stale, by the monotonic clock.
     *
     * @return zero or more
     */
    public Duration age() {
      return since.age();
    }

    /**
     * Returns what broke the stream, or keeps it from resuming.
     *
     * @return the latest cause
     */
    public RegistryException cause() {
      return cause;
    }

    Stale because(RegistryException later) {
      return new Stale(since, later);
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
    private final Since since;
    private final String cause;

    Protected(Since since, String cause) {
      this.since = since;
      this.cause = cause;
    }

    /**
     * Returns for how long instances have been held, by the monotonic clock.
     *
     * @return zero or more
     */
    public Duration age() {
      return since.age();
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
