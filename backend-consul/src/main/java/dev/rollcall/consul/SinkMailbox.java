package dev.rollcall.consul;

import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.WatchSink;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What is to be told to one sink, one call at a time. Only states wait here, and a newer one of the
 * same scope takes the place of an older one, so that a sink that does not return costs no more
 * than one state a service.
 *
 * <p>{@code letters} guards all fields. No call is made under it.
 */
final class SinkMailbox {
  private static final long PATIENCE_SECONDS = 10;

  private final WatchSink sink;
  private final ArrayDeque<Letter> letters = new ArrayDeque<>();
  private @Nullable Thread reader;
  private CountDownLatch quiet = new CountDownLatch(0);
  private boolean live;
  private boolean filled;
  private @Nullable String toldCause;
  private boolean closed;

  private sealed interface Letter {
    void deliver(WatchSink to);
  }

  private record Replace(Selector scope, List<ServiceInstance> instances, long revision)
      implements Letter {
    @Override
    public void deliver(WatchSink to) {
      to.replace(scope, instances, revision);
    }
  }

  private record Synced() implements Letter {
    @Override
    public void deliver(WatchSink to) {
      to.synced();
    }
  }

  private record Interrupted(RegistryException cause) implements Letter {
    @Override
    public void deliver(WatchSink to) {
      to.interrupted(cause);
    }
  }

  SinkMailbox(WatchSink sink) {
    this.sink = sink;
  }

  /** Adds a complete state. */
  void replace(Selector scope, List<ServiceInstance> instances, long revision) {
    synchronized (letters) {
      if (!closed) {
        letters.removeIf(letter -> letter instanceof Replace old && old.scope.equals(scope));
        boolean wasComplete = letters.removeIf(Synced.class::isInstance);
        letters.add(new Replace(scope, instances, revision));
        if (wasComplete) {
          letters.add(new Synced());
        }
        filled = true;
      }
    }
  }

  /** Adds that the stream works, where it was not so before. */
  void synced() {
    synchronized (letters) {
      if (!closed && !live && filled) {
        live = true;
        toldCause = null;
        letters.add(new Synced());
      }
    }
  }

  /** Adds that the stream is lost, where that or its cause is news. */
  void interrupted(RegistryException cause) {
    synchronized (letters) {
      String words = cause.kind() + cause.getMessage();
      if (closed || (!live && words.equals(toldCause))) {
        return;
      }
      live = false;
      toldCause = words;
      letters.removeIf(letter -> !(letter instanceof Replace));
      letters.add(new Interrupted(cause));
    }
  }

  /** Tells whether the sink has been told that the stream works. */
  boolean isLive() {
    synchronized (letters) {
      return live;
    }
  }

  /** Delivers all that waits, on this thread, unless another one is at it. Under no lock. */
  void drain() {
    List<Throwable> thrown = new ArrayList<>();
    synchronized (letters) {
      if (reader != null || letters.isEmpty()) {
        return;
      }
      reader = Thread.currentThread();
      quiet = new CountDownLatch(1);
    }
    for (Letter next = next(); next != null; next = next()) {
      try {
        next.deliver(sink);
      } catch (Throwable broken) {
        thrown.add(broken); // a sink throws nothing; the next state is delivered all the same
      }
    }
    thrown.forEach(broken -> Watches.LOG.error("a sink threw", broken));
  }

  /** Lets no further call begin; waits for the one that has begun, unless this thread is in it. */
  void close() {
    CountDownLatch running;
    synchronized (letters) {
      closed = true;
      letters.clear();
      if (reader == Thread.currentThread()) {
        return;
      }
      running = quiet;
    }
    try {
      if (!running.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        Watches.LOG.warn("a sink has not returned for {} s", PATIENCE_SECONDS);
      }
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
    }
  }

  private @Nullable Letter next() {
    synchronized (letters) {
      Letter next = letters.poll();
      if (next == null) {
        reader = null;
        quiet.countDown();
      }
      return next;
    }
  }
}
