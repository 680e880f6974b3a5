package dev.rollcall.etcd;

import dev.rollcall.RegistryException;
import dev.rollcall.etcd.EtcdGateway.Page;
import dev.rollcall.kv.KeyValue;
import dev.rollcall.kv.Keys;
import dev.rollcall.spi.KeyEvent;
import dev.rollcall.spi.KeyValueBackend;
import dev.rollcall.spi.KeyValueSink;
import dev.rollcall.spi.Timer;
import io.etcd.jetcd.Watch;
import io.etcd.jetcd.watch.WatchEvent;
import io.etcd.jetcd.watch.WatchResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One watcher on a range of keys and values, for one sink.
 *
 * <p>It resumes by the rules of {@link RangeWatch}: list at a revision, watch from the next, after
 * any break watch again from the one after the last that was applied, and list again where the
 * store cannot go on from there. What it lacks of a feed is all that instances need: sinks that
 * join later, departures, and the list that is repeated.
 *
 * <p>All fields belong to {@code serial}, but {@code closed} and {@code inside}, which are guarded
 * by {@code lock}. {@code run} counts the attempts; a callback of an earlier run is dropped.
 */
final class KeyRangeWatch implements KeyValueBackend.Watch {
  private static final Logger LOG = LoggerFactory.getLogger(EtcdBackend.class);
  private static final long CLOSE_MILLIS = 500;

  private final EtcdGateway gateway;
  private final Timer timer;
  private final KeyValueNames names;
  private final Range range;
  private final KeyValueSink sink;
  private final Consumer<KeyRangeWatch> onClose;
  private final String name;
  private final SerializingExecutor serial = new SerializingExecutor();
  private final WatchBackoff pace = new WatchBackoff();

  private boolean opening;
  private int run;
  private boolean mustList = true;

  /** Whether the present state was listed since the stream broke. */
  private boolean fresh;

  /** The revision that a resumed stream has to reach before it says that it works; 0 if none. */
  private long behind;

  private @Nullable StoreRevision last;
  private long applied;
  private Watch.@Nullable Watcher watcher;
  private EtcdGateway.@Nullable Connection broken;
  private Timer.@Nullable Scheduled alarm;

  private final Object lock = new Object();
  private boolean closed;
  private @Nullable Thread inside;

  KeyRangeWatch(
      EtcdGateway gateway,
      Timer timer,
      KeyValueNames names,
      Keys keys,
      KeyValueSink sink,
      Consumer<KeyRangeWatch> onClose) {
    this.gateway = gateway;
    this.timer = timer;
    this.names = names;
    this.range = names.range(keys);
    this.sink = sink;
    this.onClose = onClose;
    this.name = "watch of keys";
  }

  void start() {
    inTurn(() -> again(run));
  }

