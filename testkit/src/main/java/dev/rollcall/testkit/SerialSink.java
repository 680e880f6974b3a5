package dev.rollcall.testkit;

import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.InstanceEvent;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.WatchSink;
import java.util.List;

/** A sink that several threads may call: {@link SerialCalls} to the one behind it. */
class SerialSink extends SerialCalls<WatchSink> implements WatchSink {
  SerialSink(WatchSink to) {
    super(to);
  }

  @Override
  public void replace(Selector scope, List<ServiceInstance> instances, long revision) {
    List<ServiceInstance> copy = List.copyOf(instances);
    call(sink -> sink.replace(scope, copy, revision));
  }

  @Override
  public void apply(List<InstanceEvent> events, long revision) {
    List<InstanceEvent> copy = List.copyOf(events);
    call(sink -> sink.apply(copy, revision));
  }

  @Override
  public void synced() {
    call(WatchSink::synced);
  }

  @Override
  public void interrupted(RegistryException cause) {
    call(sink -> sink.interrupted(cause));
  }

  @Override
  public void withholding(String service, String reason) {
    call(sink -> sink.withholding(service, reason));
  }
}
