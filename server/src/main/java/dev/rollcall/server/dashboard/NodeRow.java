package dev.rollcall.server.dashboard;

import dev.rollcall.Health;
import dev.rollcall.server.consul.CatalogReader;
import dev.rollcall.server.consul.ListedCheck;

/**
 * A node with how the instances on it do. Immutable.
 *
 * @param node the node with its own checks
 * @param on how many instances on it do how
 */
record NodeRow(CatalogReader.ListedNode node, ServiceCounts on) {

  /** Returns the worst of its own checks and of its instances. */
  Health health() {
    Health worst = on.worst();
    for (ListedCheck check : node.checks()) {
      worst = worst.worse(check.status());
    }
    return worst;
  }

  boolean isWanted(Wanted wanted) {
    return wanted.has(health())
        && (wanted.node().isEmpty() || wanted.node().equals(node.name()))
        && wanted.isIn(node.name() + "\n" + node.address() + "\n" + node.metadata());
  }
}
