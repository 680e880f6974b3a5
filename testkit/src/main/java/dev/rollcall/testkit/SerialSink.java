package dev.rollcall.testkit;

import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.InstanceEvent;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.WatchSink;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Makes the calls of several threads to one sink serial: each call is queued, and one thread at a
 * time empties the queue, under no lock. The calls keep the order in which they came in.
 */
final class SerialSink implements WatchSink {
  private final WatchSink to;
  private final ArrayDeque<Consumer<WatchSink>> queue = new ArrayDeque<>();
  // Guarded by "queue".
  private @Nullable Thread drainer;
  private boolean closed;
  private CountDownLatch quiet = new CountDownLatch(0);

  SerialSink(WatchSink to) {
    this.to = to;
  }

  @Override
  public void replace(Selector scope, List<ServiceInstance> instances, long revision) {
    List<ServiceInstance> copy = List.copyOf(instances);
    call(sink -> sink.replace(scope, copy, revision));
  }

  @Override
  public void apply(List<InstanceEvent> events, long revision) {
    List<InstanceEvent> copy = List.copyOf(events);
    call(sink -> sink.apply(copy, revision));
  }

  @Override
  public void synced() {
    call(WatchSink::synced);
  }

  @Override
  public void interrupted(RegistryException cause) {
    call(sink -> sink.interrupted(cause));
  }

  @Override
  public void withholding(String service, String reason) {
    call(sink -> sink.withholding(service, reason));
  }

  /** Lets no further call begin, and waits for the one that runs unless this thread is in it. */
  void close() {
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
  void enqueue(Consumer<WatchSink> call) {
    synchronized (queue) {
      if (!closed) {
        queue.add(call);
      }
    }
  }

  /** Makes the queued calls, unless another thread is at it. Under no lock. */
  void drain() {
    synchronized (queue) {
      if (drainer != null || queue.isEmpty()) {
        return;
      }
      drainer = Thread.currentThread();
      quiet = new CountDownLatch(1);
    }
    for (Consumer<WatchSink> next = poll(); next != null; next = poll()) {
      next.accept(to);
    }
  }

  private void call(Consumer<WatchSink> call) {
    enqueue(call);
    drain();
  }

  private @Nullable Consumer<WatchSink> poll() {
    synchronized (queue) {
      Consumer<WatchSink> next = queue.poll();
      if (next == null) {
        drainer = null;
        quiet.countDown();
      }
      return next;
    }
  }
}
