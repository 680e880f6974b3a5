package dev.rollcall.spi;

import dev.rollcall.InstanceKey;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import java.util.List;

/**
 * Where a backend delivers what it sees, as Kubernetes' reflectors do it: list, then watch. A
 * backend makes one call at a time to one sink, {@link #interrupted} included, in the store's
 * order.
 *
 * <p>A sink returns soon and throws nothing. A call that lasts may hold up other watches of the
 * same client.
 *
 * <p>A call that was decided before the watch was closed may still come. A sink drops it where that
 * matters, as those of the engine do. So a backend needs no barrier around a sink.
 *
 * <p>The life of a watch: {@code replace, synced, (apply | replace)…, interrupted, (replace |
 * apply)…, synced, …}
 *
 * @since 0.1.0
 */
public interface WatchSink {

  /**
   * The complete state of a scope: what the scope selects and is not in the list, is not there.
   *
   * @param scope the watch's own selector, or one service within it
   * @param instances each key once
   * @param revision the store's own index, for diagnosis; 0 where it has none
   */
  void replace(Selector scope, List<ServiceInstance> instances, long revision);

  /**
   * Changes that the store made as one: nobody sees a part of them within one service.
   *
   * @param events in order, at least one
   * @param revision the store's own index, for diagnosis; 0 where it has none
   */
  void apply(List<InstanceEvent> events, long revision);

  /**
   * The initial or the resumed state is now complete and the stream works. What was shown is then
   * no older than the moment at which the stream began to work again.
   */
  void synced();

  /**
   * The stream is lost and the backend is resuming it. May be called again with a later cause
   * before {@link #synced()}. What was shown stays: what cannot be read is not gone, and until the
   * store has been read again nothing is removed.
   *
   * @param cause why; of kind {@code DENIED} where the store refuses the watch
   */
  void interrupted(RegistryException cause);

  /**
   * The store itself withholds removals of a service, since it doubts them, or has ceased to.
   * Optional: most stores do not.
   *
   * @param service whose removals
   * @param reason why, in a sentence; empty where it has ceased
   */
  default void withholding(String service, String reason) {}

  /**
   * {@link #apply} of one {@link InstanceEvent.Put}.
   *
   * @param instance what is new or changed
   * @param revision the store's own index
   */
  default void put(ServiceInstance instance, long revision) {
    apply(List.of(new InstanceEvent.Put(instance)), revision);
  }

  /**
   * {@link #apply} of one {@link InstanceEvent.Remove}.
   *
   * @param key what is gone
   * @param departure how it went
   * @param revision the store's own index
   */
  default void remove(InstanceKey key, InstanceEvent.Departure departure, long revision) {
    apply(List.of(new InstanceEvent.Remove(key, departure)), revision);
  }
}
