package dev.rollcall.etcd;

import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.etcd.EtcdGateway.Page;
import dev.rollcall.etcd.WatchSubscriber.Change;
import dev.rollcall.spi.InstanceEvent;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.support.RetryBackoff;
import io.etcd.jetcd.watch.WatchEvent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The instances of one range of keys, and all the sinks that look at that range or a part of it.
 *
 * <p>The {@link RangeStream} follows the range over all breaks, and gives this each state and each
 * change. What this adds is all that keys and values do not need: sinks that join later, each by a
 * list of its own while the stream goes on, and a list that is repeated.
 *
 * <p>All fields but {@code sinks} belong to the stream's serial. {@code period} counts the times
 * that the stream was lost; the answer to a list that was asked for in an earlier period is
 * dropped.
 */
final class RangeWatch implements RangeStream.Follower {
  private static final Duration RELIST = Duration.ofMinutes(10);

  private final EtcdGateway gateway;
  private final KeyLayout keys;
  private final SkippedEntries malformed;
  private final DriftCounter drift;
  private final Selector scope;
  private final Range range;
  private final String name;
  private final EventDecoder reading;
  private final SinksByService sinks;
  private final RangeStream stream;

  private boolean live;
  private int period;
  private @Nullable RegistryException trouble;
  private Timer.@Nullable Scheduled relist;

  /** What was applied since a periodic list was asked for, while one is under way. */
  private @Nullable List<Change> sinceRelist;

  RangeWatch(
      EtcdGateway gateway,
      Timer timer,
      KeyLayout keys,
      SkippedEntries malformed,
      DriftCounter drift,
      Selector scope) {
    this.gateway = gateway;
    this.keys = keys;
    this.malformed = malformed;
    this.drift = drift;
    this.scope = scope;
    this.range = keys.range(scope);
    this.name = scope instanceof Selector.OfService one ? "watch of " + one.name() : "watch of all";
    this.reading = new EventDecoder(keys, malformed);
    this.sinks = new SinksByService(scope);
    this.stream = new RangeStream(gateway, timer, range, name, this);
  }

  Selector scope() {
    return scope;
  }

  /** Takes a sink on; it is told the present state, then every change. */
  void attach(WatchSubscriber attachment) {
    stream.inTurn(
        () -> {
          if (stream.isClosed() || attachment.isClosed()) {
            return;
          }
          sinks.add(attachment);
          if (live) {
            join(attachment);
          } else if (trouble != null) {
            attachment.interrupted(trouble);
          }
        });
    stream.start();
  }

  void detach(WatchSubscriber attachment) {
    sinks.remove(attachment);
  }

  void close() {
    stream.close();
    stream.inTurn(
        () -> {
          period++;
          cancelRelist();
          sinks.clear();
        });
  }

  @Override
  public void listed(Page page) {
    sinks.replace(reading.all(page.entries()), page.at().revision(), true);
  }

  @Override
  public void changed(List<WatchEvent> events, long revision) {
    List<InstanceEvent> changes = reading.events(events);
    if (changes.isEmpty()) {
      return;
    }
    Change change = new Change(revision, changes);
    sinks.deliver(change);
    if (sinceRelist != null) {
      sinceRelist.add(change);
    }
  }

  @Override
  public void live() {
    live = true;
    trouble = null;
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

  @Override
  public void interrupted(RegistryException cause) {
    period++;
    live = false;
    trouble = cause;
    cancelRelist();
    sinceRelist = null;
    reading.stopComparing();
    sinks.forEach(WatchSubscriber::stopJoining);
    sinks.forEach(attachment -> attachment.interrupted(cause));
  }

  // ---- sinks that come later, and lists that come again

  /** Gives a sink its first state while the stream goes on. */
  private void join(WatchSubscriber attachment) {
    if (!attachment.beginJoining()) {
      return;
    }
    int mine = period;
    gateway
        .list(name, keys.range(attachment.selector))
        .whenComplete(
            (page, failed) -> stream.inTurn(() -> joinedAt(mine, attachment, page, failed)));
  }

  private void joinedAt(
      int mine, WatchSubscriber attachment, @Nullable Page page, @Nullable Throwable failed) {
    if (mine != period || attachment.isClosed()) {
      return;
    }
    if (page == null) {
      attachment.stopJoining();
      RegistryException cause = EtcdErrors.because(failed);
      attachment.interrupted(cause);
      boolean slowly = cause.kind() != RegistryException.Kind.UNAVAILABLE;
      stream.later(
          slowly ? WatchBackoff.SLOWLY : WatchBackoff.SOON,
          () -> {
            if (live && sinks.contains(attachment)) {
              join(attachment);
            }
          });
      return;
    }
    attachment.join(EventDecoder.once(keys, malformed, page.entries()), page.at().revision());
    attachment.synced();
  }

  /** Anti-entropy: streams that starve have been seen to lose events without a word. */
  private void relistLater() {
    int mine = period;
    cancelRelist();
    relist = stream.later(RetryBackoff.spread(RELIST), () -> relist(mine));
  }

  private void cancelRelist() {
    if (relist != null) {
      relist.cancel();
    }
  }

  private void relist(int mine) {
    if (mine != period) {
      return;
    }
    sinceRelist = new ArrayList<>();
    reading.beginComparing();
    gateway
        .list(name, range)
        .whenComplete((page, failed) -> stream.inTurn(() -> relisted(mine, page)));
  }

  private void relisted(int mine, @Nullable Page page) {
    List<Change> since = sinceRelist;
    if (mine != period || since == null) {
      return;
    }
    sinceRelist = null;
    relistLater();
    if (page == null) {
      reading.stopComparing();
      return; // the stream itself works; the next list will tell
    }
    long listedAt = page.at().revision();
    drift.found(name, reading.compare(page.entries(), listedAt));
    // The stream may be ahead of the list: what it has brought since is put on top of it.
    List<ServiceInstance> all =
        EventDecoder.overlay(EventDecoder.once(keys, malformed, page.entries()), since, listedAt);
    sinks.replace(all, stream.knows(listedAt), false);
  }
}
