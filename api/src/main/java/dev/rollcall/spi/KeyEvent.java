package dev.rollcall.spi;

import static java.util.Objects.requireNonNull;

import dev.rollcall.kv.KeyValue;

/**
 * One change of one key.
 *
 * @since 0.1.0
 */
public sealed interface KeyEvent {

  /**
   * Returns whose change it is.
   *
   * @return the key
   */
  String key();

  /**
   * A key was written.
   *
   * @param entry as it is now
   */
  record Put(KeyValue entry) implements KeyEvent {
    /**
     * Checks that the entry is not null.
     *
     * @param entry as the record says
     */
    public Put {
      requireNonNull(entry, "entry");
    }

    @Override
    public String key() {
      return entry.key();
    }
  }

  /**
   * A key was deleted.
   *
   * @param key which
   */
  record Delete(String key) implements KeyEvent {
    /**
     * Checks that the key is not null.
     *
     * @param key as the record says
     */
    public Delete {
      requireNonNull(key, "key");
    }
  }
}
