package dev.rollcall.spi;

import dev.rollcall.RegistryException;
import java.util.Set;

/** Opens a backend by URI. Found by {@link java.util.ServiceLoader}. */
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
   * @param uri what to open; every option that the provider does not know must be refused
   * @param timer the monotonic clock and scheduler of the registry that will use the backend
   * @return an open backend, the caller's to close
   * @throws RegistryException of kind {@code INVALID} where the URI has a fault, naming the part
   *     and the rule
   */
  RegistryBackend open(BackendUri uri, Timer timer);
}
