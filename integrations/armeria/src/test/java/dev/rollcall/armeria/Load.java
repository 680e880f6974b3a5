package dev.rollcall.armeria;

import com.linecorp.armeria.client.WebClient;
import com.linecorp.armeria.common.AggregatedHttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.Phaser;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** 200 calls a second, whose failures are kept. */
final class Load {
  private final WebClient client;
  private final ScheduledExecutorService beat =
      Executors.newSingleThreadScheduledExecutor(task -> new Thread(task, "load"));
  private final Phaser underWay = new Phaser(1);
  private final Set<String> names = ConcurrentHashMap.newKeySet();
  private final AtomicInteger calls = new AtomicInteger();
  private final List<String> failures = new CopyOnWriteArrayList<>();

  Load(WebClient client) {
    this.client = client;
    beat.scheduleAtFixedRate(this::call, 0, 5, TimeUnit.MILLISECONDS);
  }

  private void call() {
    underWay.register();
    client
        .get("/name")
        .aggregate()
        .whenComplete(
            (response, failure) -> {
              note(response, failure);
              underWay.arriveAndDeregister();
            });
  }

  private void note(AggregatedHttpResponse response, Throwable failure) {
    calls.incrementAndGet();
    if (failure != null) {
      failures.add(failure.toString());
    } else if (!response.status().equals(HttpStatus.OK)) {
      failures.add(response.toString());
    } else {
      names.add(response.contentUtf8());
    }
  }

  /** Who has answered so far. */
  Set<String> names() {
    return names;
  }

  int calls() {
    return calls.get();
  }

  List<String> failures() {
    return failures;
  }

  /** Waits for the calls that are under way. */
  void stop() throws InterruptedException {
    beat.shutdown();
    if (!beat.awaitTermination(30, TimeUnit.SECONDS)) {
      throw new IllegalStateException("the load does not end");
    }
    underWay.arriveAndAwaitAdvance();
  }
}
