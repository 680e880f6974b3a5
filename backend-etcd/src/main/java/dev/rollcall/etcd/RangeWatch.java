package dev.rollcall.etcd;

import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.etcd.EtcdGateway.Page;
import dev.rollcall.etcd.WatchSubscriber.Change;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.support.RetryBackoff;
import io.etcd.jetcd.Watch;
import io.etcd.jetcd.watch.WatchEvent;
import io.etcd.jetcd.watch.WatchResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One watcher on a range of keys, and all the sinks that look at that range or a part of it.
 *
 * <p>Design: list at a revision, watch from the next, and after any break watch again from the one
 * after the last that was applied. jetcd's own resume is never used, since it can skip revisions:
 * at the first error its watcher is closed and a new one opened. Where the store cannot go on from
 * there (compacted, wiped, restored, another cluster, no leader, a stream that just ended) the
 * range is listed again, and the sinks are given it as a replacement. A created-notify is the only
 * proof that a watcher works; without one in time it counts as failed.
 *
 * <p>All fields but {@code sinks} belong to {@code serial}. {@code run} counts the attempts; each
 * callback carries the run that it belongs to, and one of an earlier run is dropped. jetcd calls
 * {@code onError} and {@code onCompleted} under a lock of its own, so those are brought in from
 * another thread; {@code onNext}, which is not, delivers at once.
 *
 * <p>etcd never splits a revision over two responses unless it is asked to fragment, which jetcd
 * does not do, so that the events of a revision are always together (W15).
 */
final class RangeWatch {
  private static final Logger LOG = LoggerFactory.getLogger(EtcdBackend.class);
  private static final Duration RELIST = Duration.ofMinutes(10);

  private final EtcdGateway gateway;
  private final Timer timer;
  private final KeyLayout keys;
  private final SkippedEntries malformed;
  private final DriftCounter drift;
  private final Selector scope;
  private final Range range;
  private final String name;
  private final EventDecoder reading;
  private final SerializingExecutor serial = new SerializingExecutor();
  private final SinksByService sinks;
  private final WatchBackoff pace = new WatchBackoff();

  private Phase phase = Phase.NEW;
  private int run;
  private boolean mustList = true;

  /** Whether the present state was listed since the stream broke. */
  private boolean fresh;

  /** The revision that a resumed stream has to reach before it says that it works. */
  private long behind;

  private @Nullable StoreRevision last;
  private long applied;
  private Watch.@Nullable Watcher watcher;

  /** The client through which the last stream broke, without a word from the store. */
  private EtcdGateway.@Nullable Connection broken;

  private Timer.@Nullable Scheduled alarm;
  private Timer.@Nullable Scheduled relist;
  private @Nullable RegistryException trouble;

  /** What was applied since a periodic list was asked for, while one is under way. */
  private @Nullable List<Change> sinceRelist;

  private enum Phase {
    NEW,
    LISTING,
    OPENING,
    CATCHING_UP,
    LIVE,
    WAITING,
    CLOSED
  }

  RangeWatch(
      EtcdGateway gateway,
      Timer timer,
      KeyLayout keys,
      SkippedEntries malformed,
      DriftCounter drift,
      Selector scope) {
    this.gateway = gateway;
    this.timer = timer;
    this.keys = keys;
    this.malformed = malformed;
    this.drift = drift;
    this.scope = scope;
    this.range = keys.range(scope);
    this.name = scope instanceof Selector.OfService one ? "watch of " + one.name() : "watch of all";
    this.reading = new EventDecoder(keys, malformed);
    this.sinks = new SinksByService(scope);
  }

  Selector scope() {
    return scope;
  }

  /** Takes a sink on; it is told the present state, then every change. */
  void attach(WatchSubscriber attachment) {
    inTurn(
        () -> {
          if (phase == Phase.CLOSED || attachment.isClosed()) {
            return;
          }
          sinks.add(attachment);
          if (phase == Phase.NEW) {
            list();
          } else if (phase == Phase.LIVE) {
            join(attachment);
          } else if (trouble != null) {
            attachment.interrupted(trouble);
          }
        });
  }

  void detach(WatchSubscriber attachment) {
    sinks.remove(attachment);
  }

  void close() {
    serial.run(
        () -> {
          run++;
          phase = Phase.CLOSED;
          closeWatcher();
          cancel(alarm);
          cancel(relist);
          sinks.clear();
        });
  }

  /** Runs a step in the serial. For want of a class it may end anywhere; the feed must not. */
  private void inTurn(Runnable step) {
    serial.run(
        () -> {
          try {
            step.run();
          } catch (LinkageError broken) {
            if (phase != Phase.CLOSED) {
              failed(EtcdErrors.because(broken), true);
            }
          }
        });
  }

