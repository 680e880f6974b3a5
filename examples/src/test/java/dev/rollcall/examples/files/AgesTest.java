package dev.rollcall.examples.files;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.ServiceInstance;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class AgesTest {
  private static final Duration TTL = Duration.ofSeconds(2);

  private final Ages ages = new Ages();

  @Test
  void over_isWhoKeepsItsNameForLongerThanItsTtl() {
    Stored one = stored(TTL);

    assertThat(ages.over(List.of(one), 5)).isEmpty();
    assertThat(ages.over(List.of(one), 5 + TTL.toNanos())).isEmpty();
    assertThat(ages.over(List.of(one), 6 + TTL.toNanos())).containsExactly(one);
  }

  @Test
  void over_isNotWhoWasRenewed() {
    Stored one = stored(TTL);
    Stored renewed = new Stored(one.name().renewed(), one.entry());

    assertThat(ages.over(List.of(one), 0)).isEmpty();
    assertThat(ages.over(List.of(renewed), TTL.toNanos())).isEmpty();
    assertThat(ages.over(List.of(renewed), 2 * TTL.toNanos())).isEmpty();
    assertThat(ages.over(List.of(renewed), 2 * TTL.toNanos() + 1)).containsExactly(renewed);
  }

  @Test
  void over_isNobodyWithoutATtl() {
    Stored permanent = stored(Duration.ZERO);

    assertThat(ages.over(List.of(permanent), 0)).isEmpty();
    assertThat(ages.over(List.of(permanent), Long.MAX_VALUE)).isEmpty();
  }

  @Test
  void forget_givesEverybodyOneTtlAgain() {
    Stored one = stored(TTL);
    assertThat(ages.over(List.of(one), 0)).isEmpty();

    ages.forget();

    assertThat(ages.over(List.of(one), 10 * TTL.toNanos())).isEmpty();
    assertThat(ages.over(List.of(one), 11 * TTL.toNanos() + 1)).containsExactly(one);
  }

  private static Stored stored(Duration ttl) {
    ServiceInstance instance =
        ServiceInstance.builder("orders").id("a").address("127.0.0.1", 80).build();
    return new Stored(FileName.of(instance.key()), new Entry(instance, "owner", ttl));
  }
}
