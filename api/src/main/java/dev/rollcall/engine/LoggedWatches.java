package dev.rollcall.engine;

import dev.rollcall.RegistryException;
import dev.rollcall.RegistryObserver;
import dev.rollcall.RegistryObserver.Transition;
import dev.rollcall.RegistryObserver.WatchState;
import dev.rollcall.ServiceInstance;
import dev.rollcall.engine.OutageLog.How;
import dev.rollcall.spi.InstanceEvent;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.WatchSink;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Opens watches that tell the log and the observer what becomes of their streams, beside telling
 * the sink.
 */
final class LoggedWatches {
  private final RegistryBackend to;
  private final OutageLog outages;
  private final Observation observation;
  private final Timer timer;

  LoggedWatches(RegistryBackend to, OutageLog outages, Observation observation, Timer timer) {
    this.to = to;
    this.outages = outages;
    this.observation = observation;
    this.timer = timer;
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
    String service =
        selector instanceof Selector.OfService one ? one.name() : RegistryObserver.CATALOG;
    LoggedSink logged = new LoggedSink(named(selector), service, sink, hasState);
    observation.watchOpened(service);
    RegistryBackend.Watch opened;
    try {
      opened = to.watch(selector, logged);
    } catch (RuntimeException | Error refused) {
      logged.move(WatchState.CLOSED, Failures.of(refused).getMessage());
      throw refused;
    }
    return () -> {
      logged.closed = true;
      opened.close();
      outages.forget(logged);
      logged.move(WatchState.CLOSED, "");
    };
  }

  private static String named(Selector selector) {
    return selector instanceof Selector.OfService service
        ? "service " + service.name()
        : "the catalog";
  }

  /**
   * Called as a sink is: one call at a time, so its fields need no guard. {@code closed} is set by
   * the thread that closes the watch; a call that is late takes back what it has told. {@code
   * state} and its time are guarded by {@code this}, under which nothing is told.
   */
  private final class LoggedSink implements WatchSink {
    private final String what;
    private final WatchSink to;
    private final String service;
    private boolean loaded;
    private boolean away;
    private volatile boolean closed;
    private WatchState state = WatchState.LOADING;
    private Timestamp since = Timestamp.now(timer);

    LoggedSink(String what, String service, WatchSink to, boolean hasState) {
      this.what = what;
      this.service = service;
      this.to = to;
      this.loaded = hasState;
    }

    /** Tells the observer of another state, unless the watch is closed. */
    void move(WatchState next, @Nullable String reason) {
      Transition<WatchState> step;
      synchronized (this) {
        if (state == next || state == WatchState.CLOSED) {
          return;
        }
        step = new Transition<>(state, next, since.age(), String.valueOf(reason));
        state = next;
        since = Timestamp.now(timer);
      }
      observation.watchChanged(service, step);
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
      move(WatchState.LIVE, "");
    }

    @Override
    public void interrupted(RegistryException cause) {
      away = true;
      to.interrupted(cause);
      outages.lost(this, what, loaded ? How.STALE : How.NOT_LOADED, Failures.of(cause));
      if (closed) {
        outages.forget(this);
      }
      move(WatchState.INTERRUPTED, cause.getMessage());
    }

    @Override
    public void withholding(String service, String reason) {
      to.withholding(service, reason);
    }
  }
}
