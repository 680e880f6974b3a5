package dev.rollcall.stork;

import dev.rollcall.Registry;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The registries that Stork's services use: one for each URI, shared by all services of the
 * process, and opened when a service is defined. Stork never closes what it has made, so they are
 * closed, and what they have registered is deregistered, when the JVM shuts down, or by {@link
 * #close()}.
 *
 * <p>Thread-safe: the map is a concurrent one, and nothing else is shared.
 *
 * @since 0.1.0
 */
public final class RollcallStork {
  /** The type of the service discovery, of the registrar and of the load balancer. */
  public static final String TYPE = "rollcall";

  private static final Map<String, Registry> REGISTRIES = new ConcurrentHashMap<>();

  private RollcallStork() {}

  /**
   * Returns the registry that Stork's services use for a URI, and opens it where none has asked for
   * it yet. Does not wait for the store.
   *
   * @param uri as for {@link Registry#open(String)}; told from others by its text
   * @return an open registry, not the caller's to close
   * @throws dev.rollcall.RegistryException of kind {@code INVALID} where the URI has a fault
   * @throws IllegalStateException where the JVM is shutting down
   */
  public static Registry registry(String uri) {
    return REGISTRIES.computeIfAbsent(uri, it -> Registry.builder(it).closeOnShutdown().build());
  }

  /**
   * Closes all registries, as {@link Registry#close()} does: for tests, and for containers that
   * load an application anew. Services that were defined before keep their last state and follow it
   * no more.
   */
  public static void close() {
    for (String uri : List.copyOf(REGISTRIES.keySet())) {
      Registry registry = REGISTRIES.remove(uri);
      if (registry != null) {
        registry.close();
      }
    }
  }
}
