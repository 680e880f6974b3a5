package dev.rollcall.junit;

import static java.util.Objects.requireNonNull;

import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.kv.KeyValueStore;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Gives JUnit Jupiter a {@link FakeStore}: opened before a test, closed after it.
 *
 * <pre>{@code
 * @RegisterExtension final RollcallExtension rollcall = RollcallExtension.inMemory();
 *
 * @Test
 * void copesWithAnOutage() {
 *   FakeService payments = rollcall.service("payments").passing("10.0.0.7:8080");
 *   Checkout checkout = new Checkout(payments.view());
 *   payments.outage();
 *   checkout.pay();
 * }
 * }</pre>
 *
 * <p>In a field of an instance each test has a store of its own. In a static field, or where one
 * instance of the class runs all tests, the tests of the class share one, those of nested classes
 * included.
 *
 * <p>Parameters of type {@link FakeStore}, {@link Registry} and {@link KeyValueStore} are given as
 * well. So the class can do without the field, by {@code @ExtendWith(RollcallExtension.class)}: a
 * test that asks for one of them has a store of its own then, and what asks for a class, as a
 * {@code @BeforeAll} method or a constructor, has one that the class shares.
 *
 * <p>Thread-safe, so that tests of a class may run at the same time.
 *
 * @since 0.1.0
 */
public final class RollcallExtension
    implements BeforeAllCallback,
        BeforeEachCallback,
        AfterEachCallback,
        AfterAllCallback,
        ParameterResolver {
  private static final Namespace NAMESPACE = Namespace.create(RollcallExtension.class);

  private static final Map<Class<?>, Function<FakeStore, Object>> PARAMETERS =
      Map.of(
          FakeStore.class, store -> store,
          Registry.class, FakeStore::registry,
          KeyValueStore.class, FakeStore::keyValueStore);

  private final boolean isInField;

  /** Of a field. Written by JUnit's thread before and after the tests that read it. */
  private volatile @Nullable FakeStore store;

  private int depth; // guarded by this: the classes that share the store, one within the other

  /** For {@code @ExtendWith}; fields have {@link #inMemory()}. */
  public RollcallExtension() {
    this(false);
  }

  private RollcallExtension(boolean isInField) {
    this.isInField = isInField;
  }

  /**
   * Creates an extension for a field.
   *
   * @return a new extension
   */
  public static RollcallExtension inMemory() {
    return new RollcallExtension(true);
  }

  /**
   * Returns the store.
   *
   * @return the present one
   * @throws IllegalStateException outside of the tests, or where the extension is in no field
   */
  public FakeStore store() {
    FakeStore present = store;
    if (present == null) {
      throw new IllegalStateException(
          "store: none (expected: RollcallExtension.inMemory() in a @RegisterExtension field,"
              + " within a test)");
    }
    return present;
  }

  /**
   * Returns the registry of the store.
   *
   * @return as {@link FakeStore#registry()}
   */
  public Registry registry() {
    return store().registry();
  }

  /**
   * Returns the key-value store.
   *
   * @return as {@link FakeStore#keyValueStore()}
   */
  public KeyValueStore keyValueStore() {
    return store().keyValueStore();
  }

  /**
   * Returns the test's hand on a service.
   *
   * @param name the service's name
   * @return as {@link FakeStore#service}
   * @throws RegistryException as there
   */
  public FakeService service(String name) {
    return store().service(name);
  }

  /**
   * Returns the test's hand on the keys and values.
   *
   * @return as {@link FakeStore#keyValues()}
   */
  public FakeKeyValues keyValues() {
    return store().keyValues();
  }

  /**
   * Returns the URI by which code under test opens the store itself.
   *
   * @return as {@link FakeStore#uri()}
   */
  public String uri() {
    return store().uri();
  }

  /**
   * Starts a registry centre in front of the store.
   *
   * @return as {@link FakeStore#centre()}
   * @throws RegistryException as there
   */
  public URI centre() {
    return store().centre();
  }

  /** Breaks the connection to the store, as {@link FakeStore#outage()}. */
  public void outage() {
    store().outage();
  }

  /** Has the store refuse, as {@link FakeStore#denied()}. */
  public void denied() {
    store().denied();
  }

  /** Has the store work again, as {@link FakeStore#recover()}. */
  public void recover() {
    store().recover();
  }

  /**
   * Lets time pass, as {@link FakeStore#advance}.
   *
   * @param by zero to 1 day
   * @throws RegistryException as there
   */
  public void advance(Duration by) {
    store().advance(by);
  }

  @Override
  public void beforeAll(ExtensionContext context) {
    begin();
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    begin();
  }

  @Override
  public void afterEach(ExtensionContext context) {
    closeGiven(context);
    end();
  }

  @Override
  public void afterAll(ExtensionContext context) {
    closeGiven(context);
    end();
  }

  private synchronized void begin() {
    if (isInField && depth++ == 0) {
      store = FakeStore.open();
    }
  }

  private synchronized void end() {
    FakeStore present = store;
    if (isInField && --depth == 0 && present != null) {
      store = null;
      present.close();
    }
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return PARAMETERS.containsKey(parameter.getParameter().getType());
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    FakeStore present = store;
    return requireNonNull(PARAMETERS.get(parameter.getParameter().getType()))
        .apply(present != null ? present : given(context));
  }

  /** The store that this context, or one around it, was given; else a new one. */
  private static FakeStore given(ExtensionContext context) {
    ExtensionContext.Store values = context.getStore(NAMESPACE);
    Given known = values.get(Given.class, Given.class);
    if (known == null) {
      known = new Given(FakeStore.open());
      values.put(Given.class, known);
    }
    return known.store;
  }

  private static void closeGiven(ExtensionContext context) {
    Given given = context.getStore(NAMESPACE).remove(Given.class, Given.class);
    if (given != null) {
      given.store.close();
    }
  }

  /** Not closeable itself: which values JUnit closes depends on its version. */
  private record Given(FakeStore store) {}
}
