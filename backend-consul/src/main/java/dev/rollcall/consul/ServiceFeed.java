package dev.rollcall.consul;

import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.WatchSink;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One watched service with a blocking query of its own, for all sinks that watch it.
 *
 * <p>Where the first state after an interruption lacks instances, it is read once more a second
 * later before it is delivered: owners that the agent has forgotten are about to register again.
 *
 * <p>All fields are guarded by {@code this}, which is taken within the loop's lock and never around
 * it; sinks are called under no lock.
 */
final class ServiceFeed implements BlockingLoop.Follower<List<ServiceInstance>> {
  private final String service;
  private final ConsulBackendSettings settings;
  private final BlockingLoop<List<ServiceInstance>> loop;

  private final List<SinkMailbox<WatchSink>> sinks = new ArrayList<>();
  private List<SinkMailbox<WatchSink>> toFlush = List.of();
  private @Nullable List<ServiceInstance> last;
  private boolean held;

  ServiceFeed(
      String service,
      ConsulGateway gateway,
      ConsulBackendSettings settings,
      InstanceCodec codec,
      Timer timer,
      SharedBackoff reconnection) {
    this.service = service;
    this.settings = settings;
    this.loop =
        new BlockingLoop<>(
            read ->
                Pending.map(
                    gateway.health(service, read), entries -> codec.instances(service, entries)),
            this,
            settings,
            timer,
            reconnection,
            true);
  }

  void join(SinkMailbox<WatchSink> sink) {
    synchronized (this) {
      sinks.add(sink);
    }
    loop.restart();
  }

  void leave(SinkMailbox<WatchSink> sink) {
    synchronized (this) {
      sinks.remove(sink);
    }
  }

  void close() {
    loop.close();
  }

  @Override
  public synchronized BlockingLoop.Verdict answered(
      List<ServiceInstance> instances, long index, boolean afterFault, boolean reset) {
    if (afterFault && !held && last != null && Watches.lacks(last, instances)) {
      held = true;
      return BlockingLoop.Verdict.DOUBTED;
    }
    held = false;
    boolean unchanged = instances.equals(last);
    Selector scope = Selector.service(service);
    for (SinkMailbox<WatchSink> sink : sinks) {
      if (reset && sink.isLive()) {
        sink.interrupted(Watches.reset(settings));
      }
      if (!unchanged || !sink.isLive()) {
        sink.state(scope, to -> to.replace(scope, instances, index));
        sink.synced();
      }
    }
    last = instances;
    toFlush = List.copyOf(sinks);
    return unchanged ? BlockingLoop.Verdict.SAME : BlockingLoop.Verdict.NEWS;
  }

  @Override
  public synchronized void failed(RegistryException cause) {
    held = false;
    sinks.forEach(sink -> sink.interrupted(cause));
    toFlush = List.copyOf(sinks);
  }

  @Override
  public void flush() {
    List<SinkMailbox<WatchSink>> to;
    synchronized (this) {
      to = toFlush;
      toFlush = List.of();
    }
    to.forEach(SinkMailbox::drain);
  }
}
