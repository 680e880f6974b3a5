package dev.rollcall.engine;

import dev.rollcall.Pick;
import dev.rollcall.ServiceInstance;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;

/**
 * A request that is counted at its target. A failure may be told after the close, since the end of
 * a {@code try} closes before its {@code catch} runs; it then takes back that the request went
 * well.
 */
final class TargetPick implements Pick {
  private static final AtomicIntegerFieldUpdater<TargetPick> CLOSED =
      AtomicIntegerFieldUpdater.newUpdater(TargetPick.class, "closed");

  private final ServiceInstance instance;
  private final Target target;
  private final WatchedService service;
  private volatile boolean failed;
  private volatile int cleared; // strikes, by the close
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
    target.restore(cleared);
    cleared = 0;
    service.failed(instance);
  }

  @Override
  public void close() {
    if (CLOSED.compareAndSet(this, 0, 1)) {
      target.end();
      if (!failed) {
        cleared = target.succeeded();
      }
    }
  }

  @Override
  public String toString() {
    return instance + (closed == 0 ? "" : ", closed");
  }
}
