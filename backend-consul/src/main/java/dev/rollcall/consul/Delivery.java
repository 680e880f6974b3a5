package dev.rollcall.consul;

import dev.rollcall.RegistryException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BinaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The calls to one {@link ConsulListener}, one at a time, on a thread of {@code lane}. At most one
 * state waits; a newer one is merged into it.
 *
 * <p>{@code this} guards all fields that are not final; the listener is called outside it, by the
 * one thread that is {@code reader}.
 */
final class Delivery<T> implements BlockingLoop.Follower<T> {
  private static final long PATIENCE_SECONDS = 10;

  private final ConsulListener<T> listener;
  private final BinaryOperator<T> merge;
  private final BoundedExecutor lane;

  private @Nullable T seen;
  private @Nullable T waiting;
  private @Nullable RegistryException cause;
  private String toldCause = "";
  private boolean queued;
  private @Nullable Thread reader;
  private CountDownLatch quiet = new CountDownLatch(0);
  private boolean closed;

  Delivery(ConsulListener<T> listener, BinaryOperator<T> merge, BoundedExecutor lane) {
    this.listener = listener;
    this.merge = merge;
    this.lane = lane;
  }

  @Override
  public synchronized BlockingLoop.Verdict answered(
      T now, long index, boolean afterFault, boolean reset) {
    cause = null;
    if (now.equals(seen)) {
      return BlockingLoop.Verdict.SAME;
    }
    seen = now;
    waiting = waiting == null ? now : merge.apply(waiting, now);
    return BlockingLoop.Verdict.NEWS;
  }

  @Override
  public synchronized void failed(RegistryException why) {
    cause = why;
  }

  @Override
  public void flush() {
    synchronized (this) {
      if (closed || queued) {
        return;
      }
      queued = true;
    }
    lane.run(this::drain);
  }

  private void drain() {
    synchronized (this) {
      reader = Thread.currentThread();
      quiet = new CountDownLatch(1);
    }
    for (Runnable call = next(); call != null; call = next()) {
      try {
        call.run();
      } catch (Throwable thrown) {
        Watches.LOG.error("a listener threw; it goes on being called", thrown);
      }
    }
  }

  /** Returns the next call: a failure before a new state, and the recovery last. */
  private synchronized @Nullable Runnable next() {
    RegistryException why = cause;
    T state = waiting;
    String words = why == null ? "" : why.kind() + String.valueOf(why.getMessage());
    if (!closed && why != null && !words.equals(toldCause)) {
      toldCause = words;
      return () -> listener.interrupted(why);
    }
    if (!closed && state != null) {
      waiting = null;
      return () -> listener.changed(state);
    }
    if (!closed && why == null && !toldCause.isEmpty()) {
      toldCause = "";
      return listener::resumed;
    }
    queued = false;
    reader = null;
    quiet.countDown();
    return null;
  }

  /** Lets no further call begin; waits for the one that has begun, unless this thread is in it. */
  void close() {
    CountDownLatch running;
    synchronized (this) {
      closed = true;
      if (Thread.currentThread().equals(reader)) {
        return;
      }
      running = quiet;
    }
    try {
      if (!running.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        Watches.LOG.warn("a listener has not returned for {} s", PATIENCE_SECONDS);
      }
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
    }
  }
}
