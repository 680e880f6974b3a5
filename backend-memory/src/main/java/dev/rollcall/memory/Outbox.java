package dev.rollcall.memory;

import dev.rollcall.spi.LeaseListener;
import dev.rollcall.spi.LeaseListener.LeaseEnd;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What an operation has decided under the store's lock and does once it has left it: calls of
 * strangers' code. Used by one thread.
 */
final class Outbox {
  private static final Logger LOG = LoggerFactory.getLogger(MemoryStore.class);

  private @Nullable Runnable first;
  private final List<Runnable> actions = new ArrayList<>(2);
  private final List<Watcher> watchers = new ArrayList<>(2);

  /** Adds the delivery of a change to a watcher. */
  void offer(Watcher watcher, Delivery delivery) {
    if (watcher.offer(delivery)) {
      watchers.add(watcher);
    }
  }

  void drain(Watcher watcher) {
    watchers.add(watcher);
  }

  void tell(LeaseListener listener, LeaseEnd end) {
    actions.add(() -> listener.ended(end));
  }

  /** Adds what is the store's own, and so never waits for strangers. */
  void first(Runnable action) {
    first = action;
  }

  void run(Runnable action) {
    actions.add(action);
  }

  /** Does it all. The caller holds no lock; afterwards the outbox is empty. */
  void flush() {
    if (first != null) {
      Runnable own = first;
      first = null;
      own.run();
    }
    for (Watcher watcher : watchers) {
      watcher.deliver();
    }
    watchers.clear();
    for (Runnable action : actions) {
      try {
        action.run();
      } catch (Throwable thrown) {
        LOG.error("a listener of the memory store threw", thrown);
      }
    }
    actions.clear();
  }
}
