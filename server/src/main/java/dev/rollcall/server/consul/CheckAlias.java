package dev.rollcall.server.consul;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Whose checks an alias check follows: those of a service and of its node, or the node's alone.
 *
 * @param node its name; empty for the centre's own
 * @param service the service's ID; empty for the node
 */
record CheckAlias(String node, String service) {

  /** What such a check says. */
  record Said(String status, String output) {}

  /** Returns what the definition of a check names; null where it follows no other. */
  static @Nullable CheckAlias of(Fields fields) {
    CheckAlias alias = new CheckAlias(fields.text("AliasNode"), fields.text("AliasService"));
    return alias.node.isEmpty() && alias.service.isEmpty() ? null : alias;
  }

  /** Returns what is followed by a check of a centre. */
  InstanceId followed(String ownNode) {
    return new InstanceId(node.isEmpty() ? ownNode : node, service);
  }

  /**
   * Returns what a check says now, in an agent's words. An agent's check that follows its own node
   * follows itself, too, and never recovers; this one does not.
   */
  Said look(CatalogView view, CatalogCheck self) {
    InstanceId of = followed(self.node());
    List<CatalogCheck> checks = new ArrayList<>(view.checksOf(of.node(), ""));
    boolean isThere = service.isEmpty() ? !checks.isEmpty() : view.has(of);
    if (!isThere) {
      return new Said(
          CatalogCheck.CRITICAL, "Service " + service + " could not be found on node " + node);
    }
    if (!service.isEmpty()) {
      checks.addAll(view.checksOf(of.node(), service));
    }
    checks.removeIf(
        check ->
            (check.id().equals(self.id()) && check.node().equals(self.node()))
                // Without a node an agent asks itself, and that is not among its checks.
                || (node.isEmpty() && check.id().equals(Identity.SERF)));
    Said said =
        new Said(
            CatalogCheck.PASSING, checks.isEmpty() ? "No checks found." : "All checks passing.");
    for (CatalogCheck check : checks) {
      if (!check.status().equals(CatalogCheck.PASSING)) {
        said =
            new Said(
                check.status(),
                "Aliased check " + quoted(check.name()) + " failing: " + check.output());
        if (check.status().equals(CatalogCheck.CRITICAL)) {
          return said;
        }
      }
    }
    return said;
  }

  private static String quoted(String name) {
    return '"' + name.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }
}
