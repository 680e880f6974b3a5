package dev.rollcall.spi;

import dev.rollcall.RegistryException;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeSet;

/** Opens a backend by URI. Found by {@link java.util.ServiceLoader}. */
public interface BackendProvider {

  /**
   * Opens the backend on the class path that knows a URI's scheme.
   *
   * @param uri the store's URI
   * @param timer the monotonic clock and scheduler of whoever will use the backend
   * @return an open backend, the caller's to close
   * @throws RegistryException of kind {@code INVALID} where the URI has a fault or no backend knows
   *     its scheme
   */
  static RegistryBackend openByUri(String uri, Timer timer) {
    BackendUri parsed = BackendUri.parse(uri);
    TreeSet<String> known = new TreeSet<>();
    try {
      for (BackendProvider provider : ServiceLoader.load(BackendProvider.class)) {
        if (provider.schemes().contains(parsed.scheme())) {
          return provider.open(parsed, timer);
        }
        known.addAll(provider.schemes());
      }
    } catch (ServiceConfigurationError broken) {
      throw new RegistryException(
          RegistryException.Kind.INVALID, "a backend on the class path cannot be loaded", broken);
    }
    throw RegistryException.invalid(
        "uri: no backend on the class path for \""
            + parsed.scheme()
            + ":\" (expected: "
            + (known.isEmpty() ? "add a rollcall-backend module" : String.join(", ", known))
            + ")");
  }

  /**
   * Returns the URI schemes that this provider opens.
   *
   * @return lower-case names, {@code memory} or {@code etcd} and {@code etcds}
   */
  Set<String> schemes();

  /**
   * Opens a backend. Does not wait for the store: one that is down is heard of by the first call.
   *
   * @param uri what to open; every option that the provider does not know must be refused
   * @param timer the monotonic clock and scheduler of the registry that will use the backend
   * @return an open backend, the caller's to close
   * @throws RegistryException of kind {@code INVALID} where the URI has a fault, naming the part
   *     and the rule
   */
  RegistryBackend open(BackendUri uri, Timer timer);
}
