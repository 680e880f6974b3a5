package dev.rollcall.testkit;

import java.util.ArrayDeque;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Makes the calls of several threads to one sink serial: each call is queued, and one thread at a
 * time empties the queue, under no lock. The calls keep the order in which they came in.
 */
class SerialCalls<S> {
  private final S to;
  private final ArrayDeque<Consumer<S>> queue = new ArrayDeque<>();
  // Guarded by "queue".
  private @Nullable Thread drainer;
  private boolean closed;
  private CountDownLatch quiet = new CountDownLatch(0);

  SerialCalls(S to) {
    this.to = to;
  }

  /** Lets no further call begin, and waits for the one that runs unless this thread is in it. */
  final void close() {
    CountDownLatch running;
    synchronized (queue) {
      closed = true;
      queue.clear();
      if (drainer == Thread.currentThread()) {
        return;
      }
      running = quiet;
    }
    try {
      if (!running.await(60, TimeUnit.SECONDS)) {
        throw new IllegalStateException("a sink does not return");
      }
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
    }
  }

  /** Queues a call without making it: for callers that hold a lock. {@link #drain()} follows. */
  final void enqueue(Consumer<S> call) {
    synchronized (queue) {
      if (!closed) {
        queue.add(call);
      }
    }
  }

  /** Makes the queued calls, unless another thread is at it. Under no lock. */
  final void drain() {
    synchronized (queue) {
      if (drainer != null || queue.isEmpty()) {
        return;
      }
      drainer = Thread.currentThread();
      quiet = new CountDownLatch(1);
    }
    for (Consumer<S> next = poll(); next != null; next = poll()) {
      next.accept(to);
    }
  }

  /** Makes a call, now or once those before it are made. */
  final void call(Consumer<S> call) {
    enqueue(call);
    drain();
  }

  private @Nullable Consumer<S> poll() {
    synchronized (queue) {
      Consumer<S> next = queue.poll();
      if (next == null) {
        drainer = null;
        quiet.countDown();
      }
      return next;
    }
  }
}
