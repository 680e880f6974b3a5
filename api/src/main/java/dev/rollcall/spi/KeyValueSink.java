package dev.rollcall.spi;

import dev.rollcall.RegistryException;
import dev.rollcall.kv.KeyValue;
import java.util.List;

/**
 * Where a backend delivers what it sees of watched keys: list, then watch, as with {@link
 * WatchSink}. A backend makes one call at a time to one sink, {@link #interrupted} included, in the
 * store's order. What {@link WatchSink} says of a sink that lasts, and of calls that come late,
 * holds here as well.
 *
 * <p>The life of a watch: {@code replace, synced, (apply | replace)…, interrupted, (replace |
 * apply)…, synced, …}
 *
 * @since 0.1.0
 */
public interface KeyValueSink {

  /**
   * The complete state: a watched key that is not in the list is not there.
   *
   * @param entries each key once
   * @param revision the store's own index: what was written up to it is shown by this call and
   *     those before it; 0 where it has none
   */
  void replace(List<KeyValue> entries, long revision);

  /**
   * Changes that the store made as one.
   *
   * @param events in order, at least one
   * @param revision the store's own index: what was written up to it is shown by this call and
   *     those before it; 0 where it has none
   */
  void apply(List<KeyEvent> events, long revision);

  /**
   * The initial or the resumed state is now complete and the stream works. What was shown is then
   * no older than the moment at which the stream began to work again.
   */
  void synced();

  /**
   * The stream is lost and the backend is resuming it. May be called again with a later cause
   * before {@link #synced()}. What was shown stays until the store has been read again.
   *
   * @param cause why; of kind {@code DENIED} where the store refuses the watch
   */
  void interrupted(RegistryException cause);
}
