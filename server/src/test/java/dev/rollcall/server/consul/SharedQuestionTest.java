package dev.rollcall.server.consul;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class SharedQuestionTest {
  private final List<CompletableFuture<Boolean>> asked = new ArrayList<>();
  private final SharedQuestion question =
      new SharedQuestion(
          () -> {
            asked.add(new CompletableFuture<>());
            return asked.get(asked.size() - 1);
          });

  @Test
  void whoComesWhileOneIsUnderWay_sharesTheNext_andNotThatOne() {
    CompletableFuture<Boolean> first = question.answer();
    CompletableFuture<Boolean> second = question.answer();
    CompletableFuture<Boolean> third = question.answer();
    assertThat(asked).hasSize(1);
    asked.get(0).complete(true);
    assertThat(first).isCompletedWithValue(true);
    assertThat(second).isNotDone();
    assertThat(asked).hasSize(2);
    CompletableFuture<Boolean> fourth = question.answer();
    asked.get(1).complete(false);
    assertThat(second).isCompletedWithValue(false);
    assertThat(third).isCompletedWithValue(false);
    assertThat(fourth).isNotDone();
    asked.get(2).completeExceptionally(new IllegalStateException("lost"));
    assertThat(fourth).isCompletedWithValue(false);
    assertThat(question.answer()).isNotDone();
    assertThat(asked).hasSize(4);
  }
}
