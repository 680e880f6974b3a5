package dev.rollcall.testkit;

import dev.rollcall.Registry;
import dev.rollcall.RegistryBuilder;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Timer;
import java.time.Duration;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;

/**
 * The contract that every backend keeps, as tests. A backend's test extends this class and says how
 * to reach the store; each test's name begins with the clause that it tests, and its failure says
 * what to look at.
 *
 * <pre>{@code
 * final class ZooKeeperContractTest extends RegistryContract {
 *   @Override
 *   protected RegistryBackend open(Timer timer) {
 *     return new ZooKeeperBackend(SERVER.address(), timer);
 *   }
 * }
 * }</pre>
 *
 * <p>An instance of the class is one test: JUnit makes a new one each time. All clients that one
 * instance {@linkplain #open opens} see one store; different instances may share it, since each
 * test uses names of its own and cleans up. What a store cannot do it says in its {@linkplain
 * dev.rollcall.spi.Capabilities capabilities}, and the tests ask for the nearest promise. Tests
 * that need a {@linkplain Faults fault} exist only where {@link #faults()} offers it; for the
 * others an entry "not applicable" is published, so that nothing is skipped and nothing is silent.
 *
 * @since 0.1.0
 */
public abstract class RegistryContract {

  /** For subclasses. */
  protected RegistryContract() {}

  /**
   * Opens a client of the store, as one process would.
   *
   * @param timer the time of this test; always the same for one instance of this class
   * @return a new client, the contract's to close
   */
  protected abstract RegistryBackend open(Timer timer);

  /**
   * Starts the time of a test. Real unless overridden; a store that takes its time from the timer
   * that it is given should answer {@link ContractTime#manual()}.
   *
   * @return a new time, the contract's to close
   */
  protected ContractTime time() {
    return ContractTime.real();
  }

  /**
   * Returns what can be done to the store. Nothing unless overridden.
   *
   * @return the same faults at every call of one instance
   */
  protected Faults faults() {
    return Faults.none();
  }

  /**
   * Returns the TTL to register with: 2 s unless overridden, where the store takes no less than
   * that.
   *
   * @return the least that the store keeps to, 1 s or more
   */
  protected Duration ttl() {
    return Duration.ofSeconds(2);
  }

  /**
   * Returns the least {@code deregisterAfter} that the store keeps to. 1 s unless overridden.
   *
   * @return what the tests ask for
   */
  protected Duration deregisterAfter() {
    return Duration.ofSeconds(1);
  }

  /**
   * Returns how long a change may take from the store to a watcher, and a client to come back once
   * the store answers. 20 s unless overridden: a limit after which a test fails, not a goal.
   *
   * @return how long a test waits for what must come
   */
  protected Duration patience() {
    return Duration.ofSeconds(20);
  }

  /**
   * Returns a URI that opens the store with {@link Registry#open(String)}, for the clause on
   * unknown options. None unless overridden, for backends without a {@link
   * dev.rollcall.spi.BackendProvider}.
   *
   * @return the URI, with or without options
   */
  protected Optional<String> uri() {
    return Optional.empty();
  }

  /**
   * Opens a registry on a backend. To be overridden only where it is the registry that is tested.
   *
   * @param backend an open backend
   * @param settings what the test asks for
   * @return an open registry, the contract's to close
   */
  protected Registry registry(RegistryBackend backend, UnaryOperator<RegistryBuilder> settings) {
    return settings.apply(Registry.builder(backend)).build();
  }

  /** R1 to R5 and R9: what is registered stays as long as its owner lives, and no longer. */
  @Nested
  @DisplayName("Registration")
  class Registration extends RegistrationClauses {
    Registration() {
      super(RegistryContract.this);
    }
  }

  /** R6 to R8: what has left does not come back, and takes nobody along. */
  @Nested
  @DisplayName("Leaving")
  class Leaving extends LeavingClauses {
    Leaving() {
      super(RegistryContract.this);
    }
  }

  /** R10 and R11: how failures look, and who may write. */
  @Nested
  @DisplayName("Ownership and errors")
  class Ownership extends OwnershipClauses {
    Ownership() {
      super(RegistryContract.this);
    }
  }

  /** W1, W2, W4, W5, W7, W9, W11 and W15: what a backend's own watch delivers. */
  @Nested
  @DisplayName("Watch: the backend's stream")
  class Stream extends StreamClauses {
    Stream() {
      super(RegistryContract.this);
    }
  }

  /** W1 to W5, W11 and W15: what a listener is given. */
  @Nested
  @DisplayName("Watch: the changes")
  class Watch extends WatchClauses {
    Watch() {
      super(RegistryContract.this);
    }
  }

  /** W8 to W10: listeners do not disturb each other. */
  @Nested
  @DisplayName("Watch: the listeners")
  class Listeners extends ListenerClauses {
    Listeners() {
      super(RegistryContract.this);
    }
  }

  /** R4, R6, R10, W6, W7, W12 and W13 over a line that breaks: the engine's part. */
  @Nested
  @DisplayName("Outages of the line")
  class Outages extends OutageClauses {
    Outages() {
      super(RegistryContract.this);
    }
  }

  /** The same clauses, and malformed entries, with faults of the store itself. */
  @Nested
  @DisplayName("Faults of the store")
  class StoreFaults extends FaultClauses {
    StoreFaults() {
      super(RegistryContract.this);
    }
  }

  /** W14: a sudden loss is doubted, a clean departure is not. */
  @Nested
  @DisplayName("Mass loss")
  class MassLoss extends MassLossClauses {
    MassLoss() {
      super(RegistryContract.this);
    }
  }

  /** L1 to L5. */
  @Nested
  @DisplayName("Lookup")
  class Lookup extends LookupClauses {
    Lookup() {
      super(RegistryContract.this);
    }
  }

  /** What is refused at the door, and what is kept byte for byte. */
  @Nested
  @DisplayName("Bad input")
  class BadInput extends InputClauses {
    BadInput() {
      super(RegistryContract.this);
    }
  }
}
