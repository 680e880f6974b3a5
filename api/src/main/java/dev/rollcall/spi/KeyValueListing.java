package dev.rollcall.spi;

import dev.rollcall.kv.KeyValue;
import java.util.List;

/**
 * What a store held at one moment.
 *
 * @param entries in no particular order, each key once
 * @param revision the store's own index: what was written up to it is in the list; 0 where it has
 *     none
 * @since 0.1.0
 */
public record KeyValueListing(List<KeyValue> entries, long revision) {
  /**
   * Copies the list.
   *
   * @param entries as the record says
   * @param revision as the record says
   */
  public KeyValueListing {
    entries = List.copyOf(entries);
  }
}
