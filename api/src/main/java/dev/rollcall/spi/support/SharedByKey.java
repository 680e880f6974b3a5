package dev.rollcall.spi.support;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Things that several users share, one for each key: made for the first of them, and given up with
 * the last. Not thread-safe: its owner guards it, and closes what was given up after it has left
 * the lock.
 *
 * @param <K> the kind of key
 * @param <V> the kind of thing
 * @since 0.1.0
 */
public final class SharedByKey<K, V> {
  private final Map<K, Shared<V>> all = new HashMap<>();

  private static final class Shared<V> {
    private final V value;
    private int users;

    Shared(V value) {
      this.value = value;
    }
  }

  /** Creates one that holds nothing. */
  public SharedByKey() {}

  /**
   * Adds a user.
   *
   * @param key of what
   * @param make makes it where it has no user yet; must neither block nor use this
   * @return what the users of that key share
   */
  public V join(K key, Supplier<? extends V> make) {
    Shared<V> shared = all.get(key);
    if (shared == null) {
      shared = new Shared<>(make.get());
      all.put(key, shared);
    }
    shared.users++;
    return shared.value;
  }

  /**
   * Takes away a user, once for each time that {@link #join} has added one.
   *
   * @param key of what
   * @param value what that user was given
   * @return whether it was the last, so that the caller is to close the value
   */
  public boolean leave(K key, V value) {
    Shared<V> shared = all.get(key);
    if (shared == null || shared.value != value || --shared.users > 0) {
      return false;
    }
    all.remove(key);
    return true;
  }

  /**
   * Tells whether a key has users.
   *
   * @param key any
   * @return whether it has one at least
   */
  public boolean contains(K key) {
    return all.containsKey(key);
  }

  /**
   * Returns how many keys have users.
   *
   * @return zero or more
   */
  public int size() {
    return all.size();
  }

  /**
   * Takes away all users at once: none of them has to leave any more.
   *
   * @return what they shared, for the caller to close
   */
  public List<V> clear() {
    List<V> values = all.values().stream().map(shared -> shared.value).toList();
    all.clear();
    return values;
  }
}
