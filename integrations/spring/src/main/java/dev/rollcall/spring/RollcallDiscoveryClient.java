package dev.rollcall.spring;

import dev.rollcall.Freshness;
import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceName;
import dev.rollcall.ServiceView;
import dev.rollcall.Snapshot;
import java.util.List;
import org.springframework.cloud.client.ServiceInstance;
import org.springframework.cloud.client.discovery.DiscoveryClient;

/**
 * Looks up in the views of the registry. Only the first look-up of a service waits for the store;
 * while nothing is known it fails, since that is not the same as a service without instances.
 */
final class RollcallDiscoveryClient implements DiscoveryClient {
  static final String DESCRIPTION = "Rollcall";

  private final Registry registry;
  private final RollcallProperties.Discovery settings;

  RollcallDiscoveryClient(Registry registry, RollcallProperties.Discovery settings) {
    this.registry = registry;
    this.settings = settings;
  }

  /** A name that breaks the rule is no error here: another client may know it. */
  static boolean isName(String service) {
    try {
      ServiceName.check(service);
      return true;
    } catch (RegistryException e) {
      return false;
    }
  }

  @Override
  public String description() {
    return DESCRIPTION;
  }

  @Override
  public List<ServiceInstance> getInstances(String serviceId) {
    if (!isName(serviceId)) {
      return List.of();
    }
    ServiceView view = registry.service(serviceId);
    Snapshot now = view.snapshot();
    if (now.freshness() instanceof Freshness.Loading) {
      now = view.await(settings.await());
    }
    return RollcallServiceInstance.all(now.instances());
  }

  @Override
  public List<String> getServices() {
    return List.copyOf(registry.catalog().await(settings.await()).services());
  }

  @Override
  public int getOrder() {
    return settings.order();
  }
}
