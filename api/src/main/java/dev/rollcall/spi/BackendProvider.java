package dev.rollcall.spi;

import dev.rollcall.RegistryException;
import java.util.Set;

/**
 * Opens a backend by URI. Found by {@link java.util.ServiceLoader}, see {@link
 * dev.rollcall.spi.support.BackendProviders}.
 *
 * @since 0.1.0
 */
public interface BackendProvider {

  /**
   * Returns the URI schemes that this provider opens.
   *
   * @return lower-case names, {@code memory} or {@code etcd} and {@code etcds}
   */
  Set<String> schemes();

  /**
   * Opens a backend. Does not wait for the store: one that is down is heard of by the first call.
   *
   * <p>Whatever the backend does for its opener runs on the timer that it is given: deadlines,
   * back-off, renewals of its own. The timer is the opener's, who closes it once the backend is
   * closed. A store inside the process that outlives its openers, as {@code memory:name} does, is
   * no part of the backend in this sense: as a server elsewhere it has a clock of its own, and by
   * that its leases run out.
   *
   * @param uri what to open; every option that the provider does not know must be refused
   * @param timer the monotonic clock and scheduler of the registry that will use the backend
   * @return an open backend, the caller's to close
   * @throws RegistryException of kind {@code INVALID} where the URI has a fault, naming the part
   *     and the rule
   */
  RegistryBackend open(BackendUri uri, Timer timer);

  /**
   * Names the store of instances behind a URI: what was kept on disk of one store is not shown for
   * another. By default that is scheme, hosts and path. A provider some of whose options select
   * other instances, as a namespace does, overrides this and names these too.
   *
   * @param uri one that was opened
   * @return a text without secrets, different for stores that hold different instances
   * @see BackendUri#identity
   */
  default String identity(BackendUri uri) {
    return uri.identity();
  }

  /**
   * Opens the key-value store behind a URI. Does not wait for the store. The same URI opens the
   * registry too, and neither sees the other's entries. Refused unless a provider overrides it.
   *
   * @param uri what to open; every option that the provider does not know must be refused
   * @param timer the monotonic clock and scheduler of the user of the backend
   * @return an open backend, the caller's to close
   * @throws RegistryException of kind {@code INVALID} where the URI has a fault, naming the part
   *     and the rule, or the backend keeps no keys and values
   */
  default KeyValueBackend openKeyValue(BackendUri uri, Timer timer) {
    throw RegistryException.invalid(
        "uri: scheme \"" + uri.scheme() + "\" (expected: a backend that keeps keys and values)");
  }
}
