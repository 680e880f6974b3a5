package dev.rollcall.stork;

import io.smallrye.stork.api.ServiceRegistrar;
import io.smallrye.stork.api.config.ServiceRegistrarAttribute;
import io.smallrye.stork.api.config.ServiceRegistrarType;
import io.smallrye.stork.spi.ServiceRegistrarProvider;
import io.smallrye.stork.spi.StorkInfrastructure;

/**
 * Registers instances in a registry, and keeps them registered until they are deregistered or the
 * JVM shuts down.
 *
 * @since 0.1.0
 */
@ServiceRegistrarType(value = RollcallStork.TYPE, metadataKey = RollcallMetadataKey.class)
@ServiceRegistrarAttribute(
    name = "uri",
    description = "The store, as consul://127.0.0.1:8500.",
    required = true)
@ServiceRegistrarAttribute(
    name = "ttl",
    defaultValue = "10s",
    description = "How long an instance stays after its last heartbeat, where no URL is checked.")
@ServiceRegistrarAttribute(
    name = "health-check-url",
    description = "What is asked whether the instance is well, in place of heartbeats.")
@ServiceRegistrarAttribute(
    name = "health-check-interval",
    defaultValue = "10s",
    description = "The time between two checks of the URL.")
@ServiceRegistrarAttribute(
    name = "zone",
    description = "The zone that instances run in; without it, none.")
@ServiceRegistrarAttribute(
    name = "weight",
    defaultValue = "1",
    description = "The share of requests that an instance gets, relative to its fellows.")
@ServiceRegistrarAttribute(
    name = "secure",
    defaultValue = "false",
    description = "Whether instances are called over TLS.")
public final class RollcallServiceRegistrarProvider
    implements ServiceRegistrarProvider<RollcallAttributes, RollcallMetadataKey> {

  /** Creates a provider, as Stork does. */
  public RollcallServiceRegistrarProvider() {}

  /**
   * Makes a registrar. Does not wait for the store.
   *
   * @throws dev.rollcall.RegistryException of kind {@code INVALID} where the URI or an attribute
   *     has a fault
   */
  @Override
  public ServiceRegistrar<RollcallMetadataKey> createServiceRegistrar(
      RollcallAttributes attributes, String serviceName, StorkInfrastructure infrastructure) {
    return new RollcallServiceRegistrar(
        RollcallStork.registry(attributes.uri(serviceName)), attributes);
  }
}
