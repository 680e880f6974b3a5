package dev.rollcall.spi;

import dev.rollcall.ServiceInstance;
import java.util.List;

/**
 * What a store held at one moment.
 *
 * @param instances in no particular order, each key once
 * @param revision the store's own index, for diagnosis; 0 where it has none
 * @since 0.1.0
 */
public record Listing(List<ServiceInstance> instances, long revision) {
  /**
   * Copies the list.
   *
   * @param instances as the record says
   * @param revision as the record says
   */
  public Listing {
    instances = List.copyOf(instances);
  }
}
