package dev.rollcall.consul;

import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.WatchSink;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One watched service with a blocking query of its own, for all sinks that watch it.
 *
 * <p>Where the first state after an interruption lacks instances, it is read once more a second
 * later before it is delivered: owners that the agent has forgotten are about to register again.
 */
final class ServiceFeed extends SharedQuery<List<ServiceInstance>, SinkMailbox<WatchSink>> {
  private final String service;
  private final ConsulBackendSettings settings;
  private @Nullable List<ServiceInstance> last;
  private boolean held;

  ServiceFeed(
      String service,
      ConsulGateway gateway,
      ConsulBackendSettings settings,
      InstanceCodec codec,
      Timer timer,
      SharedBackoff reconnection) {
    super(
        read ->
            Pending.map(
                gateway.health(service, read), entries -> codec.instances(service, entries)),
        settings,
        timer,
        reconnection);
    this.service = service;
    this.settings = settings;
  }

  @Override
  SinkMailbox<?> mailbox(SinkMailbox<WatchSink> sink) {
    return sink;
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
    for (SinkMailbox<WatchSink> sink : readers()) {
      if (reset && sink.isLive()) {
        sink.interrupted(Watches.reset(settings));
      }
      if (!unchanged || !sink.isLive()) {
        sink.state(scope, to -> to.replace(scope, instances, index));
        sink.synced();
      }
    }
    last = instances;
    return unchanged ? BlockingLoop.Verdict.SAME : BlockingLoop.Verdict.NEWS;
  }

  @Override
  public synchronized void failed(RegistryException cause) {
    held = false;
    super.failed(cause);
  }
}
