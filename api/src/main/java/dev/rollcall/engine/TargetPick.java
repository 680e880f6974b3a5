package dev.rollcall.engine;

import dev.rollcall.Pick;
import dev.rollcall.ServiceInstance;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;

/** A request that is counted at its target. */
final class TargetPick implements Pick {
  private static final AtomicIntegerFieldUpdater<TargetPick> CLOSED =
      AtomicIntegerFieldUpdater.newUpdater(TargetPick.class, "closed");

  private final ServiceInstance instance;
  private final Target target;
  private final WatchedService service;
  private volatile boolean failed;
  private volatile int closed; // 1 once closed, by CLOSED

  TargetPick(ServiceInstance instance, Target target, WatchedService service) {
    this.instance = instance;
    this.target = target;
    this.service = service;
    target.begin();
  }

  @Override
  public ServiceInstance instance() {
    return instance;
  }

  @Override
  public void failed() {
    failed = true;
    service.failed(instance);
  }

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
