package dev.rollcall.spring;

import dev.rollcall.Balancer;
import dev.rollcall.RegistryException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * All settings, below {@code rollcall}. Immutable. Values are checked where they are used; what
 * breaks a rule stops the application at its start.
 *
 * @param enabled Whether a registry is opened at all.
 * @param uri The store: memory:, memory:name, consul://host:8500, etcd://host:2379.
 * @param zone The zone of this application. Empty: spring.cloud.loadbalancer.zone.
 * @param deadline How long a registration, a deregistration and closing may take, 100 ms to 1 h.
 * @param dropIdleViewsAfter After how long a service that nobody uses is watched no more.
 * @param ejectAtMost The share of a service that may be left out for failing its callers, 0 to 1.
 * @param massLoss When a sudden loss of instances is doubted.
 * @param cache Where the last known states are kept for a start without the store.
 * @param discovery What Spring's DiscoveryClient sees.
 * @param registration How this application stands in the registry.
 * @param loadbalancer How Spring Cloud LoadBalancer chooses.
 * @param config What spring.config.import=rollcall: reads.
 * @since 0.1.0
 */
@ConfigurationProperties("rollcall")
public record RollcallProperties(
    @DefaultValue("true") boolean enabled,
    @Nullable String uri,
    @DefaultValue("") String zone,
    @DefaultValue("10s") Duration deadline,
    @DefaultValue("1m") Duration dropIdleViewsAfter,
    @DefaultValue("0.5") double ejectAtMost,
    @DefaultValue MassLoss massLoss,
    @DefaultValue Cache cache,
    @DefaultValue Discovery discovery,
    @DefaultValue Registration registration,
    @DefaultValue Loadbalancer loadbalancer,
    @DefaultValue Config config) {

  /** The URI of the store, which has no default: a private registry would hide the mistake. */
  String requiredUri() {
    if (uri == null || uri.isBlank()) {
      throw RegistryException.invalid(
          "rollcall.uri: missing (expected: consul://host:8500, etcd://host:2379 or memory:name;"
              + " or rollcall.enabled=false)");
    }
    return uri;
  }

  /** Leaves out the URI, which may hold a secret. */
  @Override
  public String toString() {
    return "RollcallProperties[enabled=" + enabled + "]";
  }

  /**
   * When a sudden loss of instances is doubted.
   *
   * @param share More than this share of a service, more than 0. 1 or more switches it off.
   * @param bound For how long the lost instances stay readable at most, 1 s to 1 day.
   * @since 0.1.0
   */
  public record MassLoss(@DefaultValue("0.5") double share, @DefaultValue("5m") Duration bound) {}

  /**
   * Where the last known states are kept.
   *
   * @param path A folder on a local disk. Without it nothing is kept.
   * @param maxAge What is older is not shown, 1 s to 30 days.
   * @since 0.1.0
   */
  public record Cache(@Nullable Path path, @DefaultValue("1d") Duration maxAge) {}

  /**
   * What Spring's DiscoveryClient sees.
   *
   * @param enabled Whether there is a DiscoveryClient of Rollcall.
   * @param order The place among several discovery clients; the lowest is asked first.
   * @param await How long the first look-up of a service waits for its first state.
   * @param heartbeat Whether a HeartbeatEvent tells of each change; it watches every service.
   * @since 0.1.0
   */
  public record Discovery(
      @DefaultValue("true") boolean enabled,
      @DefaultValue("0") int order,
      @DefaultValue("5s") Duration await,
      @DefaultValue("true") boolean heartbeat) {}

  /**
   * How this application stands in the registry.
   *
   * @param enabled Whether it registers itself.
   * @param service The service's name. Without it: spring.application.name.
   * @param instanceId The id within the service. Without it: service-host-port.
   * @param host The address for others. Without it: server.address, or the machine's.
   * @param port The port for others. Without it: the web server's.
   * @param scheme The protocol of the port. Without it: https with server.ssl, else http.
   * @param weight The share of requests relative to the others, 0 or more.
   * @param tags Tags of the instance.
   * @param metadata Metadata of the instance.
   * @param ports Further ports by name. "management" is added where it is another one.
   * @param ttl After how long without a heartbeat the instance is dead, 1 s to 1 day.
   * @param deregisterAfter How long a dead instance is shown as critical before it is removed.
   * @param drain How long callers get to see the deregistration before the web server stops.
   * @param healthGroup The actuator's health group that must be up for the instance to pass.
   * @param healthInterval How often that group is asked.
   * @since 0.1.0
   */
  public record Registration(
      @DefaultValue("true") boolean enabled,
      @Nullable String service,
      @Nullable String instanceId,
      @Nullable String host,
      @Nullable Integer port,
      @Nullable String scheme,
      @DefaultValue("1") int weight,
      @DefaultValue List<String> tags,
      @DefaultValue Map<String, String> metadata,
      @DefaultValue Map<String, Integer> ports,
      @DefaultValue("10s") Duration ttl,
      @DefaultValue("1m") Duration deregisterAfter,
      @DefaultValue("2s") Duration drain,
      @Nullable String healthGroup,
      @DefaultValue("5s") Duration healthInterval) {}

  /**
   * How Spring Cloud LoadBalancer chooses.
   *
   * @param enabled Whether Rollcall chooses for it.
   * @param balancer How to choose among the instances.
   * @param preferZone Whether instances of the own zone are preferred, where there is a zone.
   * @param slowStart How long a new instance gets less than its share. Without it: not at all.
   * @since 0.1.0
   */
  public record Loadbalancer(
      @DefaultValue("true") boolean enabled,
      @DefaultValue("random") Choice balancer,
      @DefaultValue("true") boolean preferZone,
      @Nullable Duration slowStart) {

    Balancer toBalancer(String zone) {
      Balancer chosen =
          switch (balancer) {
            case RANDOM -> Balancer.random();
            case ROUND_ROBIN -> Balancer.roundRobin();
            case WEIGHTED -> Balancer.weighted();
            case LEAST_LOADED -> Balancer.leastLoaded();
          };
      if (slowStart != null) {
        chosen = Balancer.slowStart(slowStart, chosen);
      }
      return preferZone && !zone.isEmpty() ? Balancer.preferZone(zone, chosen) : chosen;
    }
  }

  /**
   * A balancer by its name.
   *
   * @since 0.1.0
   */
  public enum Choice {
    /** Each instance with the same chance. */
    RANDOM,
    /** One after the other. */
    ROUND_ROBIN,
    /** In proportion to the weights. */
    WEIGHTED,
    /** Of two at random the one with fewer requests in flight. */
    LEAST_LOADED
  }

  /**
   * What spring.config.import=rollcall: reads.
   *
   * @param uri The store of the keys. Without it: rollcall.uri.
   * @param deadline How long reading them may take, 100 ms to 1 h.
   * @param refresh Whether the context is refreshed when a value changes.
   * @since 0.1.0
   */
  public record Config(
      @Nullable String uri,
      @DefaultValue("10s") Duration deadline,
      @DefaultValue("true") boolean refresh) {}
}
