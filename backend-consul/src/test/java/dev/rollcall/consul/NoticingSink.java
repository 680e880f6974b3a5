package dev.rollcall.consul;

import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.InstanceEvent;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.WatchSink;
import java.util.List;

/** Cares only for when a state comes. */
record NoticingSink(Runnable noticed) implements WatchSink {
  @Override
  public void replace(Selector scope, List<ServiceInstance> instances, long revision) {
    noticed.run();
  }

  @Override
  public void apply(List<InstanceEvent> events, long revision) {
    noticed.run();
  }

  @Override
  public void synced() {}

  @Override
  public void interrupted(RegistryException cause) {}
}
