package dev.rollcall.spi;

import static java.util.Objects.requireNonNull;

/**
 * What a watch or a snapshot covers: one service, or everything.
 *
 * @since 0.1.0
 */
public sealed interface Selector {

  /**
   * Selects one service.
   *
   * @param name the service's name
   * @return the selector
   */
  static Selector service(String name) {
    return new OfService(name);
  }

  /**
   * Selects every service: the catalog.
   *
   * @return the selector
   */
  static Selector everything() {
    return new Everything();
  }

  /**
   * Tells whether a service is selected.
   *
   * @param service its name
   * @return whether it is
   */
  boolean selects(String service);

  /**
   * One service.
   *
   * @param name its name
   */
  record OfService(String name) implements Selector {
    /**
     * Checks that the name is not null.
     *
     * @param name as the record says
     */
    public OfService {
      requireNonNull(name, "name");
    }

    @Override
    public boolean selects(String service) {
      return name.equals(service);
    }
  }

  /** Every service. */
  record Everything() implements Selector {
    @Override
    public boolean selects(String service) {
      return true;
    }
  }
}
