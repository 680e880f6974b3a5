package dev.rollcall.kv;

import dev.rollcall.Arguments;
import dev.rollcall.RegistryException;

/**
 * Which keys a watch covers: one, or all that begin alike.
 *
 * @since 0.1.0
 */
public sealed interface Keys {

  /**
   * Selects one key.
   *
   * @param key the key
   * @return what selects it
   * @throws RegistryException of kind {@code INVALID} where the key breaks its rule
   */
  static Keys key(String key) {
    return new OfKey(key);
  }

  /**
   * Selects all keys that begin with some text.
   *
   * @param prefix mostly ending in a slash: {@code db/} does not select {@code dbs/x}, though
   *     {@code db} does; empty for every key of the store
   * @return what selects them
   * @throws RegistryException of kind {@code INVALID} where the prefix breaks its rule
   */
  static Keys prefix(String prefix) {
    return new OfPrefix(prefix);
  }

  /**
   * Tells whether a key is selected.
   *
   * @param key the key
   * @return whether it is
   */
  boolean selects(String key);

  /**
   * One key.
   *
   * @param key which
   */
  record OfKey(String key) implements Keys {
    /**
     * Checks the key.
     *
     * @param key as the record says
     */
    public OfKey {
      Arguments.key("key", key);
    }

    @Override
    public boolean selects(String other) {
      return key.equals(other);
    }
  }

  /**
   * All keys with a prefix.
   *
   * @param prefix what they begin with
   */
  record OfPrefix(String prefix) implements Keys {
    /**
     * Checks the prefix.
     *
     * @param prefix as the record says
     */
    public OfPrefix {
      Arguments.keyPrefix("prefix", prefix);
    }

    @Override
    public boolean selects(String key) {
      return key.startsWith(prefix);
    }
  }
}
