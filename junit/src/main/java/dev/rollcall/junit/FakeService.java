package dev.rollcall.junit;

import static java.util.Objects.requireNonNull;

import dev.rollcall.Arguments;
import dev.rollcall.Health;
import dev.rollcall.InstanceKey;
import dev.rollcall.Liveness;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceView;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest;
import dev.rollcall.spi.RegisterRequest.Claim;
import dev.rollcall.spi.Selector;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A service of a {@link FakeStore}, as a test wants it to be. The {@link #view()} on it is the
 * engine's own. A method that changes something returns this, and the change shows as {@link
 * FakeStore} says. Thread-safe.
 *
 * <p>An instance that is given by its address is plain: its id is the address, as it was written.
 *
 * @since 0.1.0
 */
public final class FakeService {
  private static final Pattern ADDRESS =
      Pattern.compile("(?:\\[([^\\[\\]]+)]|([^:]+)):([0-9]{1,5})");

  private final FakeStore store;
  private final String name;
  private final Line line;

  FakeService(FakeStore store, String name, Line line) {
    this.store = store;
    this.name = name;
    this.line = line;
  }

  Line line() {
    return line;
  }

  /**
   * Returns the service's name.
   *
   * @return the name
   */
  public String name() {
    return name;
  }

  /**
   * Returns the view of this service in the {@linkplain FakeStore#registry() registry} of the
   * store, to be handed to the code under test. The view is not made by this call, but by {@link
   * dev.rollcall.Registry#service}.
   *
   * @return the live view
   */
  public ServiceView view() {
    return store.registry().service(name);
  }

  /**
   * Puts passing instances there, or makes those that are there pass.
   *
   * @param addresses {@code host:port} each, an IPv6 address in brackets
   * @return this
   * @throws RegistryException of kind {@code INVALID} where one is no address; those before it are
   *     there then
   */
  public FakeService passing(String... addresses) {
    return put(Health.PASSING, addresses);
  }

  /**
   * Puts instances there that ask to be left alone, or makes those that are there ask so.
   *
   * @param addresses as for {@link #passing}
   * @return this
   * @throws RegistryException as for {@link #passing}
   */
  public FakeService warning(String... addresses) {
    return put(Health.WARNING, addresses);
  }

  /**
   * Puts instances there that must not be called, or makes those that are there such.
   *
   * @param addresses as for {@link #passing}
   * @return this
   * @throws RegistryException as for {@link #passing}
   */
  public FakeService critical(String... addresses) {
    return put(Health.CRITICAL, addresses);
  }

  /**
   * Puts an instance there as it is, with tags, metadata, zone, weight and health. One of the same
   * id is replaced; where the code under test has registered that one, it is fenced.
   *
   * @param instance of this service
   * @return this
   * @throws RegistryException of kind {@code INVALID} where it is of another service
   */
  public FakeService put(ServiceInstance instance) {
    if (!instance.service().equals(name)) {
      throw RegistryException.invalid(
          "service: "
              + Arguments.shown(instance.service())
              + " (expected: "
              + Arguments.shown(name)
              + "), instance "
              + instance.id());
    }
    var unused =
        FakeStore.answer(
            store
                .inside()
                .register(
                    new RegisterRequest(
                        instance, Liveness.permanent(), store.owner(), Claim.TAKE_OVER),
                    end -> {}));
    return this;
  }

  private FakeService put(Health health, String... addresses) {
    for (String address : addresses) {
      Matcher form = ADDRESS.matcher(Arguments.notNull("address", address, ""));
      if (!form.matches()) {
        throw RegistryException.invalid(
            "address: "
                + Arguments.shown(address)
                + " (expected: host:port, an IPv6 address in brackets), service "
                + name);
      }
      String host = form.group(1) != null ? form.group(1) : form.group(2);
      put(
          ServiceInstance.builder(name)
              .id(address)
              .address(requireNonNull(host), Integer.parseInt(requireNonNull(form.group(3))))
              .health(health)
              .build());
    }
    return this;
  }

  /**
   * Takes instances away, as deregistered. One that the code under test has registered is put back
   * by its {@link dev.rollcall.Registration}, as always.
   *
   * @param ids which, that is the addresses of those that were given by address; one that is not
   *     there is ignored
   * @return this
   */
  public FakeService gone(String... ids) {
    for (String id : ids) {
      FakeStore.answer(store.inside().deregister(new InstanceKey(name, id), Owner.ANY));
    }
    return this;
  }

  /**
   * Takes all instances away, as {@link #gone} does.
   *
   * @return this
   */
  public FakeService allGone() {
    instances().forEach(instance -> gone(instance.id()));
    return this;
  }

  /**
   * Returns what is in the store, also while it cannot be reached: what the test has put there, and
   * what the code under test has registered.
   *
   * @return all instances in any health, by id
   */
  public List<ServiceInstance> instances() {
    return FakeStore.answer(store.inside().snapshot(Selector.service(name))).instances().stream()
        .sorted((a, b) -> a.key().compareTo(b.key()))
        .toList();
  }

  /**
   * Breaks the connection as far as this service needs it: its views turn stale (or keep loading,
   * with a cause), calls for it fail as {@code UNAVAILABLE}. The catalog is left alone.
   *
   * @return this
   */
  public FakeService outage() {
    line.breakBy(FakeStore.unavailable("service " + name));
    return this;
  }

  /**
   * Has the store refuse what concerns this service: its views turn stale, calls for it fail as
   * {@code DENIED}. The catalog is left alone.
   *
   * @return this
   */
  public FakeService denied() {
    line.breakBy(FakeStore.refused("service " + name));
    return this;
  }

  /**
   * Has the store doubt what it shows: the views of this service are {@link
   * dev.rollcall.Freshness.Protected} with this reason, as after a sudden loss. The catalog is left
   * alone.
   *
   * @param reason a sentence, not empty
   * @return this
   * @throws RegistryException of kind {@code INVALID} where the reason is empty
   */
  public FakeService doubted(String reason) {
    if (Arguments.notNull("reason", reason, "").isEmpty()) {
      throw RegistryException.invalid("reason: \"\" (expected: a sentence), service " + name);
    }
    line.doubt(reason);
    return this;
  }

  /**
   * Ends {@link #outage}, {@link #denied} and {@link #doubted} of this service. Those of the whole
   * store are ended by {@link FakeStore#recover()}.
   *
   * @return this
   */
  public FakeService recover() {
    line.mend();
    return this;
  }
}
