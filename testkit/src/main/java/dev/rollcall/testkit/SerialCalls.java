package dev.rollcall.testkit;

import java.util.ArrayDeque;
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
  private boolean draining;
  private boolean closed;

  SerialCalls(S to) {
    this.to = to;
  }

  /** Drops what is queued and what comes; a call that was taken from the queue is still made. */
  final void close() {
    synchronized (queue) {
      closed = true;
      queue.clear();
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
      if (draining || queue.isEmpty()) {
        return;
      }
      draining = true;
    }
    for (Consumer<S> next = poll(); next != null; next = poll()) {
      next.accept(to);
    }
  }

  /** Makes a call, now or once those before it are made. */
  void call(Consumer<S> call) {
    enqueue(call);
    drain();
  }

  private @Nullable Consumer<S> poll() {
    synchronized (queue) {
      Consumer<S> next = queue.poll();
      if (next == null) {
        draining = false;
      }
      return next;
    }
  }
}
