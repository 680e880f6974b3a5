package dev.rollcall.spi;

import static java.util.Objects.requireNonNull;

import dev.rollcall.Arguments;
import dev.rollcall.kv.Bytes;
import dev.rollcall.kv.Keys;

/**
 * One of several writes that a store does in one step.
 *
 * @since 0.1.0
 */
public sealed interface KeyWrite {

  /**
   * Writes a key.
   *
   * @param key the key
   * @param value its new value
   */
  record Put(String key, Bytes value) implements KeyWrite {
    /**
     * Checks the key, and that the value is not null.
     *
     * @param key as the record says
     * @param value as the record says
     */
    public Put {
      Arguments.key("key", key);
      requireNonNull(value, "value");
    }
  }

  /**
   * Deletes keys.
   *
   * @param keys which
   */
  record Delete(Keys keys) implements KeyWrite {
    /**
     * Checks that the keys are not null.
     *
     * @param keys as the record says
     */
    public Delete {
      requireNonNull(keys, "keys");
    }
  }
}
