package dev.rollcall.spi;

/**
 * Hears that a lease has ended without its owner's asking.
 *
 * @since 0.1.0
 */
@FunctionalInterface
public interface LeaseListener {

  /**
   * The lease has ended. Called at most once a lease, on any thread, not under a lock; does not
   * block.
   *
   * @param end why
   */
  void ended(LeaseEnd end);

  /** Why a lease has ended. */
  enum LeaseEnd {
    /** No renewal reached the store for a TTL, or its checks failed for too long. */
    EXPIRED,
    /** Somebody removed the instance, or the store lost it. */
    REMOVED,
    /** Another owner has taken the key: this one must not write again. */
    SUPERSEDED
  }
}
