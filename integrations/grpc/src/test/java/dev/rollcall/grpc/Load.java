package dev.rollcall.grpc;

import static org.awaitility.Awaitility.await;

import io.grpc.Channel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/** Calls without end, from some threads, and what failed of them. */
final class Load implements AutoCloseable {
  private static final long PAUSE_NANOS = 5_000_000;

  private final AtomicInteger done = new AtomicInteger();
  private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
  private final List<Thread> threads = new ArrayList<>();
  private volatile boolean ended;

  Load(Channel channel) {
    for (int n = 0; n < 3; n++) {
      Thread thread = new Thread(() -> run(channel), "load-" + n);
      threads.add(thread);
      thread.start();
    }
  }

  private void run(Channel channel) {
    while (!ended) {
      try {
        String unused = Greeter.call(channel);
      } catch (RuntimeException failed) {
        failures.add(failed);
      }
      done.incrementAndGet();
      LockSupport.parkNanos(PAUSE_NANOS); // as many calls as a busy machine carries
    }
  }

  /** Waits until so many more calls have ended. */
  void awaitCalls(int more) {
    int from = done.get();
    await().atMost(Duration.ofMinutes(1)).until(() -> done.get() >= from + more);
  }

  /** Ends all calls, and returns what failed. */
  List<Throwable> failures() {
    close();
    return List.copyOf(failures);
  }

  @Override
  public void close() {
    ended = true;
    try {
      for (Thread thread : threads) {
        thread.join();
      }
    } catch (InterruptedException interrupted) {
      throw new IllegalStateException(interrupted);
    }
  }
}
