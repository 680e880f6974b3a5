package dev.rollcall.engine;

import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.engine.OutageLog.How;
import dev.rollcall.spi.InstanceEvent;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.WatchSink;
import java.util.List;

/** Opens watches that tell the log what becomes of their streams, beside telling the sink. */
final class LoggedWatches {
  private final RegistryBackend to;
  private final OutageLog outages;

  LoggedWatches(RegistryBackend to, OutageLog outages) {
    this.to = to;
    this.outages = outages;
  }

  /** As {@link RegistryBackend#watch} does. */
  RegistryBackend.Watch watch(Selector selector, WatchSink sink) {
    return watch(selector, sink, false);
  }

  /**
   * As {@link RegistryBackend#watch} does.
   *
   * @param hasState whether the sink shows a state before it is fed
   */
  RegistryBackend.Watch watch(Selector selector, WatchSink sink, boolean hasState) {
    LoggedSink logged = new LoggedSink(named(selector), sink, outages, hasState);
    RegistryBackend.Watch opened = to.watch(selector, logged);
    return () -> {
      logged.closed = true;
      opened.close();
      outages.forget(logged);
    };
  }

  private static String named(Selector selector) {
    return selector instanceof Selector.OfService service
        ? "service " + service.name()
        : "the catalog";
  }

  /**
   * Called as a sink is: one call at a time, so its fields need no guard. {@code closed} is set by
   * the thread that closes the watch; a call that is late takes back what it has told.
   */
  private static final class LoggedSink implements WatchSink {
    private final String what;
    private final WatchSink to;
    private final OutageLog outages;
    private boolean loaded;
    private boolean away;
    private volatile boolean closed;

    LoggedSink(String what, WatchSink to, OutageLog outages, boolean hasState) {
      this.what = what;
      this.to = to;
      this.outages = outages;
      this.loaded = hasState;
    }

    @Override
    public void replace(Selector scope, List<ServiceInstance> instances, long revision) {
      to.replace(scope, instances, revision);
    }

    @Override
    public void apply(List<InstanceEvent> events, long revision) {
      to.apply(events, revision);
    }

    @Override
    public void put(ServiceInstance instance, long revision) {
      to.put(instance, revision);
    }

    @Override
    public void synced() {
      loaded = true;
      to.synced();
      if (away) {
        away = false;
        outages.back(this);
      }
    }

    @Override
    public void interrupted(RegistryException cause) {
      away = true;
      to.interrupted(cause);
      outages.lost(this, what, loaded ? How.STALE : How.NOT_LOADED, Failures.of(cause));
      if (closed) {
        outages.forget(this);
      }
    }

    @Override
    public void withholding(String service, String reason) {
      to.withholding(service, reason);
    }
  }
}
