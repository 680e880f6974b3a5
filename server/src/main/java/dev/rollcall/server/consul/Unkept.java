package dev.rollcall.server.consul;

import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.QueryParams;
import java.util.List;

/**
 * Refuses what divides a registry that this one does not divide: to ignore it would be to answer
 * with another namespace's services, or to register in it. The words are an agent's. Stateless.
 */
final class Unkept {
  private static final String ENTERPRISE = " are a Consul Enterprise feature";

  private Unkept() {}

  /** Looks at parameters and headers, of any request. */
  static void require(QueryParams query, HttpHeaders headers) {
    requireNone("query parameter: \"ns\"", query.get("ns", ""), "Namespaces" + ENTERPRISE);
    requireNone(
        "query parameter: \"partition\"", query.get("partition", ""), "Partitions" + ENTERPRISE);
    requireNone(
        "query parameter: \"peer\"", query.get("peer", ""), "peers are not served by this centre");
    requireNone(
        "header: \"X-Consul-Namespace\"",
        headers.get("x-consul-namespace", ""),
        "Namespaces" + ENTERPRISE);
    requireNone(
        "header: \"X-Consul-Partition\"",
        headers.get("x-consul-partition", ""),
        "Partitions" + ENTERPRISE);
  }

  private static void requireNone(String what, String given, String why) {
    if (!given.isEmpty()) {
      throw RefusedException.bad("Bad request: Invalid " + what + " - " + why);
    }
  }

  /** Looks at what a body says of the same. */
  static void requireFields(Fields fields) {
    for (String field : List.of("Namespace", "Partition", "PeerName")) {
      String given = fields.text(field);
      if (!given.isEmpty() && !given.equals("default")) {
        throw RefusedException.bad(
            field
                + ": "
                + Fields.shown(given)
                + " (expected: none, since this registry is not divided)");
      }
    }
  }
}
