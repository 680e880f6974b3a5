package dev.rollcall.etcd;

import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.InstanceEvent;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.WatchSink;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One sink of a feed. {@code joined}, {@code joining}, {@code revision} and {@code backlog} belong
 * to the feed's serial; the rest is guarded by {@code lock}, which is not held while the sink runs.
 *
 * <p>A sink joins when it is given its first complete state. What the feed delivers while that
 * state is being read is kept in the backlog, and replayed as far as it is younger than the state.
 */
final class WatchSubscriber {
  private static final long CLOSE_MILLIS = 500;

  /**
   * Changes of one revision.
   *
   * @param revision the store's
   * @param events those that the sink's selector selects, at least one
   */
  record Change(long revision, List<InstanceEvent> events) {}

  final Selector selector;
  private final WatchSink sink;

  private boolean joined;
  private boolean joining;
  private long revision;
  private final List<Change> backlog = new ArrayList<>();

  private final Object lock = new Object();
  private boolean closed;
  private @Nullable Thread inside;

  WatchSubscriber(Selector selector, WatchSink sink) {
    this.selector = selector;
    this.sink = sink;
  }

  boolean joined() {
    return joined;
  }

  /** Begins to keep changes; returns false where it does already. */
  boolean beginJoining() {
    if (joined || joining) {
      return false;
    }
    joining = true;
    backlog.clear();
    return true;
  }

  void stopJoining() {
    joining = false;
    backlog.clear();
  }

  /** Takes the complete state, and what was kept since. */
  void join(List<ServiceInstance> instances, long at) {
    joined = true;
    revision = at;
    tell(to -> to.replace(selector, instances, at));
    List<Change> since = List.copyOf(backlog);
    stopJoining();
    since.forEach(this::apply);
  }

  void apply(Change change) {
    if (joined && change.revision > revision) {
      revision = change.revision;
      tell(to -> to.apply(change.events, change.revision));
    } else if (joining) {
      backlog.add(change);
    }
  }

  void synced() {
    tell(WatchSink::synced);
  }

  void interrupted(RegistryException cause) {
    tell(to -> to.interrupted(cause));
  }

  private void tell(Consumer<WatchSink> call) {
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

  boolean isClosed() {
    synchronized (lock) {
      return closed;
    }
  }

  /**
   * Lets no further call begin. A call that has just begun is waited for, for a moment at most: by
   * the contract it is short, and its sink must not hear from it after this returns.
   */
  void close() {
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(CLOSE_MILLIS);
    synchronized (lock) {
      closed = true;
      try {
        while (inside != null && inside != Thread.currentThread()) {
          long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
          if (left <= 0) {
            return;
          }
          lock.wait(left);
        }
      } catch (InterruptedException stop) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
