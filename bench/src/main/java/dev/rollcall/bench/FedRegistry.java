package dev.rollcall.bench;

import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceView;
import dev.rollcall.micrometer.MicrometerObserver;
import dev.rollcall.spi.InstanceEvent;
import dev.rollcall.spi.WatchSink;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * A registry of {@code services × each} instances, all of them loaded and fed by the benchmark. Not
 * thread-safe, apart from the registry.
 */
final class FedRegistry implements AutoCloseable {
  private final Registry registry;
  private final WatchSink[] sinks;
  private final List<ServiceView> views = new ArrayList<>(); // so that none of them is dropped
  private final int each;
  private long revision = 1;
  private int next;
  private int port = 9000;

  FedRegistry(int services, int each) {
    this(services, each, null);
  }

  FedRegistry(int services, int each, @Nullable Executor listenerExecutor) {
    this(services, each, listenerExecutor, false);
  }

  FedRegistry(int services, int each, @Nullable Executor listenerExecutor, boolean observed) {
    this.each = each;
    FedBackend backend =
        new FedBackend(name -> Fleet.instances(Integer.parseInt(name.substring(8)), each));
    var builder = Registry.builder(backend).massLossProtection(1, Duration.ofMinutes(5));
    if (listenerExecutor != null) {
      builder.listenerExecutor(listenerExecutor);
    }
    if (observed) {
      builder.observer(new MicrometerObserver(new SimpleMeterRegistry()));
    }
    registry = builder.build();
    sinks = new WatchSink[services];
    for (int i = 0; i < services; i++) {
      ServiceView view = registry.service(Fleet.name(i));
      view.await(Duration.ofMinutes(1));
      views.add(view);
      sinks[i] = backend.sink(Fleet.name(i));
    }
  }

  Registry registry() {
    return registry;
  }

  ServiceView view(int service) {
    return views.get(service);
  }

  void put(int service, ServiceInstance instance) {
    sinks[service].put(instance, ++revision);
  }

  void put(int service, List<InstanceEvent> burst) {
    sinks[service].apply(burst, ++revision);
  }

  /** Changes the next instance of the next service: what a writer does all day. */
  void changeNext() {
    int service = next++ % sinks.length;
    port = port == 60000 ? 9000 : port + 1;
    put(service, Fleet.instance(service, next % each, port));
  }

  @Override
  public void close() {
    registry.close();
  }
}
