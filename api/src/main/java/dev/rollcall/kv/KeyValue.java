package dev.rollcall.kv;

import dev.rollcall.Arguments;
import dev.rollcall.RegistryException;

/**
 * A key with its value, as a store held it. Immutable. A store may hold keys that others wrote and
 * that break the rules of {@link KeyValueStore}; they are shown as they are.
 *
 * @param key the key, below the store's prefix
 * @param value its bytes
 * @param version changes with each write of another value and only grows while the store keeps its
 *     data: etcd's modification revision, Consul's modify index. A write of the value that is there
 *     already changes it on some stores. Never 0 for a key that is there.
 * @param created the version that it had when it was last created: etcd's creation revision,
 *     Consul's create index
 * @since 0.1.0
 */
public record KeyValue(String key, Bytes value, long version, long created) {
  /**
   * Checks that nothing is null.
   *
   * @param key as the record says
   * @param value as the record says
   * @param version as the record says
   * @param created as the record says
   */
  public KeyValue {
    Arguments.notNull("key", key, "");
    Arguments.notNull("value", value, ", key " + Arguments.shown(key));
  }

  /**
   * Makes the pair of a key that was written once.
   *
   * @param key as the record says
   * @param value as the record says
   * @param version as the record says; the one that it was created with, too
   */
  public KeyValue(String key, Bytes value, long version) {
    this(key, value, version, version);
  }

  /**
   * Returns the value as a text.
   *
   * @return the text that its bytes are in UTF-8
   * @throws RegistryException of kind {@code INVALID} where they are no UTF-8
   */
  public String text() {
    return value.text();
  }
}
