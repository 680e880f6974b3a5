package dev.rollcall.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Test;

class MemoryBudgetTest {
  private final MemoryBudget budget = new MemoryBudget("memory for tests", 100);

  @Test
  void oneClient_holdsNoMoreThanItMay() {
    MemoryBudget.Hold first = budget.take("a", 60);
    assertThatThrownBy(() -> budget.take("a", 41))
        .isInstanceOfSatisfying(
            BudgetException.class, refused -> assertThat(refused.status()).isEqualTo(429))
        .hasMessage("memory for tests: one client holds too much (expected: at most 100 bytes)");
    assertThatThrownBy(() -> budget.take("a", 101))
        .isInstanceOfSatisfying(
            BudgetException.class, refused -> assertThat(refused.status()).isEqualTo(413))
        .hasMessage("memory for tests: 101 bytes (expected: at most 100 for one client)");
    MemoryBudget.Hold second = budget.take("a", 40);
    assertThat(budget.held()).isEqualTo(100);
    first.close();
    first.close();
    assertThat(budget.held()).isEqualTo(40);
    second.resize(100);
    second.close();
    assertThat(budget.held()).isZero();
  }

  @Test
  void allTogether_holdTwiceAsMuch() {
    budget.take("a", 100);
    budget.take("b", 90);
    assertThatThrownBy(() -> budget.take("c", 11))
        .hasMessage("memory for tests: all clients hold too much (expected: at most 200 bytes)");
    assertThat(budget.take("c", 10).bytes()).isEqualTo(10);
  }

  @Test
  void growingThatIsRefused_changesNothing() {
    MemoryBudget.Hold hold = budget.take("a", 60);
    assertThatThrownBy(() -> hold.grow(41)).isInstanceOf(BudgetException.class);
    assertThat(hold.bytes()).isEqualTo(60);
    hold.correct(150);
    assertThat(budget.held()).isEqualTo(150);
    hold.resize(10); // to make it smaller is never refused
    assertThat(budget.held()).isEqualTo(10);
  }

  @Test
  void closedHold_staysAtNothing() {
    MemoryBudget.Hold hold = budget.take("a", 60);
    hold.close();
    hold.correct(50);
    hold.share("x", 10);
    assertThat(budget.held()).isZero();
  }

  @Test
  void sharedObject_countsOnceForAClient_untilTheLastIsClosed() {
    Object answer = new Object();
    MemoryBudget.Hold first = budget.take("a", 1);
    MemoryBudget.Hold second = budget.take("a", 1);
    MemoryBudget.Hold others = budget.take("b", 1);
    first.share(answer, 50);
    second.share(answer, 50);
    others.share(answer, 50);
    assertThat(budget.held()).isEqualTo(103);
    assertThatThrownBy(() -> second.share(new Object(), 90)).isInstanceOf(BudgetException.class);
    first.close();
    assertThat(budget.held()).isEqualTo(52); // the second has given it up for the one refused
    second.close();
    others.close();
    assertThat(budget.held()).isZero();
  }

  @Test
  void manyThreads_leaveNothingBehind() throws InterruptedException {
    List<Thread> threads = new ArrayList<>();
    Object answer = new Object();
    for (int i = 0; i < 8; i++) {
      String client = "client" + i % 3;
      Thread thread =
          new Thread(
              () -> {
                for (int n = 0; n < 10_000; n++) {
                  try (MemoryBudget.Hold hold =
                      budget.take(client, ThreadLocalRandom.current().nextInt(40))) {
                    hold.share(answer, 20);
                    hold.grow(5);
                  } catch (BudgetException full) {
                    Thread.onSpinWait();
                  }
                }
              });
      threads.add(thread);
      thread.start();
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(budget.held()).isZero();
  }
}
