package dev.rollcall.testkit;

import static java.util.Objects.requireNonNull;

import dev.rollcall.kv.Bytes;
import dev.rollcall.kv.KeyValue;
import dev.rollcall.kv.Keys;
import dev.rollcall.spi.KeyValueBackend;
import dev.rollcall.spi.KeyValueListing;
import dev.rollcall.spi.KeyValueSink;
import dev.rollcall.spi.KeyWrite;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * A key-value backend that passes every call on, to be overridden where a test wants more.
 *
 * @since 0.1.0
 */
public abstract class ForwardingKeyValueBackend implements KeyValueBackend {
  private final KeyValueBackend to;

  /**
   * Creates a backend in front of another one.
   *
   * @param to where the calls go; closed with this one
   */
  protected ForwardingKeyValueBackend(KeyValueBackend to) {
    this.to = requireNonNull(to, "to");
  }

  @Override
  public CompletionStage<Optional<KeyValue>> get(String key) {
    return to.get(key);
  }

  @Override
  public CompletionStage<KeyValueListing> list(String prefix) {
    return to.list(prefix);
  }

  @Override
  public CompletionStage<Void> put(String key, Bytes value) {
    return to.put(key, value);
  }

  @Override
  public CompletionStage<Boolean> compareAndSet(String key, long expectedVersion, Bytes value) {
    return to.compareAndSet(key, expectedVersion, value);
  }

  @Override
  public CompletionStage<Void> delete(Keys keys) {
    return to.delete(keys);
  }

  @Override
  public CompletionStage<Boolean> compareAndDelete(String key, long expectedVersion) {
    return to.compareAndDelete(key, expectedVersion);
  }

  @Override
  public CompletionStage<Optional<List<KeyValue>>> commit(
      Map<String, Long> expected, List<KeyWrite> writes) {
    return to.commit(expected, writes);
  }

  @Override
  public Watch watch(Keys keys, KeyValueSink sink) {
    return to.watch(keys, sink);
  }

  @Override
  public void close() {
    to.close();
  }
}
