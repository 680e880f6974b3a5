package dev.rollcall.consul;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.testkit.ManualTimer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class AgentContactTest {
  private static final Duration SECOND = Duration.ofSeconds(1);

  private final ManualTimer timer = new ManualTimer();
  private final List<String> done = new ArrayList<>();
  private final AgentContact calls =
      new AgentContact(timer, () -> done.add("idle dropped"), () -> done.add("returned"));

  private AgentContact.Waiting prompt(String name) {
    return calls.begin(true, () -> done.add(name));
  }

  private AgentContact.Waiting blocking(String name) {
    return calls.begin(false, () -> done.add(name));
  }

  @Test
  @DisplayName(
      "what still waits half a second after the first answer is interrupted, and only that")
  void silence_interruptsWhatStillWaits() {
    AgentContact.Waiting watch = blocking("watch");
    AgentContact.Waiting dead = prompt("dead");
    AgentContact.Waiting late = prompt("late");
    timer.advance(SECOND);
    AgentContact.Waiting beat = prompt("beat");
    beat.answered();
    beat.end();
    assertThat(done).containsExactly("idle dropped");
    prompt("later");
    late.answered();
    late.end();
    timer.advance(AgentContact.GRACE);

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
      AgentContact.Waiting other = prompt("other");
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
    AgentContact.Waiting call = prompt("call");
    call.answered();
    call.end();
    timer.advance(SECOND);
    assertThat(done).isEmpty();
  }

  @Test
  @DisplayName("a call given up after a second is one: idle connections go, and the watch is asked")
  void callGivenUp_isSilence() {
    blocking("watch");
    AgentContact.Waiting dead = prompt("dead");
    timer.advance(SECOND);
    dead.end();
    assertThat(done).containsExactly("idle dropped");
    assertThat(dead.isStalled()).isFalse();

    timer.advance(Duration.ofSeconds(5));
    assertThat(done).hasSize(1);
    prompt("probe").answered();
    timer.advance(AgentContact.GRACE);
    assertThat(done).containsExactly("idle dropped", "idle dropped", "returned", "watch");
  }

  @Test
  @DisplayName("a second in which calls fail at once is a silence, and what follows a return")
  void refusedCalls_areSilence() {
    for (int i = 0; i < 10; i++) {
      AgentContact.Waiting refused = prompt("refused");
      refused.failed();
      refused.end();
      timer.advance(Duration.ofMillis(100));
    }
    assertThat(done).isEmpty();
    assertThat(calls.isLost()).isTrue();
    prompt("answered").answered();
    prompt("answered").answered();
    assertThat(done).containsExactly("idle dropped", "returned");
    assertThat(calls.isLost()).isFalse();
  }

  @Test
  @DisplayName("a failure beside answers is no silence")
  void failureBesideAnswers_isNoSilence() {
    blocking("watch");
    for (int i = 0; i < 100; i++) {
      timer.advance(Duration.ofMillis(900));
      AgentContact.Waiting reset = prompt("reset");
      reset.failed();
      reset.end();
      prompt("other").answered();
    }
    assertThat(done).isEmpty();
  }

  @Test
  @DisplayName("a closed watch is no failure")
  void closedWatch_isNoSilence() {
    AgentContact.Waiting watch = blocking("watch");
    timer.advance(Duration.ofMinutes(1));
    watch.end();
    prompt("answered").answered();
    assertThat(done).isEmpty();
  }
}
