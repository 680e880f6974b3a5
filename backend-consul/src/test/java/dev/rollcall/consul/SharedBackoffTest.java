package dev.rollcall.consul;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.testkit.ManualTimer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class SharedBackoffTest {
  /** The first step at its longest. */
  private static final Duration FIRST = Duration.ofMillis(240);

  private final ManualTimer timer = new ManualTimer();
  private final SharedBackoff backoff = new SharedBackoff(timer);
  private final List<String> asked = new ArrayList<>();

  /** Fails as often as brings the steps to their longest. */
  private void failForLong() {
    for (int i = 0; i < 8; i++) {
      backoff.failed(() -> asked.add("a"));
      timer.advance(Duration.ofSeconds(5));
    }
    asked.clear();
    backoff.failed(() -> asked.add("a"));
    backoff.failed(() -> asked.add("b"));
  }

  @Test
  @DisplayName("an answer of the store lets all ask at once")
  void answer_releasesAll() {
    failForLong();
    backoff.answered();
    assertThat(asked).containsExactly("a", "b");
  }

  @Test
  @DisplayName("an agent that is back lets one ask soon, and no more than one")
  void agentThatIsBack_letsOneAskSoon() {
    failForLong();
    timer.advance(FIRST);
    assertThat(asked).isEmpty();
    backoff.hurry();
    timer.advance(FIRST);
    assertThat(asked).containsExactly("a");
  }
}
