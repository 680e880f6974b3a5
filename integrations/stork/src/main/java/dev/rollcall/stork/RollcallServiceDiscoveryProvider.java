package dev.rollcall.stork;

import dev.rollcall.Filter;
import dev.rollcall.ServiceView;
import io.smallrye.stork.api.ServiceDiscovery;
import io.smallrye.stork.api.config.ServiceConfig;
import io.smallrye.stork.api.config.ServiceDiscoveryAttribute;
import io.smallrye.stork.api.config.ServiceDiscoveryType;
import io.smallrye.stork.spi.ServiceDiscoveryProvider;
import io.smallrye.stork.spi.StorkInfrastructure;

/**
 * Finds a service's passing instances in a registry. Nothing blocks: a look-up reads the latest
 * state, and only the first one waits for it, without a thread. An outage of the store removes no
 * instance.
 *
 * @since 0.1.0
 */
@ServiceDiscoveryType(RollcallStork.TYPE)
@ServiceDiscoveryAttribute(
    name = "uri",
    description = "The store, as consul://127.0.0.1:8500.",
    required = true)
@ServiceDiscoveryAttribute(
    name = "application",
    description = "The service's name in the store; without it, the name that Stork knows it by.")
@ServiceDiscoveryAttribute(
    name = "tag",
    description = "Only instances that have this tag; without it, all.")
@ServiceDiscoveryAttribute(
    name = "secure",
    defaultValue = "false",
    description = "Whether to call over TLS also what is not registered with the scheme https.")
@ServiceDiscoveryAttribute(
    name = "timeout",
    defaultValue = "5s",
    description = "How long a look-up waits for a first state of the store.")
public final class RollcallServiceDiscoveryProvider
    implements ServiceDiscoveryProvider<RollcallAttributes> {

  /** Creates a provider, as Stork does. */
  public RollcallServiceDiscoveryProvider() {}

  /**
   * Starts to follow a service. Does not wait for the store.
   *
   * @throws dev.rollcall.RegistryException of kind {@code INVALID} where the URI or the name has a
   *     fault
   */
  @Override
  public ServiceDiscovery createServiceDiscovery(
      RollcallAttributes attributes,
      String serviceName,
      ServiceConfig serviceConfig,
      StorkInfrastructure infrastructure) {
    ServiceView view =
        RollcallStork.registry(attributes.uri(serviceName))
            .service(attributes.text("application", serviceName));
    String tag = attributes.text("tag", "");
    return new RollcallServiceDiscovery(
        tag.isEmpty() ? view : view.where(Filter.tag(tag)),
        Boolean.parseBoolean(attributes.text("secure", "false")),
        attributes.duration("timeout", "5s"));
  }
}
