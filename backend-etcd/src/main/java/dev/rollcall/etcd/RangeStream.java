package dev.rollcall.etcd;

import dev.rollcall.RegistryException;
import dev.rollcall.etcd.EtcdGateway.Page;
import dev.rollcall.spi.Timer;
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
 * Follows a range of keys for ever: what it holds, then each change, over all breaks.
 *
 * <p>Design: list at a revision, watch from the next, and after any break watch again from the one
 * after the last that was applied. jetcd's own resume is never used, since it can skip revisions:
 * at the first error its watcher is closed and a new one opened. Where the store cannot go on from
 * there (compacted, wiped, restored, another cluster, no leader, a stream that just ended) the
 * range is listed again. A created-notify is the only proof that a watcher works; without one in
 * time it counts as failed.
 *
 * <pre>
 * NEW, LISTING, OPENING, (CATCHING_UP,) LIVE    where nothing goes wrong
 * any of them, WAITING, LISTING or OPENING      after a failure
 * OPENING or CATCHING_UP, LISTING               where the store cannot go on from there
 * </pre>
 *
 * <p>All fields but {@code closed} belong to {@code serial}, in which the follower is called too.
 * {@code run} counts the attempts; each callback of the store's carries the run that it belongs to,
 * and one of an earlier run is dropped. jetcd calls {@code onError} and {@code onCompleted} under a
 * lock of its own, so those are brought in from another thread; {@code onNext}, which is not,
 * delivers at once.
 *
 * <p>etcd never splits a revision over two responses unless it is asked to fragment, which jetcd
 * does not do, so that the events of a revision are always together (W15).
 */
final class RangeStream {
  private static final Logger LOG = LoggerFactory.getLogger(EtcdBackend.class);

  /** Is told what the stream sees, one call at a time, in its serial. */
  interface Follower {
    /** The complete state, which replaces what was told before. */
    void listed(Page page);

    /** All changes of one revision, at least one, above what was told before. */
    void changed(List<WatchEvent> events, long revision);

    /** What was told is complete, and the stream works. */
    void live();

    /** The stream is lost, or still is; it goes on by itself. */
    void interrupted(RegistryException cause);
  }

  private enum Phase {
    NEW,
    LISTING,
    OPENING,
    CATCHING_UP,
    LIVE,
    WAITING
  }

  private final EtcdGateway gateway;
  private final Timer timer;
  private final Range range;
  private final String name;
  private final Follower follower;
  private final SerializingExecutor serial = new SerializingExecutor();
  private final WatchBackoff pace = new WatchBackoff();

  /** Set by any thread, once. */
  private volatile boolean closed;

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

  private Timer.Scheduled alarm = () -> {};

  /**
   * Creates one that is not started.
   *
   * @param name of what is watched, for messages
   */
  RangeStream(EtcdGateway gateway, Timer timer, Range range, String name, Follower follower) {
    this.gateway = gateway;
    this.timer = timer;
    this.range = range;
    this.name = name;
    this.follower = follower;
  }

  /** Begins to list, the first time that it is called. Any thread. */
  void start() {
    inTurn(
        () -> {
          if (phase == Phase.NEW && !closed) {
            list();
          }
        });
  }

  /** Runs a step in the serial. For want of a class it may end anywhere; the stream must not. */
  void inTurn(Runnable step) {
    serial.run(
        () -> {
          try {
            step.run();
          } catch (LinkageError broken) {
            if (!closed) {
              failed(EtcdErrors.because(broken), true);
            }
          }
        });
  }

  private void inTurn(int mine, Runnable step) {
    inTurn(
        () -> {
          if (mine == run) {
            step.run();
          }
        });
  }

  /** Runs a step in the serial after a delay, and not on the timer's thread. */
  Timer.Scheduled later(Duration delay, Runnable step) {
    return timer.schedule(() -> gateway.executeAsync(() -> inTurn(step)), delay);
  }

  boolean isClosed() {
    return closed;
  }

  /** Ends the stream; a call of the follower that has begun goes on. Any thread. */
  void close() {
    closed = true;
    serial.run(
        () -> {
          run++;
          closeWatcher();
          alarm.cancel();
        });
  }

  /**
   * Takes note that the follower knows the state of a revision from elsewhere: what is not younger
   * is not told any more. Returns the revision of what the follower knows. In the serial.
   */
  long knows(long revision) {
    applied = Math.max(applied, revision);
    return applied;
  }

  // ---- list, then watch

