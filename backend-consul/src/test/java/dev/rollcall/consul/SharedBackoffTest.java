package dev.rollcall.consul;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.HostPort;
import dev.rollcall.RegistryException;
import dev.rollcall.testkit.ManualTimer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
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

  /** A watch that the agent fails each time. */
  private BlockingLoop<String> failing(String name) {
    ConsulBackendSettings settings =
        new ConsulBackendSettings(
            new HostPort("127.0.0.1", 8500),
            Optional.empty(),
            "",
            "",
            "",
            "",
            ReadOptions.Consistency.DEFAULT,
            Duration.ofSeconds(60),
            Duration.ofSeconds(5));
    BlockingLoop<String> loop =
        new BlockingLoop<>(
            read -> {
              asked.add(name);
              return new Pending<>(
                  CompletableFuture.failedFuture(RegistryException.unavailable("down", null)),
                  () -> {});
            },
            new BlockingLoop.Follower<>() {
              @Override
              public BlockingLoop.Verdict answered(
                  String value, long index, boolean afterFault, boolean reset) {
                throw new AssertionError("an answer");
              }

              @Override
              public void failed(RegistryException cause) {}

              @Override
              public void flush() {}
            },
            settings,
            timer,
            backoff,
            true);
    loop.restart();
    return loop;
  }

  @Test
  @DisplayName("a watch that was closed, or began anew, takes no step of those that wait")
  void closedWatch_takesNoStep() {
    List<BlockingLoop<String>> closed = new ArrayList<>();
    for (int n = 0; n < 50; n++) {
      closed.add(failing("closed"));
    }
    try (BlockingLoop<String> open = failing("open")) {
      for (int n = 0; n < 50; n++) {
        open.restart(); // as for each listener that joins
      }
      closed.forEach(BlockingLoop::close);
      asked.clear();
      timer.advance(FIRST);
      assertThat(asked).containsExactly("open");
      timer.advance(FIRST.multipliedBy(2));
      assertThat(asked).containsExactly("open", "open");
      backoff.answered();
      assertThat(asked).as("each once").containsExactly("open", "open", "open");
    }
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
