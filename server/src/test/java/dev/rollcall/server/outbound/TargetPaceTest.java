package dev.rollcall.server.outbound;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TargetPaceTest {
  private static final long SECOND = 1_000_000_000L;
  private final TargetRateLimiter pace = new TargetRateLimiter();
  private long now = Long.MAX_VALUE - SECOND;

  @Test
  void reserve_aFlood_isSpreadOverTime() {
    for (int i = 0; i < TargetRateLimiter.AT_ONCE; i++) {
      assertThat(pace.reserveNanos("a", now, SECOND)).isZero();
    }
    for (int i = 1; i <= TargetRateLimiter.A_SECOND; i++) {
      assertThat(pace.reserveNanos("a", now, SECOND))
          .isEqualTo(i * SECOND / TargetRateLimiter.A_SECOND);
    }
    assertThat(pace.reserveNanos("b", now, SECOND)).isZero();
  }

  @Test
  void reserve_whoCannotWait_doesNotCount() {
    for (int i = 0; i < TargetRateLimiter.AT_ONCE + 100; i++) {
      pace.reserveNanos("a", now, 0);
    }

    now += SECOND / TargetRateLimiter.A_SECOND;
    assertThat(pace.reserveNanos("a", now, 0)).isZero();
    assertThat(pace.reserveNanos("a", now, 0)).isPositive();
  }

  @Test
  void reserve_afterAWhile_isFreeAgain() {
    for (int i = 0; i < TargetRateLimiter.AT_ONCE; i++) {
      pace.reserveNanos("a", now, SECOND);
    }
    now += 10 * SECOND;
    for (int i = 0; i < TargetRateLimiter.AT_ONCE; i++) {
      assertThat(pace.reserveNanos("a", now, SECOND)).isZero();
    }
  }
}
