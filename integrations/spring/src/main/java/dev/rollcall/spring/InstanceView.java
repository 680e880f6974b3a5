package dev.rollcall.spring;

import dev.rollcall.ServiceInstance;
import java.net.URI;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/** An instance of Rollcall's by the methods that Spring Cloud reads. */
abstract class InstanceView implements org.springframework.cloud.client.ServiceInstance {

  /**
   * Returns the instance with all that Rollcall knows of it: tags, health, further addresses.
   *
   * @return the instance
   */
  public abstract ServiceInstance instance();

  @Override
  public String getInstanceId() {
    return instance().id();
  }

  @Override
  public String getServiceId() {
    return instance().service();
  }

  @Override
  public String getHost() {
    return instance().host();
  }

  @Override
  public int getPort() {
    return instance().port();
  }

  @Override
  public boolean isSecure() {
    return instance().scheme().equals("https");
  }

  @Override
  public URI getUri() {
    return instance().uri();
  }

  @Override
  public String getScheme() {
    return instance().scheme();
  }

  /**
   * Returns the instance's metadata, and its {@code zone} and {@code weight} where Spring Cloud's
   * own balancers look for them, if it has a zone or another weight than 1.
   *
   * @return an immutable map
   */
  @Override
  public Map<String, String> getMetadata() {
    ServiceInstance instance = instance();
    if (instance.zone().isEmpty() && instance.weight() == 1) {
      return instance.metadata();
    }
    Map<String, String> all = new TreeMap<>(instance.metadata());
    all.putIfAbsent("zone", instance.zone());
    all.putIfAbsent("weight", Integer.toString(instance.weight()));
    return Collections.unmodifiableMap(all);
  }
}
