package dev.rollcall.consul;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class FullRefreshScheduleTest {
  private static final long SECOND = Duration.ofSeconds(1).toNanos();

  private final FullRefreshSchedule sweeps = new FullRefreshSchedule();

  private Duration gapAfterASweepOf(Duration took) {
    long begun = 100 * SECOND;
    sweeps.fulfilled(begun);
    assertThat(sweeps.wish(true, begun)).isPresent();
    assertThat(sweeps.begin(true, begun)).isTrue();
    long ended = begun + took.toNanos();
    assertThat(sweeps.idle(ended)).isEmpty();
    return sweeps.wish(true, ended).orElseThrow();
  }

  @Test
  void sweeps_areSpacedByTenTimesTheirDuration() {
    assertThat(gapAfterASweepOf(Duration.ofMillis(700))).isEqualTo(Duration.ofSeconds(7));
  }

  @Test
  void slowSweeps_areNotSpacedByMinutes() {
    assertThat(gapAfterASweepOf(Duration.ofSeconds(20))).isEqualTo(Duration.ofSeconds(15));
  }

  @Test
  void wishDuringASweep_isKept() {
    sweeps.fulfilled(0);
    assertThat(sweeps.wish(true, SECOND)).isPresent();
    assertThat(sweeps.begin(true, SECOND)).isTrue();
    assertThat(sweeps.wish(true, SECOND)).isEmpty();
    assertThat(sweeps.idle(2 * SECOND)).hasValue(Duration.ofSeconds(10));
  }
}
