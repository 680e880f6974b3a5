package dev.rollcall;

import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;

/**
 * A request to an instance, from the choice of it to its end: as long as it is open it counts as in
 * flight. Thread-safe: it may be closed, and told of a failure, by any thread and in any order.
 *
 * @since 0.1.0
 */
public final class Pick implements AutoCloseable {
  private static final AtomicIntegerFieldUpdater<Pick> CLOSED =
      AtomicIntegerFieldUpdater.newUpdater(Pick.class, "closed");

  private final ServiceInstance instance;
  private final Target target;
  private final WatchedService service;
  private volatile boolean failed;
  private volatile int closed; // 1 once closed, by CLOSED

  Pick(ServiceInstance instance, Target target, WatchedService service) {
    this.instance = instance;
    this.target = target;
    this.service = service;
    target.begin();
  }

  /**
   * Returns whom to ask.
   *
   * @return the instance
   */
  public ServiceInstance instance() {
    return instance;
  }

  /**
   * Says that the instance has failed the request: it is not picked for a while, see {@link
   * ServiceView#failed}.
   */
  public void failed() {
    failed = true;
    service.failed(instance);
  }

  /** Ends the request. One that ends without having failed clears the instance's record. */
  @Override
  public void close() {
    if (CLOSED.compareAndSet(this, 0, 1)) {
      target.end();
      if (!failed) {
        target.succeeded();
      }
    }
  }

  @Override
  public String toString() {
    return instance + (closed == 0 ? "" : ", closed");
  }
}
