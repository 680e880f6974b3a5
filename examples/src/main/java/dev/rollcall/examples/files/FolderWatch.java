package dev.rollcall.examples.files;

import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.RegistryBackend.Watch;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.WatchSink;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Gives a sink the state of the folder, each time that it has changed.
 *
 * <p>Design: the client's thread leaves the last state, or the cause of an outage, as the news; a
 * task on another thread gives the news to the sink and looks for more. News that come while the
 * sink is at work replace each other. A sink that does not return holds up this task alone.
 *
 * <p>Locks: "this" guards the fields. {@code turn} is held while the sink is called, so that {@link
 * #close()} can wait for that call; its own thread may take it again, and closes from within.
 */
final class FolderWatch implements Watch {
  private static final long MOST_SECONDS_TO_CLOSE = 2;

  private final Selector selector;
  private final WatchSink sink;
  private final Executor threads;
  private final Consumer<FolderWatch> onClose;
  private final ReentrantLock turn = new ReentrantLock();

  // Guarded by "this".
  private @Nullable Consumer<WatchSink> news;
  private @Nullable List<ServiceInstance> shown;
  private String trouble = "";
  private boolean atWork;
  private boolean closed;

  /** Guarded by "turn": whether the sink was told {@code synced} and no interruption since. */
  private boolean live;

  FolderWatch(Selector selector, WatchSink sink, Executor threads, Consumer<FolderWatch> onClose) {
    this.selector = selector;
    this.sink = sink;
    this.threads = threads;
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

  @Override
  public void close() {
    end();
    try {
      if (turn.tryLock(MOST_SECONDS_TO_CLOSE, TimeUnit.SECONDS)) {
        turn.unlock();
      }
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
    }
  }

  /** Lets no further call begin, without waiting for the one that may be under way. */
  void end() {
    synchronized (this) {
      closed = true;
    }
    onClose.accept(this);
  }

  private void replace(WatchSink to, List<ServiceInstance> now) {
    to.replace(selector, now, 0);
    if (!live && !isClosed()) { // the sink may have closed the watch in that call
      live = true;
      to.synced();
    }
  }

  private synchronized boolean isClosed() {
    return closed;
  }

  private synchronized void post(Consumer<WatchSink> word) {
    if (!closed) {
      news = word;
      if (!atWork) {
        atWork = true;
        threads.execute(this::deliver);
      }
    }
  }

  private void deliver() {
    turn.lock();
    try {
      Consumer<WatchSink> next = take();
      if (next != null) {
        next.accept(sink);
      }
    } finally {
      turn.unlock();
      goOn();
    }
  }

  private synchronized @Nullable Consumer<WatchSink> take() {
    Consumer<WatchSink> next = closed ? null : news;
    news = null;
    return next;
  }

  private synchronized void goOn() {
    if (news != null && !closed) {
      threads.execute(this::deliver);
    } else {
      atWork = false;
    }
  }
}
