package dev.rollcall.server.consul;

/**
 * Which instance: Consul's IDs are unique on a node. Ordered as Consul lists them.
 *
 * @param node the node's name
 * @param id the ID on it; empty for the node itself
 * @since 0.1.0
 */
public record InstanceId(String node, String id) implements Comparable<InstanceId> {
  @Override
  public int compareTo(InstanceId other) {
    int byNode = node.compareTo(other.node);
    return byNode != 0 ? byNode : id.compareTo(other.id);
  }
}
