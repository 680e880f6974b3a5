package dev.rollcall.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

class BackoffTest {
  private final ManualTimer timer = new ManualTimer();
  private final Backoff backoff = new Backoff(timer, RealMachine.INSTANCE);

  private void assertFails(long aroundMillis) {
    Duration wait = backoff.failed();
    assertThat(wait)
        .isBetween(
            Duration.ofMillis(aroundMillis * 8 / 10), Duration.ofMillis(aroundMillis * 12 / 10));
    timer.advance(wait);
  }

  @RepeatedTest(20)
  void failed_again_doublesUpTo30Seconds() {
    assertFails(800);
    assertFails(1600);
    assertFails(3200);
    assertFails(6400);
    assertFails(12_800);
    assertFails(25_600);
    assertFails(30_000);
    assertFails(30_000);
  }

  @Test
  void failed_twoMinutesAfterTheLastFailure_startsOver() {
    assertFails(800);
    assertFails(1600);
    assertFails(3200);
    timer.advance(Duration.ofMinutes(2));
    assertFails(800);
    assertFails(1600);
  }

  @Test
  void failed_withinTwoMinutes_goesOn() {
    backoff.failed();
    timer.advance(Duration.ofMinutes(2));
    assertFails(1600);
  }

  @Test
  void failed_isSpread() {
    long first = new Backoff(timer, RealMachine.INSTANCE).failed().toNanos();
    boolean spread = false;
    for (int i = 0; i < 50; i++) {
      spread |= new Backoff(timer, RealMachine.INSTANCE).failed().toNanos() != first;
    }
    assertThat(spread).isTrue();
  }

  @RepeatedTest(20)
  void answersAgain_isSoonAndStartsOver() {
    for (int i = 0; i < 8; i++) {
      backoff.failed();
    }
    assertThat(backoff.answersAgain()).isBetween(Duration.ZERO, Duration.ofMillis(500));
    assertFails(800);
    assertFails(1600);
  }
}
