package dev.rollcall.consul;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * What tells two answers of {@code health/state/any} apart: a sum of hashes for each service, and
 * one for the checks of each node that belong to no service. Immutable once read.
 */
final class CheckDigest {
  private final Map<String, Long> services = new HashMap<>();
  private final Map<String, Long> nodes = new HashMap<>();

  void add(String node, String service, long hash) {
    long mixed = mix(hash, node);
    if (service.isEmpty()) {
      nodes.merge(node, mixed, Long::sum);
    } else {
      services.merge(service, mixed, Long::sum);
    }
  }

  /** Tells whether there was no check at all. */
  boolean isEmpty() {
    return services.isEmpty() && nodes.isEmpty();
  }

  /** Returns the services whose own checks differ. */
  Set<String> changedServices(CheckDigest before) {
    return changed(before.services, services);
  }

  /** Returns the nodes whose own checks differ. */
  Set<String> changedNodes(CheckDigest before) {
    return changed(before.nodes, nodes);
  }

  static long mix(long hash, String text) {
    long mixed = hash;
    for (int i = 0; i < text.length(); i++) {
      mixed = 31 * mixed + text.charAt(i);
    }
    // The end of the text counts too: "a" and "bc" are not "ab" and "c".
    mixed = (mixed ^ (mixed >>> 29)) * 0xbf58476d1ce4e5b9L + text.length();
    return mixed ^ (mixed >>> 32);
  }

  private static Set<String> changed(Map<String, Long> before, Map<String, Long> after) {
    Set<String> changed = new HashSet<>();
    after.forEach(
        (name, hash) -> {
          if (!hash.equals(before.get(name))) {
            changed.add(name);
          }
        });
    before
        .keySet()
        .forEach(
            name -> {
              if (!after.containsKey(name)) {
                changed.add(name);
              }
            });
    return changed;
  }
}
