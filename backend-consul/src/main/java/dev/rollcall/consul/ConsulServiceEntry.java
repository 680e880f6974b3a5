package dev.rollcall.consul;

import dev.rollcall.Health;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * All that Consul says of one instance, typed. What a server does not send, because it is too old
 * or does not know it, is absent. Read with {@link ConsulBackend#entries} and {@link
 * ConsulBackend#local}. Immutable.
 *
 * @param id the ID, unique on its node; see the module's README on how it relates to an instance's
 *     id
 * @param service the service's name
 * @param node where it was registered; absent in what an agent says of itself
 * @param kind absent for a typical service, else {@code connect-proxy} and the like
 * @param tags in their order
 * @param meta with the library's own {@code rollcall-…} entries
 * @param port 0 where none was registered
 * @param ports named ports, empty where there is but one
 * @param address empty where it is the node's
 * @param socketPath the path of a Unix socket
 * @param taggedAddresses by name
 * @param weights for DNS
 * @param enableTagOverride whether the catalog may change the tags
 * @param createIndex when it was created
 * @param modifyIndex when it was last changed
 * @param contentHash what an agent's own queries block on
 * @param proxy the proxy's configuration, as JSON text
 * @param connect what is said of Connect, as JSON text
 * @param peerName the peer that it is imported from
 * @param namespace the namespace
 * @param partition the admin partition
 * @param datacenter the datacentre
 * @param locality region and zone
 * @param checks those of the instance and those of its node
 * @since 0.1.0
 */
public record ConsulServiceEntry(
    String id,
    String service,
    Optional<Node> node,
    Optional<String> kind,
    List<String> tags,
    Map<String, String> meta,
    int port,
    List<Port> ports,
    String address,
    Optional<String> socketPath,
    Map<String, Address> taggedAddresses,
    Optional<Weights> weights,
    Optional<Boolean> enableTagOverride,
    OptionalLong createIndex,
    OptionalLong modifyIndex,
    Optional<String> contentHash,
    Optional<String> proxy,
    Optional<String> connect,
    Optional<String> peerName,
    Optional<String> namespace,
    Optional<String> partition,
    Optional<String> datacenter,
    Optional<Locality> locality,
    List<Check> checks) {

  /**
   * Copies lists and maps.
   *
   * @param id as the record says
   * @param service as the record says
   * @param node as the record says
   * @param kind as the record says
   * @param tags as the record says
   * @param meta as the record says
   * @param port as the record says
   * @param ports as the record says
   * @param address as the record says
   * @param socketPath as the record says
   * @param taggedAddresses as the record says
   * @param weights as the record says
   * @param enableTagOverride as the record says
   * @param createIndex as the record says
   * @param modifyIndex as the record says
   * @param contentHash as the record says
   * @param proxy as the record says
   * @param connect as the record says
   * @param peerName as the record says
   * @param namespace as the record says
   * @param partition as the record says
   * @param datacenter as the record says
   * @param locality as the record says
   * @param checks as the record says
   */
  public ConsulServiceEntry {
    tags = List.copyOf(tags);
    meta = Map.copyOf(meta);
    ports = List.copyOf(ports);
    taggedAddresses = Map.copyOf(taggedAddresses);
    checks = List.copyOf(checks);
  }

  /**
   * Returns the worst of all checks, those of the node included.
   *
   * @return {@link Health#PASSING} where there is no check
   */
  public Health health() {
    Health worst = Health.PASSING;
    for (Check check : checks) {
      worst = worst.worse(check.health());
    }
    return worst;
  }

  /**
   * A machine that runs an agent, or one that was registered from outside.
   *
   * @param name its name, unique within the datacentre
   * @param id its UUID
   * @param address its address, possibly empty
   * @param taggedAddresses by name, {@code lan} and {@code wan}
   * @param meta its metadata
   */
  public record Node(
      String name,
      Optional<String> id,
      String address,
      Map<String, String> taggedAddresses,
      Map<String, String> meta) {
    /**
     * Copies the maps.
     *
     * @param name as the record says
     * @param id as the record says
     * @param address as the record says
     * @param taggedAddresses as the record says
     * @param meta as the record says
     */
    public Node {
      taggedAddresses = Map.copyOf(taggedAddresses);
      meta = Map.copyOf(meta);
    }
  }

  /**
   * A further address. Unlike {@link dev.rollcall.HostPort} it is not checked.
   *
   * @param address as it stands
   * @param port as it stands
   */
  public record Address(String address, int port) {}

  /**
   * One of several ports of an instance.
   *
   * @param name unique within the instance
   * @param port its number, as it stands
   * @param isDefault whether it is used where no name is asked for
   */
  public record Port(String name, int port, boolean isDefault) {}

  /**
   * Weights for DNS.
   *
   * @param passing while passing
   * @param warning while warning
   */
  public record Weights(int passing, int warning) {}

  /**
   * Where something runs.
   *
   * @param region may be empty
   * @param zone may be empty
   */
  public record Locality(String region, String zone) {}

  /**
   * The state of one check.
   *
   * @param id unique on its node
   * @param name for people
   * @param status as Consul writes it: passing, warning, critical
   * @param serviceId the service ID that it belongs to; empty for a check of the node
   * @param notes for people
   * @param output what the check last said
   * @param type ttl, http, tcp, …; absent where the server does not say
   */
  public record Check(
      String id,
      String name,
      String status,
      String serviceId,
      String notes,
      String output,
      Optional<String> type) {

    /**
     * Returns the status as a health.
     *
     * @return {@link Health#CRITICAL} where the status is none of the known ones
     */
    public Health health() {
      return switch (status) {
        case "passing" -> Health.PASSING;
        case "warning" -> Health.WARNING;
        default -> Health.CRITICAL;
      };
    }
  }
}
