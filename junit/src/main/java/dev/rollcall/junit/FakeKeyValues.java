package dev.rollcall.junit;

import dev.rollcall.Arguments;
import dev.rollcall.RegistryException;
import dev.rollcall.kv.Bytes;
import dev.rollcall.kv.KeyValue;
import dev.rollcall.kv.KeyValueStore;
import dev.rollcall.kv.Keys;
import dev.rollcall.spi.KeyValueBackend;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The keys and values of a {@link FakeStore}, as a test wants them to be: what it writes here comes
 * from another client, as far as the code under test can tell. The {@link #store()} on it is the
 * engine's own. A method that changes something returns this, and the change shows as {@link
 * FakeStore} says. Thread-safe.
 *
 * @since 0.1.0
 */
public final class FakeKeyValues {
  private final FakeStore store;
  private final KeyValueBackend inside;
  private final Line line;

  /** What another client writes to a key before the code under test does. */
  private final Map<String, Bytes> rivals = new ConcurrentHashMap<>();

  FakeKeyValues(FakeStore store, KeyValueBackend inside, Line line) {
    this.store = store;
    this.inside = inside;
    this.line = line;
  }

  KeyValueBackend openBackend() {
    return new LineKeyValueBackend(inside, line, this::letRivalWrite);
  }

  private void letRivalWrite(String key) {
    Bytes value = rivals.remove(key);
    if (value != null) {
      FakeStore.answer(inside.put(key, value));
    }
  }

  /**
   * Returns the {@linkplain FakeStore#keyValueStore() key-value store}, to be handed to the code
   * under test.
   *
   * @return the same store at every call
   */
  public KeyValueStore store() {
    return store.keyValueStore();
  }

  /**
   * Writes a key.
   *
   * @param key by the rule of {@link KeyValueStore}
   * @param text its new value, in UTF-8
   * @return this
   * @throws RegistryException of kind {@code INVALID} where the key breaks its rule
   */
  public FakeKeyValues put(String key, String text) {
    return put(key, Bytes.ofText(text));
  }

  /**
   * Writes a key.
   *
   * @param key by the rule of {@link KeyValueStore}
   * @param value its new value
   * @return this
   * @throws RegistryException of kind {@code INVALID} where the key breaks its rule
   */
  public FakeKeyValues put(String key, Bytes value) {
    FakeStore.answer(
        inside.put(Arguments.key("key", key), Arguments.notNull("value", value, ", key " + key)));
    return this;
  }

  /**
   * Deletes a key; one that is not there is ignored.
   *
   * @param key by the rule of {@link KeyValueStore}
   * @return this
   * @throws RegistryException of kind {@code INVALID} where the key breaks its rule
   */
  public FakeKeyValues delete(String key) {
    FakeStore.answer(inside.delete(Keys.key(key)));
    return this;
  }

  /**
   * Returns what is in the store, also while it cannot be reached.
   *
   * @param key by the rule of {@link KeyValueStore}
   * @return the key with its value, empty where it is not there
   * @throws RegistryException of kind {@code INVALID} where the key breaks its rule
   */
  public Optional<KeyValue> get(String key) {
    return FakeStore.answer(inside.get(Arguments.key("key", key)));
  }

  /**
   * Has another client write a key right before the next {@link KeyValueStore#compareAndSet} or
   * {@link KeyValueStore#compareAndDelete} of it, which therefore finds another version and changes
   * nothing. Once: a further attempt, with the version of then, is not disturbed.
   *
   * @param key by the rule of {@link KeyValueStore}
   * @param text what the other one writes, in UTF-8
   * @return this
   * @throws RegistryException of kind {@code INVALID} where the key breaks its rule
   */
  public FakeKeyValues conflict(String key, String text) {
    rivals.put(Arguments.key("key", key), Bytes.ofText(text));
    return this;
  }

  /**
   * Breaks the connection as far as the keys need it: calls fail as {@code UNAVAILABLE}, what is
   * watched turns stale.
   *
   * @return this
   */
  public FakeKeyValues outage() {
    line.breakBy(FakeStore.unavailable("the key-value store"));
    return this;
  }

  /**
   * Has the store refuse what concerns the keys: calls fail as {@code DENIED}, what is watched
   * turns stale.
   *
   * @return this
   */
  public FakeKeyValues denied() {
    line.breakBy(FakeStore.refused("the key-value store"));
    return this;
  }

  /**
   * Ends {@link #outage} and {@link #denied} of the keys. Those of the whole store are ended by
   * {@link FakeStore#recover()}.
   *
   * @return this
   */
  public FakeKeyValues recover() {
    line.mend();
    return this;
  }

  void close() {
    inside.close();
  }
}