  // ---- list, then watch

  private void list() {
    phase = Phase.LISTING;
    int mine = ++run;
    gateway
        .list(name, range)
        .whenComplete((page, failed) -> inTurn(() -> listed(mine, page, failed)));
  }

  private void listed(int mine, @Nullable Page page, @Nullable Throwable failed) {
    if (mine != run) {
      return;
    }
    if (page == null) {
      failed(EtcdErrors.because(failed), false);
      return;
    }
    mustList = false;
    fresh = true;
    last = page.at();
    applied = page.at().revision();
    sinks.replace(reading.all(page.entries()), applied, true);
    open();
  }

  private void open() {
    phase = Phase.OPENING;
    int mine = ++run;
    cancel(alarm);
    EtcdGateway.Connection on = gateway.client(broken);
    broken = null;
    alarm =
        timer.schedule(
            () -> gateway.executeAsync(() -> inTurn(() -> overdue(mine, on))), gateway.timeout());
    try {
      watcher = gateway.watch(on, range, applied + 1, new Listening(mine, on));
    } catch (RuntimeException | LinkageError refused) {
      failed(gateway.refused(on, refused).exception(name), false);
    }
  }

  private void overdue(int mine, EtcdGateway.Connection on) {
    if (mine == run && phase == Phase.OPENING) {
      gateway.overdue(on);
      failed(RegistryException.unavailable(name + ": the store does not answer", null), false);
    }
  }

  private void created(StoreRevision now) {
    if (phase != Phase.OPENING) {
      return;
    }
    if (last != null && (last.isCutOffFrom(now) || now.revision() < applied)) {
      closeWatcher();
      list();
      return;
    }
    cancel(alarm);
    last = now;
    if (fresh || now.revision() == applied) {
      works();
    } else {
      catchUp(now.revision());
    }
  }

  /**
   * Waits for what the stream has missed. The store sends it without being asked, and its answer
   * says how far it then is; where nothing of it is in this range there is no answer, and a list
   * tells instead.
   */
  private void catchUp(long revision) {
    phase = Phase.CATCHING_UP;
    behind = revision;
    int mine = run;
    alarm =
        timer.schedule(
            () -> gateway.executeAsync(() -> inTurn(() -> listInstead(mine))), WatchBackoff.MISSED);
  }

  private void listInstead(int mine) {
    if (mine == run && phase == Phase.CATCHING_UP) {
      closeWatcher();
      list();
    }
  }

  /** Takes note of how far the store was when it sent events, which are delivered by now. */
  private void reached(StoreRevision at, int events) {
    if (phase == Phase.CATCHING_UP && at.revision() >= behind && events < WatchBackoff.FULL) {
      cancel(alarm);
      works();
    }
  }

  private void works() {
    phase = Phase.LIVE;
    trouble = null;
    pace.works();
    sinks.forEach(
        attachment -> {
          if (attachment.joined()) {
            attachment.synced();
          } else {
            join(attachment);
          }
        });
    relistLater();
  }

  private void events(List<WatchEvent> events) {
    for (Change change : reading.changes(events, applied)) {
      applied = change.revision();
      sinks.deliver(change);
      if (sinceRelist != null) {
        sinceRelist.add(change);
      }
    }
    long newest = events.get(events.size() - 1).getKeyValue().getModRevision();
    applied = Math.max(applied, newest); // it may have been no instance's
  }

  // ---- trouble

  private void failed(RegistryException cause, boolean cutOff) {
    run++;
    mustList |= cutOff;
    fresh = false;
    trouble = cause;
    closeWatcher();
    cancel(alarm);
    cancel(relist);
    sinceRelist = null;
    reading.stopComparing();
    phase = Phase.WAITING;
    int mine = run;
    boolean slowly = cause.kind() != RegistryException.Kind.UNAVAILABLE;
    alarm =
        timer.schedule(
            () -> gateway.executeAsync(() -> inTurn(() -> again(mine))),
            slowly ? pace.denied() : pace.failed());
    sinks.forEach(WatchSubscriber::stopJoining);
    sinks.forEach(attachment -> attachment.interrupted(cause));
  }

  private void again(int mine) {
    if (mine != run) {
      return;
    }
    if (mustList) {
      list();
    } else {
      open();
    }
  }

  private void closeWatcher() {
    Watch.Watcher open = watcher;
    watcher = null;
    if (open != null) {
      try {
        open.close();
      } catch (LinkageError broken) {
        LOG.debug("{}: its watcher cannot be closed", name, broken);
      }
    }
  }

