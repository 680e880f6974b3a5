package dev.rollcall.testkit;

import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Timer;
import java.util.Set;

/**
 * What a test can do to the store under test. Each fault that a store's test offers adds the
 * clauses that need it to its {@link RegistryContract}; a fault that is not offered adds nothing,
 * and the report names the clause as not applicable.
 *
 * @since 0.1.0
 */
public interface Faults {

  /** What may happen to a store, or between it and those who use it. */
  enum Fault {
    /** The store is killed; {@link Faults#heal()} starts it again, with its data or without. */
    STOP,
    /** Connections of the clients are reset and refused; the store lives. */
    CUT,
    /** Connections stay, and nothing passes through them, in neither direction. */
    SILENCE,
    /**
     * The store refuses all that the clients ask, as where a token was revoked. A store that looks
     * at permissions only when a watch begins would never say so to one that is open and idle:
     * {@link Faults#begin} breaks the open watches too, by resetting the connections for one, so
     * that each is asked for again and refused.
     */
    DENY,
    /** The store loses all its data at once and goes on. Needs no healing. */
    WIPE,
    /** An entry that nobody can read stands among a service's instances. Needs no healing. */
    GARBAGE
  }

  /**
   * Returns what this can do.
   *
   * @return the same set at every call
   */
  Set<Fault> offered();

  /**
   * Makes a fault happen, now; returns when it has. It lasts until {@link #heal()}.
   *
   * @param fault one of {@link #offered()}
   * @param service the service in which the test would see it; only {@link Fault#GARBAGE} asks
   */
  void begin(Fault fault, String service);

  /**
   * Ends all faults; returns when the store answers its clients again, or soon before. Nothing
   * happens where there are none.
   */
  void heal();

  /**
   * Opens a client of the same store on a way that {@link Fault#CUT}, {@link Fault#SILENCE} and
   * {@link Fault#DENY} do not reach: through it a test changes what the others cannot see.
   *
   * @param timer the test's timer
   * @return a new client, the contract's to close
   */
  RegistryBackend beside(Timer timer);

  /**
   * Returns the faults of a store to which nothing can be done.
   *
   * @return faults that offer none
   */
  static Faults none() {
    return new Faults() {
      @Override
      public Set<Fault> offered() {
        return Set.of();
      }

      @Override
      public void begin(Fault fault, String service) {
        throw new UnsupportedOperationException(fault.name());
      }

      @Override
      public void heal() {}

      @Override
      public RegistryBackend beside(Timer timer) {
        throw new UnsupportedOperationException("beside");
      }
    };
  }
}
