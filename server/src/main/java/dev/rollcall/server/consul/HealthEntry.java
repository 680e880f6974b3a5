package dev.rollcall.server.consul;

import dev.rollcall.Health;
import java.util.List;

/** An instance with its node and the checks that bear on it: its own and its node's. */
record HealthEntry(CatalogNode node, CatalogService service, List<CatalogCheck> checks) {

  /** Tells whether no check is worse than passing. */
  boolean isPassing() {
    for (CatalogCheck check : checks) {
      if (!check.status().equals(CatalogCheck.PASSING)) {
        return false;
      }
    }
    return true;
  }

  /** Returns the worst of what its checks say; passing where it has none. */
  Health health() {
    Health worst = Health.PASSING;
    for (CatalogCheck check : checks) {
      worst = worst.worse(check.health());
    }
    return worst;
  }
}
