package dev.rollcall.junit;

import dev.rollcall.Arguments;
import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceName;
import dev.rollcall.kv.KeyValueStore;
import dev.rollcall.memory.MemoryStore;
import dev.rollcall.spi.BackendUri;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.support.BackendProviders;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A private store in memory that a test drives: what is there, whether it answers, and how time
 * passes. What the code under test is given is the real thing on it, a {@link Registry} with its
 * views, balancers and listeners, and a {@link KeyValueStore}. {@link RollcallExtension} opens and
 * closes one in JUnit Jupiter; elsewhere a test does that itself. Thread-safe.
 *
 * <pre>{@code
 * try (FakeStore store = FakeStore.open()) {
 *   FakeService payments = store.service("payments").passing("10.0.0.7:8080");
 *   Checkout checkout = new Checkout(payments.view());
 *   payments.outage();
 *   checkout.pay();
 * }
 * }</pre>
 *
 * <p><b>When a change shows.</b> A view of a service shows what a method of a fake has changed when
 * that method returns, and so do reads of the registry and of the key-value store. (Where another
 * thread changes the same service at that moment, one of the two shows it for both.) Listeners,
 * futures, streams and views of keys are fed by threads of their own, as always: a test awaits what
 * it expects of them.
 *
 * <p><b>What is not as in production.</b> A call is answered on the spot. No instance is shown
 * longer than it is there, since mass-loss protection would connect to addresses that a test has
 * made up: {@link FakeService#doubted} shows what code makes of it. A registry that is opened by
 * {@link #uri()} has its own settings, of which that is one.
 *
 * @since 0.1.0
 */
public final class FakeStore implements AutoCloseable {
  static final String SCHEME = "fake";

  private static final Map<String, FakeStore> OPEN = new ConcurrentHashMap<>();
  private static final AtomicLong NUMBERS = new AtomicLong();

  private final String number = String.valueOf(NUMBERS.incrementAndGet());
  private final SkippingTimer timer = new SkippingTimer();

  /** Without its guard: what a test lets run out runs out. */
  private final MemoryStore memory = MemoryStore.builder(timer).withoutGuard().build();

  private final RegistryBackend inside = memory.open();
  private final String owner = UUID.randomUUID().toString();
  private final AtomicLong epochs = new AtomicLong();
  private final Line line = new Line();
  private final Map<String, FakeService> services = new ConcurrentHashMap<>();
  private final FakeKeyValues keyValues;

  // All guarded by this; opened when they are asked for.
  private @Nullable Registry registry;
  private @Nullable KeyValueStore keyValueStore;
  private @Nullable CentreOfTest centre;
  private boolean closed;

  private FakeStore() {
    keyValues =
        new FakeKeyValues(this, BackendProviders.openKeyValue("memory:", timer), line.part());
    OPEN.put(number, this);
  }

  /**
   * Opens an empty store that works.
   *
   * @return a store of the caller's own, the caller's to close
   */
  public static FakeStore open() {
    return new FakeStore();
  }

  /** Returns the open store that a URI names. */
  static FakeStore of(BackendUri uri) {
    uri.requireOnly(Set.of());
    FakeStore named = uri.hosts().isEmpty() ? OPEN.get(uri.path()) : null;
    if (named == null) {
      throw RegistryException.invalid(
          "uri: no such store for "
              + SCHEME
              + ": (expected: what FakeStore.uri() of an open one"
              + " says)");
    }
    return named;
  }

  /**
   * Returns the registry of this store, to be handed to the code under test. It is closed with the
   * store; to play further processes, open others by {@link #uri()}.
   *
   * @return the same registry at every call
   */
  public synchronized Registry registry() {
    requireOpen();
    Registry opened = registry;
    if (opened == null) {
      opened =
          Registry.builder(openBackend())
              .timer(timer)
              .massLossProtection(1, Duration.ofMinutes(5))
              .build();
      registry = opened;
    }
    return opened;
  }

  /**
   * Returns the key-value store, to be handed to the code under test. It is closed with this store.
   *
   * @return the same store at every call
   */
  public synchronized KeyValueStore keyValueStore() {
    requireOpen();
    KeyValueStore opened = keyValueStore;
    if (opened == null) {
      opened = KeyValueStore.builder(keyValues.openBackend()).timer(timer).build();
      keyValueStore = opened;
    }
    return opened;
  }

  /**
   * Returns the test's hand on a service.
   *
   * @param name the service's name
   * @return the same object for the same name
   * @throws RegistryException of kind {@code INVALID} where the name breaks the rule of {@link
   *     ServiceName}
   */
  public FakeService service(String name) {
    return services.computeIfAbsent(
        ServiceName.check(name), same -> new FakeService(this, same, line.part()));
  }

  /**
   * Returns the test's hand on the keys and values.
   *
   * @return the same object at every call
   */
  public FakeKeyValues keyValues() {
    return keyValues;
  }

  /**
   * Returns a URI by which code under test, or a {@link dev.rollcall.server.Centre}, opens this
   * store as it opens any other one in this process: {@code Registry.open(store.uri())}. Such a
   * registry lives by its own clock, which {@link #advance} leaves alone.
   *
   * @return {@code fake:number}
   */
  public String uri() {
    return SCHEME + ":" + number;
  }

  /**
   * Starts a registry centre in front of this store, once: Consul's HTTP API, for code under test
   * that comes in over the network. Needs {@code dev.rollcall:rollcall-server} among the
   * dependencies of the tests. Blocks until it serves. It is closed with the store, and lives by
   * its own clock.
   *
   * @return {@code http://127.0.0.1:port}, the same at every call
   * @throws RegistryException of kind {@code INVALID} where {@code rollcall-server} is missing
   */
  public synchronized URI centre() {
    requireOpen();
    CentreOfTest started = centre;
    if (started == null) {
      started = CentreOfTest.start(uri());
      centre = started;
    }
    return started.uri();
  }

  /**
   * Breaks the connection to the store: calls fail as {@code UNAVAILABLE}, what was read turns
   * stale. What is in the store stays, and fakes change it all the same.
   *
   * @return this
   */
  public FakeStore outage() {
    line.breakBy(unavailable("the store"));
    return this;
  }

  /**
   * Has the store refuse: calls fail as {@code DENIED}, what was read turns stale.
   *
   * @return this
   */
  public FakeStore denied() {
    line.breakBy(refused("the store"));
    return this;
  }

  /**
   * Has the store work again, with all that is in it: ends {@link #outage} and {@link #denied}
   * here, and whatever was said of single services and of the keys.
   *
   * @return this
   */
  public FakeStore recover() {
    line.mend();
    return this;
  }

  /**
   * Lets time pass: that of leases, heartbeats, back-off, ejection, and of the age of what is
   * stale. Time also passes by itself. Returns when what fell due has run on the calling thread,
   * step by step. What only a thread waits for, as {@link dev.rollcall.ServiceView#await} does,
   * goes by the real clock.
   *
   * @param by zero to 1 day
   * @throws RegistryException of kind {@code INVALID} where it is out of bounds
   */
  public void advance(Duration by) {
    timer.advance(Arguments.between("by", by, Duration.ZERO, Arguments.MAX_TTL));
  }

  /**
   * Closes the registry, the key-value store and the centre, and drops what is in the store. The
   * connection is mended first, so that nothing waits for what a test has broken. Registries that
   * others have opened by the {@link #uri()} see a store that is gone. Idempotent.
   */
  @Override
  public void close() {
    Registry ownRegistry;
    KeyValueStore ownValues;
    CentreOfTest ownCentre;
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      ownRegistry = registry;
      ownValues = keyValueStore;
      ownCentre = centre;
    }
    // Under no lock: a callback that is waited for may ask this store for something.
    OPEN.remove(number);
    recover();
    if (ownCentre != null) {
      ownCentre.close();
    }
    if (ownRegistry != null) {
      ownRegistry.close();
    }
    if (ownValues != null) {
      ownValues.close();
    }
    keyValues.close();
    inside.close();
    memory.close();
    timer.close();
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the fake store is closed");
    }
  }

  RegistryBackend openBackend() {
    return new LineBackend(memory.open(), this::line);
  }

  private Line line(Selector selected) {
    return selected instanceof Selector.OfService one ? service(one.name()).line() : line;
  }

  /** The way into the store that nothing breaks. */
  RegistryBackend inside() {
    return inside;
  }

  /** An owner of what a test puts there, at a later epoch each time. */
  Owner owner() {
    return new Owner(owner, epochs.incrementAndGet());
  }

  static RegistryException unavailable(String what) {
    return RegistryException.unavailable(what + " is away: the test has made an outage", null);
  }

  static RegistryException refused(String what) {
    return RegistryException.denied(what + " refuses: the test has denied it", null);
  }

  /** What a store in memory answers, which it does on the spot. */
  static <T extends @Nullable Object> T answer(CompletionStage<T> call) {
    try {
      return call.toCompletableFuture().join();
    } catch (CompletionException failed) {
      if (failed.getCause() instanceof RegistryException why) {
        throw why;
      }
      throw failed;
    }
  }
}