  /** Runs a step in the serial. For want of a class it may end anywhere; the feed must not. */
  private void inTurn(Runnable step) {
    serial.run(
        () -> {
          try {
            step.run();
          } catch (LinkageError broken) {
            if (!isClosed()) {
              failed(EtcdErrors.because(broken), true);
            }
          }
        });
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

  private void list() {
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
    List<KeyValue> all = names.read(page.entries());
    tell(to -> to.replace(all, applied));
    open();
  }

  private void open() {
    opening = true;
    int mine = ++run;
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
    if (mine == run && opening) {
      gateway.overdue(on);
      failed(RegistryException.unavailable(name + ": the store does not answer", null), false);
    }
  }

  private void created(StoreRevision now) {
    if (!opening) {
      return;
    }
    release();
    if (last != null && (last.isCutOffFrom(now) || now.revision() < applied)) {
      closeWatcher();
      list();
      return;
    }
    last = now;
    if (fresh || now.revision() == applied) {
      works();
      return;
    }
    behind = now.revision();
    int mine = run;
    alarm =
        timer.schedule(
            () -> gateway.executeAsync(() -> inTurn(() -> listInstead(mine))), WatchBackoff.MISSED);
  }

  /** What was missed did not come, since none of it is in this range: a list tells. */
  private void listInstead(int mine) {
    if (mine == run && behind > 0) {
      closeWatcher();
      release();
      list();
    }
  }

  /** Takes note of how far the store was when it sent events, which are delivered by now. */
  private void reached(StoreRevision at, int events) {
    if (behind > 0 && at.revision() >= behind && events < WatchBackoff.FULL) {
      release();
      works();
    }
  }

  private void works() {
    pace.works();
    tell(KeyValueSink::synced);
  }

  /** Delivers the events of one response, those of each revision together. */
  private void events(List<WatchEvent> events) {
    List<KeyEvent> group = new ArrayList<>();
    long above = applied;
    for (WatchEvent event : events) {
      long at = event.getKeyValue().getModRevision();
      if (at <= above || at < applied) {
        continue; // etcd before 3.4.25 can send an event that is older than one already sent
      }
      if (at > applied) {
        deliver(group);
        group = new ArrayList<>();
        applied = at;
      }
      KeyEvent read = read(event);
      if (read != null) {
        group.add(read);
      }
    }
    deliver(group);
  }

  private @Nullable KeyEvent read(WatchEvent event) {
    if (event.getEventType() == WatchEvent.EventType.PUT) {
      KeyValue entry = names.read(event.getKeyValue());
      return entry == null ? null : new KeyEvent.Put(entry);
    }
    String gone = names.name(event.getKeyValue().getKey());
    return gone == null ? null : new KeyEvent.Delete(gone);
  }

  private void deliver(List<KeyEvent> events) {
    if (!events.isEmpty()) {
      long at = applied;
      tell(to -> to.apply(events, at));
    }
  }

  private void failed(RegistryException cause, boolean cutOff) {
    int mine = ++run;
    mustList |= cutOff;
    fresh = false;
    closeWatcher();
    release();
    boolean slowly = cause.kind() != RegistryException.Kind.UNAVAILABLE;
    alarm =
        timer.schedule(
            () -> gateway.executeAsync(() -> inTurn(() -> again(mine))),
            slowly ? pace.denied() : pace.failed());
    tell(to -> to.interrupted(cause));
  }

  private void release() {
    opening = false;
    behind = 0;
    if (alarm != null) {
      alarm.cancel();
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

  private boolean isClosed() {
    synchronized (lock) {
      return closed;
    }
  }

  private void tell(Consumer<KeyValueSink> call) {
    synchronized (lock) {
      if (closed) {
        return;
      }
      inside = Thread.currentThread();
    }
    try {
      call.accept(sink);
    } finally {
      synchronized (lock) {
        inside = null;
        lock.notifyAll();
      }
    }
  }

  /** Lets no further call begin, and waits for a moment for one that has just begun. */
  @Override
  public void close() {
    synchronized (lock) {
      closed = true;
      long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(CLOSE_MILLIS);
      try {
        long left = CLOSE_MILLIS;
        while (inside != null && inside != Thread.currentThread() && left > 0) {
          lock.wait(left);
          left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
        }
      } catch (InterruptedException stop) {
        Thread.currentThread().interrupt();
      }
    }
    inTurn(
        () -> {
          run++;
          closeWatcher();
          release();
        });
    onClose.accept(this);
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
      end(
          () -> {
            EtcdError refusal = gateway.refused(on, thrown);
            broken = refusal.isBrokenConnection() ? on : null;
            boolean cutOff =
                refusal.compacted() || refusal.words().contains("no leader") || !refusal.silent();
            failed(refusal.exception(name), cutOff);
          });
    }

    @Override
    public void onCompleted() {
      end(() -> failed(RegistryException.unavailable(name + ": the stream has ended", null), true));
    }

    /** Once, and from another thread: jetcd holds a lock. */
    private void end(Runnable failure) {
      if (ended.compareAndSet(false, true)) {
        gateway.executeAsync(
            () ->
                inTurn(
                    () -> {
                      if (mine == run) {
                        failure.run();
                      }
                    }));
      }
    }
  }
}
