package dev.rollcall.server.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class RateTest {
  private long now = Long.MAX_VALUE - 1_000_000_000L;
  private final RateLimiter rate = new RateLimiter(10, () -> now);

  @Test
  void admits_asManyAsAllowed_thenOneAStep() {
    for (int i = 0; i < 10; i++) {
      assertThat(rate.admits("a")).isTrue();
    }
    assertThat(rate.admits("a")).isFalse();
    assertThat(rate.admits("b")).isTrue();

    now += 100_000_000;
    assertThat(rate.admits("a")).isTrue();
    assertThat(rate.admits("a")).isFalse();
    now += 10_000_000_000L;
    for (int i = 0; i < 10; i++) {
      assertThat(rate.admits("a")).isTrue();
    }
    assertThat(rate.admits("a")).isFalse();
  }

  @Test
  void shares_areBoundedAndGivenBack() {
    ClientQuota shares = new ClientQuota(2);
    assertThat(shares.take("a")).isTrue();
    assertThat(shares.take("a")).isTrue();
    assertThat(shares.take("a")).isFalse();
    assertThat(shares.take("b")).isTrue();
    assertThat(shares.held()).isEqualTo(3);
    shares.giveBack("a");
    assertThat(shares.take("a")).isTrue();
    shares.giveBack("b");
    shares.giveBack("a");
    shares.giveBack("a");
    assertThat(shares.held()).isZero();
  }

  @Test
  void limits_outsideTheirRange_refused() {
    assertThatThrownBy(() -> new Limits(0, 1, 1)).hasMessageContaining("requestsPerSecond: 0");
    assertThatThrownBy(() -> new Limits(1, -1, 1)).hasMessageContaining("watchers: -1");
    assertThatThrownBy(() -> new Limits(1, 1, 0)).hasMessageContaining("registrations: 0");
  }
}
