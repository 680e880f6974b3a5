package dev.rollcall.etcd;

import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.WatchSink;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Decides which feed serves a watch, and closes a feed when its last sink has gone. Each of the
 * first services has a feed of its own, since it then hears of nothing else; the others, and the
 * catalogue, share one on the whole prefix, so that streams stay few. {@code feeds} and {@code
 * closed} are guarded by {@code this}; no feed is called under it.
 */
final class Feeds implements AutoCloseable {
  static final int MOST_OWN = 16;

  private final EtcdGateway gateway;
  private final Timer timer;
  private final Keys keys;
  private final Malformed malformed;
  private final Drift drift;
  private final Map<Selector, Used> feeds = new HashMap<>();
  private boolean closed;

  private static final class Used {
    final Feed feed;
    int sinks;

    Used(Feed feed) {
      this.feed = feed;
    }
  }

  Feeds(EtcdGateway gateway, Timer timer, Keys keys, Malformed malformed, Drift drift) {
    this.gateway = gateway;
    this.timer = timer;
    this.keys = keys;
    this.malformed = malformed;
    this.drift = drift;
  }

  RegistryBackend.Watch open(Selector selector, WatchSink sink) {
    Attachment attachment = new Attachment(selector, sink);
    Feed feed;
    synchronized (this) {
      if (closed) {
        return () -> {};
      }
      Selector scope = scopeOf(selector);
      Used used =
          feeds.computeIfAbsent(
              scope,
              missing -> new Used(new Feed(gateway, timer, keys, malformed, drift, missing)));
      used.sinks++;
      feed = used.feed;
    }
    feed.attach(attachment);
    AtomicBoolean once = new AtomicBoolean();
    return () -> {
      attachment.close();
      if (once.compareAndSet(false, true)) {
        leave(feed, attachment);
      }
    };
  }

  private Selector scopeOf(Selector selector) {
    if (feeds.containsKey(selector)) {
      return selector;
    }
    boolean shared = feeds.containsKey(Selector.everything());
    int own = feeds.size() - (shared ? 1 : 0);
    return own < MOST_OWN ? selector : Selector.everything();
  }

  private void leave(Feed feed, Attachment attachment) {
    feed.detach(attachment);
    synchronized (this) {
      Used used = feeds.get(feed.scope());
      if (used == null || used.feed != feed || --used.sinks > 0) {
        return;
      }
      feeds.remove(feed.scope());
    }
    feed.close();
  }

  /** Returns how many streams are open. */
  synchronized int count() {
    return feeds.size();
  }

  @Override
  public void close() {
    List<Used> open;
    synchronized (this) {
      closed = true;
      open = List.copyOf(feeds.values());
      feeds.clear();
    }
    open.forEach(used -> used.feed.close());
  }
}