  private static void cancel(Timer.@Nullable Scheduled task) {
    if (task != null) {
      task.cancel();
    }
  }

  // ---- sinks that come later, and lists that come again

  /** Gives a sink its first state while the feed goes on. */
  private void join(WatchSubscriber attachment) {
    if (!attachment.beginJoining()) {
      return;
    }
    int mine = run;
    gateway
        .list(name, keys.range(attachment.selector))
        .whenComplete((page, failed) -> inTurn(() -> joinedAt(mine, attachment, page, failed)));
  }

  private void joinedAt(
      int mine, WatchSubscriber attachment, @Nullable Page page, @Nullable Throwable failed) {
    if (mine != run || attachment.isClosed()) {
      return;
    }
    if (page == null) {
      attachment.stopJoining();
      RegistryException cause = EtcdErrors.because(failed);
      attachment.interrupted(cause);
      boolean slowly = cause.kind() != RegistryException.Kind.UNAVAILABLE;
      timer.schedule(
          () ->
              gateway.executeAsync(
                  () ->
                      inTurn(
                          () -> {
                            if (phase == Phase.LIVE && sinks.contains(attachment)) {
                              join(attachment);
                            }
                          })),
          slowly ? WatchBackoff.SLOWLY : WatchBackoff.SOON);
      return;
    }
    attachment.join(EventDecoder.once(keys, malformed, page.entries()), page.at().revision());
    attachment.synced();
  }

  /** Anti-entropy: streams that starve have been seen to lose events without a word. */
  private void relistLater() {
    int mine = run;
    cancel(relist);
    relist =
        timer.schedule(
            () -> gateway.executeAsync(() -> inTurn(() -> relist(mine))),
            RetryBackoff.spread(RELIST));
  }

  private void relist(int mine) {
    if (mine != run) {
      return;
    }
    sinceRelist = new ArrayList<>();
    reading.beginComparing();
    gateway.list(name, range).whenComplete((page, failed) -> inTurn(() -> relisted(mine, page)));
  }

  private void relisted(int mine, @Nullable Page page) {
    List<Change> since = sinceRelist;
    if (mine != run || since == null) {
      return;
    }
    sinceRelist = null;
    relistLater();
    if (page == null) {
      reading.stopComparing();
      return; // the stream itself works; the next list will tell
    }
    drift.found(name, reading.compare(page.entries(), page.at().revision()));
    // The stream may be ahead of the list: what it has brought since is put on top of it.
    List<ServiceInstance> all =
        EventDecoder.overlay(
            EventDecoder.once(keys, malformed, page.entries()), since, page.at().revision());
    applied = Math.max(applied, page.at().revision());
    sinks.replace(all, applied, false);
  }

  /** Brings jetcd's callbacks into the serial. */
  private final class Listening implements Watch.Listener {
    private final int mine;
    private final EtcdGateway.Connection on;
    private final AtomicBoolean ended = new AtomicBoolean();

    Listening(int mine, EtcdGateway.Connection on) {
      this.mine = mine;
      this.on = on;
    }

    @Override
    public void onNext(WatchResponse response) {
      gateway.heard();
      inTurn(
          () -> {
            if (mine != run) {
              return;
            }
            if (response.isCreatedNotify()) {
              created(StoreRevision.of(response.getHeader()));
            } else if (!response.getEvents().isEmpty()) {
              StoreRevision at = StoreRevision.of(response.getHeader());
              gateway.seen(at);
              events(response.getEvents());
              reached(at, response.getEvents().size());
            }
          });
    }

    @Override
    public void onError(Throwable thrown) {
      if (!ended.compareAndSet(false, true)) {
        return;
      }
      gateway.executeAsync(
          () -> {
            EtcdError refusal = gateway.refused(on, thrown);
            boolean noLeader = refusal.words().contains("no leader");
            inTurn(
                () -> {
                  if (mine == run) {
                    broken = refusal.isBrokenConnection() ? on : null;
                    failed(
                        refusal.exception(name),
                        refusal.compacted() || noLeader || !refusal.silent());
                  }
                });
          });
    }

    @Override
    public void onCompleted() {
      if (!ended.compareAndSet(false, true)) {
        return; // it follows an error, which says more
      }
      gateway.executeAsync(
          () ->
              inTurn(
                  () -> {
                    if (mine == run) {
                      failed(
                          RegistryException.unavailable(name + ": the stream has ended", null),
                          true);
                    }
                  }));
    }
  }
}
