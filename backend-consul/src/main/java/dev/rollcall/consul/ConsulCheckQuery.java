package dev.rollcall.consul;

import dev.rollcall.Health;
import dev.rollcall.RegistryException;
import java.util.Locale;

/**
 * Which checks a watch is of: all, those of a service, or those in a state. Immutable.
 *
 * @since 0.1.0
 */
public final class ConsulCheckQuery {
  private final String kind;
  private final String name;

  private ConsulCheckQuery(String kind, String name) {
    this.kind = kind;
    this.name = name;
  }

  /**
   * All checks, those of nodes included.
   *
   * @return the query
   */
  public static ConsulCheckQuery all() {
    return new ConsulCheckQuery("state", "any");
  }

  /**
   * The checks of a service's instances.
   *
   * @param service the service's name
   * @return the query
   * @throws RegistryException of kind {@code INVALID} where it is no name
   */
  public static ConsulCheckQuery ofService(String service) {
    return new ConsulCheckQuery("checks", ConsulWatches.requireName("service", service));
  }

  /**
   * The checks that are in a state.
   *
   * @param health the state
   * @return the query
   */
  public static ConsulCheckQuery in(Health health) {
    return new ConsulCheckQuery("state", health.name().toLowerCase(Locale.ROOT));
  }

  /** The segment below {@code health/}. */
  String kind() {
    return kind;
  }

  String name() {
    return name;
  }

  @Override
  public String toString() {
    return "checks:" + kind + "/" + name;
  }
}
