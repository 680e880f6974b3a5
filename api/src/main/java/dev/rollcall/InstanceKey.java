package dev.rollcall;

/**
 * What identifies an instance within a store: its service's name and its id within that service.
 *
 * @param service the service's name, by the rule of {@link ServiceName}
 * @param id the instance's id, by the rule of {@link InstanceId}
 * @since 0.1.0
 */
public record InstanceKey(String service, String id) implements Comparable<InstanceKey> {

  /**
   * Checks both names.
   *
   * @param service as the record says
   * @param id as the record says
   * @throws RegistryException of kind {@code INVALID} where a name breaks its rule
   */
  public InstanceKey {
    ServiceName.check(service);
    InstanceId.check(id);
  }

  @Override
  public int compareTo(InstanceKey other) {
    int byService = service.compareTo(other.service);
    return byService != 0 ? byService : id.compareTo(other.id);
  }

  @Override
  public String toString() {
    return service + "/" + id;
  }
}
