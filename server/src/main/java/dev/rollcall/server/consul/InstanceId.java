package dev.rollcall.server.consul;

/** Which instance: Consul's IDs are unique on a node. Ordered as Consul lists them. */
record InstanceId(String node, String id) implements Comparable<InstanceId> {
  @Override
  public int compareTo(InstanceId other) {
    int byNode = node.compareTo(other.node);
    return byNode != 0 ? byNode : id.compareTo(other.id);
  }
}
