package dev.rollcall.etcd;

import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.WatchSink;
import dev.rollcall.spi.support.SharedByKey;
import java.util.List;

/**
 * Decides which feed serves a watch, and closes a feed when its last sink has gone. Each of the
 * first services has a feed of its own, since it then hears of nothing else; the others, and the
 * catalog, share one on the whole prefix, so that streams stay few. {@code feeds} and {@code
 * closed} are guarded by {@code this}; no feed is called under it.
 */
final class SharedWatches implements AutoCloseable {
  static final int MAX_OWN = 16;

  private final EtcdGateway gateway;
  private final Timer timer;
  private final KeyLayout keys;
  private final SkippedEntries malformed;
  private final DriftCounter drift;
  private final SharedByKey<Selector, RangeWatch> feeds = new SharedByKey<>();
  private boolean closed;

  SharedWatches(
      EtcdGateway gateway,
      Timer timer,
      KeyLayout keys,
      SkippedEntries malformed,
      DriftCounter drift) {
    this.gateway = gateway;
    this.timer = timer;
    this.keys = keys;
    this.malformed = malformed;
    this.drift = drift;
  }

  RegistryBackend.Watch open(Selector selector, WatchSink sink) {
    WatchSubscriber attachment = new WatchSubscriber(selector, sink);
    RangeWatch feed;
    synchronized (this) {
      if (closed) {
        return () -> {};
      }
      Selector scope = scopeOf(selector);
      feed = feeds.join(scope, () -> new RangeWatch(gateway, timer, keys, malformed, drift, scope));
    }
    feed.attach(attachment);
    return () -> {
      if (attachment.close()) {
        leave(feed, attachment);
      }
    };
  }

  private Selector scopeOf(Selector selector) {
    if (feeds.contains(selector)) {
      return selector;
    }
    boolean shared = feeds.contains(Selector.everything());
    int own = feeds.size() - (shared ? 1 : 0);
    return own < MAX_OWN ? selector : Selector.everything();
  }

  private void leave(RangeWatch feed, WatchSubscriber attachment) {
    feed.detach(attachment);
    boolean last;
    synchronized (this) {
      last = feeds.leave(feed.scope(), feed);
    }
    if (last) {
      feed.close();
    }
  }

  /** Returns how many streams are open. */
  synchronized int count() {
    return feeds.size();
  }

  @Override
  public void close() {
    List<RangeWatch> open;
    synchronized (this) {
      closed = true;
      open = feeds.clear();
    }
    open.forEach(RangeWatch::close);
  }
}
