package dev.rollcall.http;

import static org.awaitility.Awaitility.await;

import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/** Requests without end, from some threads, and what failed of them. */
final class Load implements AutoCloseable {
  private static final long PAUSE_NANOS = 5_000_000;

  private final AtomicInteger done = new AtomicInteger();
  private final Set<String> answering = ConcurrentHashMap.newKeySet();
  private final Queue<Object> failures = new ConcurrentLinkedQueue<>();
  private final List<Thread> threads = new ArrayList<>();
  private volatile boolean ended;

  Load(ServiceClient client) {
    for (int n = 0; n < 3; n++) {
      Thread thread = new Thread(() -> run(client), "load-" + n);
      threads.add(thread);
      thread.start();
    }
  }

  private void run(ServiceClient client) {
    while (!ended) {
      try {
        HttpResponse<String> answer =
            client.send("/load", HttpRequest.newBuilder(), HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() == 200) {
          answering.add(answer.body().substring(0, answer.body().indexOf(' ')));
        } else {
          failures.add(answer);
        }
      } catch (Exception failed) {
        failures.add(failed);
      }
      done.incrementAndGet();
      LockSupport.parkNanos(PAUSE_NANOS); // as many requests as a busy machine carries
    }
  }

  /** Waits until so many more requests have ended. */
  void awaitRequests(int more) {
    int from = done.get();
    await().atMost(Duration.ofMinutes(1)).until(() -> done.get() >= from + more);
  }

  /** Waits until each of these has answered from now on. */
  void awaitAnswersOf(String... names) {
    answering.clear();
    await().atMost(Duration.ofMinutes(1)).until(() -> answering.containsAll(Set.of(names)));
  }

  /** Ends all requests, and returns what failed. */
  List<Object> failures() {
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
