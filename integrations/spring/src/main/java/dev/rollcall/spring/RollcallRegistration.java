package dev.rollcall.spring;

import dev.rollcall.ServiceInstance;
import org.jspecify.annotations.Nullable;
import org.springframework.cloud.client.serviceregistry.Registration;

/**
 * How this application registers itself. Its service's name is known from the beginning, all else
 * once the web server has started: until then the other methods throw {@link
 * IllegalStateException}. Thread-safe.
 *
 * @since 0.1.0
 */
public final class RollcallRegistration extends InstanceView implements Registration {
  private final String service;
  private volatile @Nullable ServiceInstance instance;

  RollcallRegistration(String service) {
    this.service = service;
  }

  /**
   * Creates one, for an application that registers more than itself by the service registry.
   *
   * @param instance what to register
   */
  public RollcallRegistration(ServiceInstance instance) {
    this.service = instance.service();
    this.instance = instance;
  }

  void know(ServiceInstance known) {
    instance = known;
  }

  boolean isKnown() {
    return instance != null;
  }

  @Override
  public ServiceInstance instance() {
    ServiceInstance known = instance;
    if (known == null) {
      throw new IllegalStateException(service + ": not known before the web server has started");
    }
    return known;
  }

  @Override
  public String getServiceId() {
    return service;
  }
}
