package dev.rollcall.examples.files;

import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.RegistryBackend.Watch;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.WatchSink;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Gives a sink the state of the folder, each time that it has changed.
 *
 * <p>Design: the client's disk thread leaves the last state, or the cause of an outage, as the
 * news. A task on the client's thread for sinks gives the news to the sink. News that come before
 * the task has begun replace each other. A sink that does not return holds up the other sinks of
 * this client, and nothing else.
 *
 * <p>Locks: "this" guards the fields, and is not held while the sink is called.
 */
final class FolderWatch implements Watch {
  private final Selector selector;
  private final WatchSink sink;
  private final Executor sinks;
  private final Consumer<FolderWatch> onClose;

  // Guarded by "this".
  private @Nullable Consumer<WatchSink> news;
  private @Nullable List<ServiceInstance> shown;
  private String trouble = "";
  private boolean closed;

  /** Of the tasks alone: whether the sink was told {@code synced} and no interruption since. */
  private boolean live;

  FolderWatch(Selector selector, WatchSink sink, Executor sinks, Consumer<FolderWatch> onClose) {
    this.selector = selector;
    this.sink = sink;
    this.sinks = sinks;
    this.onClose = onClose;
  }

  /** Shows what is in the folder now. */
  synchronized void show(Collection<Stored> all) {
    List<ServiceInstance> now = Stored.selected(selector, all);
    if (!now.equals(shown)) {
      shown = now;
      trouble = "";
      post(to -> replace(to, now));
    }
  }

  /** Says that the folder cannot be read; once, as long as the cause is the same. */
  synchronized void interrupt(RegistryException cause) {
    String what = cause.toString();
    if (!what.equals(trouble)) {
      trouble = what;
      shown = null;
      post(
          to -> {
            live = false;
            to.interrupted(cause);
          });
    }
  }

  /** Lets no further call begin, without waiting for the one that may be under way. */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
    }
    onClose.accept(this);
  }

  private void replace(WatchSink to, List<ServiceInstance> now) {
    to.replace(selector, now, 0);
    if (!live) {
      live = true;
      to.synced();
    }
  }

  private synchronized void post(Consumer<WatchSink> word) {
    if (!closed) {
      boolean isOnItsWay = news != null;
      news = word;
      if (!isOnItsWay) {
        sinks.execute(this::deliver);
      }
    }
  }

  private void deliver() {
    Consumer<WatchSink> next = take();
    if (next != null) {
      next.accept(sink);
    }
  }

  private synchronized @Nullable Consumer<WatchSink> take() {
    Consumer<WatchSink> next = closed ? null : news;
    news = null;
    return next;
  }
}
