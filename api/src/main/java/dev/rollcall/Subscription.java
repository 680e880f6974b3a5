package dev.rollcall;

/**
 * A listener's attachment to what it listens to.
 *
 * @since 0.1.0
 */
public interface Subscription extends AutoCloseable {

  /**
   * Detaches the listener. Once this has returned no callback begins, and none is running; when it
   * is called from within the listener's own callback, that callback is the last. Waits for a
   * running callback for at most 10 s, after which it returns all the same. Idempotent,
   * thread-safe.
   */
  @Override
  void close();
}
