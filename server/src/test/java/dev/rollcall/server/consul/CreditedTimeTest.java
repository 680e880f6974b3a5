package dev.rollcall.server.consul;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.testkit.ManualTimer;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CreditedTimeTest {
  private final ManualTimer timer = new ManualTimer();
  private final CreditedTime time = new CreditedTime(timer);
  private long began;

  @BeforeEach
  void start() {
    began = time.nanos();
    tick();
  }

  @AfterEach
  void close() {
    timer.close();
  }

  private void tick() {
    time.ordered();
    timer.schedule(
        () -> {
          time.ticked();
          tick();
        },
        CreditedTime.TICK);
  }

  private Duration passed() {
    return Duration.ofNanos(time.nanos() - began);
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 49, 50, 51, 1_000, 86_400})
  void whileTicksComeInTime_itIsTheTimersTime(long millis) {
    timer.advance(Duration.ofMillis(millis));

    assertThat(passed()).isEqualTo(Duration.ofMillis(millis));
  }

  @ParameterizedTest
  @ValueSource(longs = {51, 100, 299, 300})
  void smallDelay_counts(long millis) {
    timer.jump(Duration.ofMillis(millis));

    assertThat(passed()).isEqualTo(Duration.ofMillis(millis));
  }

  @ParameterizedTest
  @ValueSource(longs = {301, 1_000, 60_000, 86_400_000})
  void longDelay_doesNotCount_butForTheTickItself(long millis) {
    timer.jump(Duration.ofMillis(millis));

    assertThat(passed()).isEqualTo(CreditedTime.TICK);
  }

  @Test
  void delays_addUp_andTimeGoesOnAfterwards() {
    timer.advance(Duration.ofSeconds(1));
    timer.jump(Duration.ofSeconds(10));
    timer.advance(Duration.ofSeconds(1));
    timer.jump(Duration.ofMinutes(5));
    timer.advance(Duration.ofSeconds(1));

    assertThat(passed()).isEqualTo(Duration.ofSeconds(3).plus(CreditedTime.TICK.multipliedBy(2)));
  }

  @Test
  void neverGoesBack_pastATick() {
    long last = time.nanos();
    for (long pause : new long[] {10, 5_000, 10, 400, 60_000, 1}) {
      timer.jump(Duration.ofMillis(pause));
      assertThat(time.nanos()).isGreaterThanOrEqualTo(last);
      last = time.nanos();
    }
  }
}
