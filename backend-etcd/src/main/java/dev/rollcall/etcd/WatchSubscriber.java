package dev.rollcall.etcd;

import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.InstanceEvent;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.WatchSink;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * One sink of a {@link RangeWatch}. {@code closed} is set by any thread; the rest belongs to the
 * serial of the watch's stream, in which the sink is called. No call begins after {@link #close()}.
 *
 * <p>A sink joins when it is given its first complete state. What the stream brings while that
 * state is being read is kept in the backlog, and replayed as far as it is younger than the state.
 */
final class WatchSubscriber {
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

  private final AtomicBoolean closed = new AtomicBoolean();

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
    if (!closed.get()) {
      call.accept(sink);
    }
  }

  boolean isClosed() {
    return closed.get();
  }

  /** Lets no further call begin, and does not wait for one; returns whether this was the first. */
  boolean close() {
    return closed.compareAndSet(false, true);
  }
}
