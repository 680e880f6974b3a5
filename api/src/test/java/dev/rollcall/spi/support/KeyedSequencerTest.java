package dev.rollcall.spi.support;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.rollcall.RegistryException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class KeyedSequencerTest {
  private final KeyedSequencer<String> turns = new KeyedSequencer<>();

  @Test
  void step_waitsForTheOneBefore() {
    CompletableFuture<String> first = new CompletableFuture<>();
    List<String> begun = new ArrayList<>();

    CompletionStage<String> one =
        turns.run(
            "k",
            () -> {
              begun.add("one");
              return first;
            });
    CompletionStage<String> two =
        turns.run(
            "k",
            () -> {
              begun.add("two");
              return CompletableFuture.completedFuture("2");
            });

    assertThat(begun).containsExactly("one");
    first.complete("1");
    assertThat(begun).containsExactly("one", "two");
    assertThat(one.toCompletableFuture().join()).isEqualTo("1");
    assertThat(two.toCompletableFuture().join()).isEqualTo("2");
  }

  @Test
  void failure_isToldToWhoAsked_andHoldsNobodyUp() {
    CompletionStage<String> thrown =
        turns.run(
            "k",
            () -> {
              throw RegistryException.invalid("no");
            });
    CompletionStage<String> failed =
        turns.run("k", () -> CompletableFuture.failedFuture(new IllegalStateException("gone")));
    CompletionStage<String> fine = turns.run("k", () -> CompletableFuture.completedFuture("fine"));

    assertThatThrownBy(thrown.toCompletableFuture()::join)
        .hasCauseInstanceOf(RegistryException.class);
    assertThatThrownBy(failed.toCompletableFuture()::join)
        .hasCauseInstanceOf(IllegalStateException.class);
    assertThat(fine.toCompletableFuture().join()).isEqualTo("fine");
  }

  @Test
  void whatWasGivenUpBeforeItsTurn_isLeftOut() {
    CompletableFuture<String> first = new CompletableFuture<>();
    turns.run("k", () -> first);
    CompletableFuture<String> given = new CompletableFuture<>();
    List<String> begun = new ArrayList<>();
    turns.run(
        "k",
        given,
        () -> {
          begun.add("given up");
          return CompletableFuture.completedFuture("late");
        });
    CompletionStage<String> last = turns.run("k", () -> CompletableFuture.completedFuture("last"));

    given.complete("given up");
    first.complete("1");

    assertThat(begun).isEmpty();
    assertThat(given.join()).isEqualTo("given up");
    assertThat(last.toCompletableFuture().join()).isEqualTo("last");
  }

  @Test
  void keys_doNotWaitForOneAnother() {
    turns.run("k", CompletableFuture::new);

    assertThat(turns.run("other", () -> CompletableFuture.completedFuture("done")))
        .isCompletedWithValue("done");
  }

  @Test
  void longQueue_isNoRecursion() {
    CompletableFuture<Integer> first = new CompletableFuture<>();
    turns.run("k", () -> first);
    List<Integer> order = new ArrayList<>();
    int many = 100_000;
    for (int i = 0; i < many; i++) {
      int number = i;
      turns.run(
          "k",
          () -> {
            order.add(number);
            return CompletableFuture.completedFuture(number);
          });
    }

    first.complete(-1);

    assertThat(order).hasSize(many).isSorted();
  }

  @Test
  void fromManyThreads_oneAtATime_andNoneForgotten() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      AtomicInteger within = new AtomicInteger();
      AtomicInteger most = new AtomicInteger();
      List<CompletableFuture<Integer>> all = new ArrayList<>();
      for (int i = 0; i < 20_000; i++) {
        CompletableFuture<Integer> ended = new CompletableFuture<>();
        all.add(ended);
        threads.execute(
            () ->
                turns
                    .run(
                        "k",
                        () -> {
                          most.accumulateAndGet(within.incrementAndGet(), Math::max);
                          return CompletableFuture.supplyAsync(within::decrementAndGet, threads);
                        })
                    .whenComplete((left, failed) -> ended.complete(left)));
      }
      for (CompletableFuture<Integer> each : all) {
        assertThat(each.get(60, TimeUnit.SECONDS)).isZero();
      }
      assertThat(most).hasValue(1);
    } finally {
      threads.shutdownNow();
    }
  }
}
