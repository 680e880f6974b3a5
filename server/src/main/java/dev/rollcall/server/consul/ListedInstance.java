package dev.rollcall.server.consul;

import com.google.common.collect.Maps;
import com.google.common.net.HostAndPort;
import dev.rollcall.Health;
import java.util.List;
import java.util.Map;

/**
 * An instance of a service with its node and the checks that bear on it, as the catalog had it at
 * one moment. Immutable; shares what it consists of with the catalog.
 *
 * @since 0.1.0
 */
public final class ListedInstance {
  private final InstanceId id;
  private final HealthEntry entry;
  private final Health health;

  ListedInstance(InstanceId id, HealthEntry entry) {
    this.id = id;
    this.entry = entry;
    health = entry.health();
  }

  /**
   * Returns which instance this is.
   *
   * @return node and ID
   */
  public InstanceId id() {
    return id;
  }

  /**
   * Returns the service's name.
   *
   * @return the name
   */
  public String service() {
    return entry.service().name();
  }

  /**
   * Returns the worst of what its checks say.
   *
   * @return passing where it has none
   */
  public Health health() {
    return health;
  }

  /**
   * Returns where it is reached.
   *
   * @return its own address, or else its node's
   */
  public String address() {
    return entry.service().address().isEmpty() ? entry.node().address() : entry.service().address();
  }

  /**
   * Returns its port.
   *
   * @return 0 where it has none
   */
  public int port() {
    return entry.service().port();
  }

  /**
   * Returns its weight while it passes.
   *
   * @return 1 where nothing else was said
   */
  public int weight() {
    return entry.service().passingWeight();
  }

  /**
   * Returns its tags.
   *
   * @return the tags, in the order in which they were registered
   */
  public List<String> tags() {
    return entry.service().tags();
  }

  /**
   * Returns its metadata.
   *
   * @return keys and values
   */
  public Map<String, String> metadata() {
    return entry.service().meta();
  }

  /**
   * Returns its further addresses.
   *
   * @return host and port by name
   */
  public Map<String, String> addresses() {
    return Maps.transformValues(entry.service().taggedAddresses(), ListedInstance::text);
  }

  private static String text(CatalogService.Address address) {
    return address.port() > 0 && address.port() <= 65_535 && !address.address().contains("/")
        ? HostAndPort.fromParts(address.address(), address.port()).toString()
        : address.address();
  }

  /**
   * Returns the checks that bear on it, those of its node first.
   *
   * @return a new list
   */
  public List<ListedCheck> checks() {
    return entry.checks().stream().map(ListedCheck::of).toList();
  }

  /**
   * Tells whether its checks say the same as those of another state of it: none has come, gone, or
   * changed its status.
   *
   * @param other the other state
   * @return whether they do
   */
  public boolean isCheckedAs(ListedInstance other) {
    List<CatalogCheck> those = other.entry.checks();
    if (entry.checks().size() != those.size()) {
      return false;
    }
    for (int i = 0; i < those.size(); i++) {
      CatalogCheck one = entry.checks().get(i);
      if (!one.id().equals(those.get(i).id()) || !one.status().equals(those.get(i).status())) {
        return false;
      }
    }
    return true;
  }
}
