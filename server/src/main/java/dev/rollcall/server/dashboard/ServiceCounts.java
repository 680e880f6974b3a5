package dev.rollcall.server.dashboard;

import dev.rollcall.Health;

/**
 * How the instances of a service, or on a node, do, as a row of the page shows it. Immutable.
 *
 * @param name the name of the service or node
 * @param passing how many instances pass
 * @param warning how many warn
 * @param critical how many are critical; where all three are 0 the service is gone
 */
record ServiceCounts(String name, int passing, int warning, int critical) {
  static ServiceCounts none(String name) {
    return new ServiceCounts(name, 0, 0, 0);
  }

  /** Returns the same with one instance more, or fewer. */
  ServiceCounts with(Health health, int more) {
    return switch (health) {
      case PASSING -> new ServiceCounts(name, passing + more, warning, critical);
      case WARNING -> new ServiceCounts(name, passing, warning + more, critical);
      case CRITICAL -> new ServiceCounts(name, passing, warning, critical + more);
    };
  }

  /** Returns both together. */
  ServiceCounts and(ServiceCounts other) {
    return new ServiceCounts(
        name, passing + other.passing, warning + other.warning, critical + other.critical);
  }

  boolean isNone() {
    return passing == 0 && warning == 0 && critical == 0;
  }

  /** Returns how the worst of them does; passing where there is none. */
  Health worst() {
    return critical > 0 ? Health.CRITICAL : warning > 0 ? Health.WARNING : Health.PASSING;
  }

  /** Returns about how many bytes it takes in an event. */
  int size() {
    return 24 + ChangeRecord.escapedLength(name);
  }
}
