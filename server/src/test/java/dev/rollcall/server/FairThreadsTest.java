package dev.rollcall.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class FairThreadsTest {
  private final List<String> done = new CopyOnWriteArrayList<>();
  private final CountDownLatch gate = new CountDownLatch(1);

  private void await() {
    try {
      gate.await();
    } catch (InterruptedException ended) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void clients_takeTurns_howeverManyTasksOneHas() throws InterruptedException {
    CountDownLatch all = new CountDownLatch(7);
    try (FairThreads threads = new FairThreads("test-fair", 1, 100)) {
      Executor greedy = threads.of("greedy");
      Executor modest = threads.of("modest");
      greedy.execute(this::await);
      for (int i = 0; i < 5; i++) {
        greedy.execute(() -> note("greedy", all));
      }
      modest.execute(() -> note("modest", all));
      modest.execute(() -> note("modest", all));
      gate.countDown();
      all.await();
    }
    assertThat(done)
        .containsExactly("greedy", "modest", "greedy", "modest", "greedy", "greedy", "greedy");
  }

  private void note(String who, CountDownLatch all) {
    done.add(who);
    all.countDown();
  }

  @Test
  void oneClient_hasNoMoreThanHalfOfTheThreads() throws InterruptedException {
    CountDownLatch other = new CountDownLatch(1);
    try (FairThreads threads = new FairThreads("test-fair", 2, 100)) {
      for (int i = 0; i < 4; i++) {
        threads.of("greedy").execute(this::await);
      }
      threads.of("modest").execute(other::countDown);
      other.await(); // while greedy's have not ended
      gate.countDown();
    }
  }

  @Test
  void aTaskThatFails_givesItsThreadBack() throws InterruptedException {
    CountDownLatch after = new CountDownLatch(1);
    try (FairThreads threads = new FairThreads("test-fair", 1, 100)) {
      Executor one = threads.of("one");
      one.execute(
          () ->
              Thread.currentThread()
                  .setUncaughtExceptionHandler((thread, expected) -> done.add("failed")));
      one.execute(
          () -> {
            throw new IllegalStateException("expected");
          });
      one.execute(after::countDown);
      after.await();
    }
  }

  @Test
  void room_isCountedByClient() {
    try (FairThreads threads = new FairThreads("test-fair", 1, 2)) {
      threads.of("greedy").execute(this::await);
      threads.of("greedy").execute(this::await);
      assertThat(threads.hasRoom("greedy")).isTrue();
      threads.of("greedy").execute(this::await);
      assertThat(threads.hasRoom("greedy")).isFalse();
      assertThat(threads.hasRoom("modest")).isTrue();
      gate.countDown();
    }
  }

  @Test
  void executorsOfOneClient_areEqual() {
    try (FairThreads threads = new FairThreads("test-fair", 1, 2)) {
      assertThat(threads.of("one")).isEqualTo(threads.of("one")).isNotEqualTo(threads.of("two"));
    }
  }
}