  private void list() {
    phase = Phase.LISTING;
    closeWatcher();
    int mine = ++run;
    gateway
        .list(name, range)
        .whenComplete((page, failed) -> inTurn(mine, () -> listed(page, failed)));
  }

  private void listed(@Nullable Page page, @Nullable Throwable failed) {
    if (page == null) {
      failed(EtcdErrors.because(failed), false);
      return;
    }
    mustList = false;
    fresh = true;
    last = page.at();
    applied = page.at().revision();
    follower.listed(page);
    open();
  }

  private void open() {
    phase = Phase.OPENING;
    int mine = ++run;
    EtcdGateway.Connection on = gateway.client(broken);
    broken = null;
    alarm(
        gateway.timeout(),
        () -> {
          gateway.overdue(on);
          failed(unavailable("the store does not answer"), false);
        });
    try {
      watcher = gateway.watch(on, range, applied + 1, new Listening(mine, on));
    } catch (RuntimeException | LinkageError refused) {
      failed(gateway.refused(on, refused).exception(name), false);
    }
  }

  private void heard(WatchResponse response) {
    StoreRevision at = StoreRevision.of(response.getHeader());
    if (response.isCreatedNotify()) {
      created(at);
    } else if (!response.getEvents().isEmpty()) {
      gateway.seen(at);
      changed(response.getEvents(), at);
    }
  }

  private void created(StoreRevision now) {
    if (phase != Phase.OPENING) {
      return;
    }
    alarm.cancel();
    if (last != null && (last.isCutOffFrom(now) || now.revision() < applied)) {
      list();
      return;
    }
    last = now;
    if (fresh || now.revision() == applied) {
      works();
    } else {
      // The store sends what was missed without being asked, and says how far it then is. Where
      // nothing of it is in this range no word comes, and a list tells instead.
      phase = Phase.CATCHING_UP;
      behind = now.revision();
      alarm(WatchBackoff.MISSED, this::list);
    }
  }

  private void changed(List<WatchEvent> events, StoreRevision at) {
    long above = applied;
    List<WatchEvent> together = new ArrayList<>();
    for (WatchEvent event : events) {
      long revision = event.getKeyValue().getModRevision();
      if (revision <= above || revision < applied) {
        continue; // etcd before 3.4.25 can send an event that is older than one already sent
      }
      if (revision > applied) {
        tell(together);
        together = new ArrayList<>();
        applied = revision;
      }
      together.add(event);
    }
    tell(together);
    boolean reached = at.revision() >= behind && events.size() < WatchBackoff.FULL;
    if (phase == Phase.CATCHING_UP && reached) {
      alarm.cancel();
      works();
    }
  }

  private void tell(List<WatchEvent> together) {
    if (!together.isEmpty()) {
      follower.changed(together, applied);
    }
  }

  private void works() {
    phase = Phase.LIVE;
    pace.works();
    follower.live();
  }

  // ---- trouble

  private void failed(RegistryException cause, boolean cutOff) {
    phase = Phase.WAITING;
    run++;
    mustList |= cutOff;
    fresh = false;
    closeWatcher();
    boolean slowly = cause.kind() != RegistryException.Kind.UNAVAILABLE;
    alarm(slowly ? pace.denied() : pace.failed(), mustList ? this::list : this::open);
    follower.interrupted(cause);
  }

  private RegistryException unavailable(String what) {
    return RegistryException.unavailable(name + ": " + what, null);
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

  /** Runs a step later, in place of the one before, if the phase is still the same by then. */
  private void alarm(Duration delay, Runnable step) {
    alarm.cancel();
    int mine = run;
    Phase during = phase;
    alarm =
        later(
            delay,
            () -> {
              if (mine == run && during == phase) {
                step.run();
              }
            });
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
      inTurn(mine, () -> heard(response));
    }

    @Override
    public void onError(Throwable thrown) {
      end(
          () -> {
            EtcdError refusal = gateway.refused(on, thrown);
            inTurn(mine, () -> broke(refusal));
          });
    }

    @Override
    public void onCompleted() {
      end(() -> inTurn(mine, () -> failed(unavailable("the stream has ended"), true)));
    }

    private void broke(EtcdError refusal) {
      broken = refusal.isBrokenConnection() ? on : null;
      failed(refusal.exception(name), refusal.requiresList());
    }

    /** Once, as a completion may follow an error; and from a thread that holds no lock. */
    private void end(Runnable word) {
      if (ended.compareAndSet(false, true)) {
        gateway.executeAsync(word);
      }
    }
  }
}
