package dev.rollcall.cli;

import dev.rollcall.InstanceKey;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.BackendProvider;
import dev.rollcall.spi.BackendUri;
import dev.rollcall.spi.InstanceEvent;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.WatchSink;
import dev.rollcall.spi.support.BackendProviders;
import dev.rollcall.testkit.ForwardingBackend;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** {@code repeating:} is a store in memory whose watches show an old state after each new one. */
public final class RepeatingBackendProvider implements BackendProvider {

  @Override
  public Set<String> schemes() {
    return Set.of("repeating");
  }

  @Override
  public RegistryBackend open(BackendUri uri, Timer timer) {
    return new ForwardingBackend(BackendProviders.open("memory:repeating?guard=off", timer)) {
      @Override
      public Watch watch(Selector selector, WatchSink sink) {
        return super.watch(selector, new Repeating(sink, timer));
      }
    };
  }

  /** Its calls are serial; those of the timer are not, and the lock makes them so. */
  private static final class Repeating implements WatchSink {
    private final WatchSink to;
    private final Timer timer;
    private final Map<InstanceKey, ServiceInstance> shown = new HashMap<>();

    Repeating(WatchSink to, Timer timer) {
      this.to = to;
      this.timer = timer;
    }

    @Override
    public synchronized void replace(
        Selector scope, List<ServiceInstance> instances, long revision) {
      to.replace(scope, instances, revision);
    }

    @Override
    public synchronized void apply(List<InstanceEvent> events, long revision) {
      to.apply(events, revision);
      for (InstanceEvent event : events) {
        if (event instanceof InstanceEvent.Put put) {
          ServiceInstance now = put.instance();
          ServiceInstance old = shown.put(now.key(), now);
          if (old != null) {
            // Later, or the two would be shown as one.
            timer.schedule(() -> repeat(now, old, revision), Duration.ofMillis(5));
          }
        } else if (event instanceof InstanceEvent.Remove remove) {
          shown.remove(remove.key());
        }
      }
    }

    private synchronized void repeat(ServiceInstance now, ServiceInstance old, long revision) {
      if (now.equals(shown.get(now.key()))) {
        to.put(old, revision);
        timer.schedule(() -> right(now, revision), Duration.ofMillis(5));
      }
    }

    private synchronized void right(ServiceInstance now, long revision) {
      if (now.equals(shown.get(now.key()))) {
        to.put(now, revision);
      }
    }

    @Override
    public synchronized void synced() {
      to.synced();
    }

    @Override
    public synchronized void interrupted(RegistryException cause) {
      to.interrupted(cause);
    }
  }
}
