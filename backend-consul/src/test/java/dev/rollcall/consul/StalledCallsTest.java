package dev.rollcall.consul;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.testkit.ManualTimer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class StalledCallsTest {
  private static final Duration SECOND = Duration.ofSeconds(1);

  private final ManualTimer timer = new ManualTimer();
  private final List<String> done = new ArrayList<>();
  private final StalledCalls calls = new StalledCalls(timer, () -> done.add("idle dropped"));

  private StalledCalls.Waiting prompt(String name) {
    return calls.begin(true, () -> done.add(name));
  }

  private StalledCalls.Waiting blocking(String name) {
    return calls.begin(false, () -> done.add(name));
  }

  @Test
  @DisplayName(
      "what still waits half a second after the first answer is interrupted, and only that")
  void silence_interruptsWhatStillWaits() {
    StalledCalls.Waiting watch = blocking("watch");
    StalledCalls.Waiting dead = prompt("dead");
    StalledCalls.Waiting late = prompt("late");
    timer.advance(SECOND);
    StalledCalls.Waiting beat = prompt("beat");
    beat.answered();
    beat.end();
    assertThat(done).containsExactly("idle dropped");
    prompt("later");
    late.answered();
    late.end();
    timer.advance(StalledCalls.GRACE);

    assertThat(done).containsExactly("idle dropped", "watch", "dead");
    assertThat(watch.isStalled()).isTrue();
    assertThat(dead.isStalled()).isTrue();
    assertThat(late.isStalled()).isFalse();
  }

  @Test
  @DisplayName("a slow call beside others that are answered is left alone")
  void slowCall_isNoSilence() {
    prompt("slow");
    blocking("watch");
    for (int i = 0; i < 100; i++) {
      timer.advance(Duration.ofMillis(900));
      StalledCalls.Waiting other = prompt("other");
      other.answered();
      other.end();
    }
    assertThat(done).isEmpty();
  }

  @Test
  @DisplayName("a quiet watch is no silence")
  void quietWatch_isNoSilence() {
    blocking("watch");
    timer.advance(Duration.ofMinutes(1));
    StalledCalls.Waiting call = prompt("call");
    call.answered();
    call.end();
    timer.advance(SECOND);
    assertThat(done).isEmpty();
  }

  @Test
  @DisplayName("a call given up after a second is one: idle connections go, and the watch is asked")
  void callGivenUp_isSilence() {
    blocking("watch");
    StalledCalls.Waiting dead = prompt("dead");
    timer.advance(SECOND);
    dead.end();
    assertThat(done).containsExactly("idle dropped");
    assertThat(dead.isStalled()).isFalse();

    timer.advance(Duration.ofSeconds(5));
    assertThat(done).hasSize(1);
    prompt("probe").answered();
    timer.advance(StalledCalls.GRACE);
    assertThat(done).containsExactly("idle dropped", "idle dropped", "watch");
  }

  @Test
  @DisplayName("a call that fails at once says nothing")
  void refusedCall_isNoSilence() {
    blocking("watch");
    timer.advance(SECOND);
    prompt("refused").end();
    prompt("answered").answered();
    timer.advance(SECOND);
    assertThat(done).isEmpty();
  }
}
