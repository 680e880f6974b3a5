package dev.rollcall.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.rollcall.spi.Timer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ManualTimerTest {
  private final ManualTimer timer = new ManualTimer();
  private final List<String> ran = new ArrayList<>();
  private final long start = timer.nanoTime();

  @Test
  void advance_runsEachTaskAtItsTime() {
    timer.schedule(() -> ran.add("b" + elapsed()), Duration.ofSeconds(2));
    timer.schedule(() -> ran.add("a" + elapsed()), Duration.ofSeconds(1));
    timer.schedule(() -> ran.add("c" + elapsed()), Duration.ofSeconds(2));

    timer.advance(Duration.ofMillis(1999));
    assertThat(ran).containsExactly("aPT1S");
    assertThat(timer.pending()).isEqualTo(2);
    timer.advance(Duration.ofSeconds(5));
    assertThat(ran).containsExactly("aPT1S", "bPT2S", "cPT2S");
    assertThat(elapsed()).isEqualTo(Duration.ofMillis(6999));
  }

  @Test
  void advance_runsWhatTasksSchedule() {
    timer.schedule(
        () -> timer.schedule(() -> ran.add("inner" + elapsed()), Duration.ofSeconds(1)),
        Duration.ofSeconds(1));
    timer.advance(Duration.ofSeconds(2));
    assertThat(ran).containsExactly("innerPT2S");
  }

  @Test
  void jump_runsTasksLate() {
    timer.schedule(() -> ran.add("a" + elapsed()), Duration.ofSeconds(1));
    timer.jump(Duration.ofSeconds(10));
    assertThat(ran).containsExactly("aPT10S");
  }

  @Test
  void executor_keepsTasksUntilTimeIsAdvanced() {
    timer.executor().execute(() -> ran.add("a"));
    assertThat(ran).isEmpty();
    timer.advance(Duration.ZERO);
    assertThat(ran).containsExactly("a");
  }

  @Test
  void cancelAndClose_keepTasksFromRunning() {
    Timer.Scheduled task = timer.schedule(() -> ran.add("a"), Duration.ofSeconds(1));
    task.cancel();
    task.cancel();
    timer.schedule(() -> ran.add("b"), Duration.ofSeconds(1));
    timer.close();
    timer.schedule(() -> ran.add("c"), Duration.ofSeconds(1));
    timer.advance(Duration.ofSeconds(2));
    assertThat(ran).isEmpty();
  }

  @Test
  void advance_reportsWhatATaskThrows_afterTheOthersRan() {
    timer.schedule(
        () -> {
          throw new IllegalStateException("on purpose");
        },
        Duration.ofSeconds(1));
    timer.schedule(() -> ran.add("a"), Duration.ofSeconds(1));
    assertThatThrownBy(() -> timer.advance(Duration.ofSeconds(1)))
        .hasRootCauseMessage("on purpose");
    assertThat(ran).containsExactly("a");
  }

  private Duration elapsed() {
    return Duration.ofNanos(timer.nanoTime() - start);
  }
}
