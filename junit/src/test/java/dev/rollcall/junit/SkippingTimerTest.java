package dev.rollcall.junit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.spi.Timer.Scheduled;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SkippingTimerTest {
  private final SkippingTimer timer = new SkippingTimer();
  private final List<String> ran = new ArrayList<>();

  @AfterEach
  void close() {
    timer.close();
  }

  private static Duration hours(int hours) {
    return Duration.ofHours(hours);
  }

  @Test
  void time_passesByItself() throws Exception {
    CountDownLatch ran = new CountDownLatch(1);
    long before = timer.nanoTime();
    timer.schedule(ran::countDown, Duration.ofMillis(1));

    assertThat(ran.await(1, TimeUnit.MINUTES)).isTrue();
    assertThat(timer.nanoTime() - before).isGreaterThanOrEqualTo(1_000_000);
  }

  @Test
  void advance_runsWhatFallsDue_inOrder_atItsOwnMoment() {
    long before = timer.nanoTime();
    timer.schedule(() -> ran.add("late " + hoursSince(before)), hours(3));
    timer.schedule(
        () -> {
          ran.add("early " + hoursSince(before));
          timer.schedule(() -> ran.add("added " + hoursSince(before)), hours(1));
        },
        hours(1));
    timer.schedule(() -> ran.add("never"), hours(5));

    timer.advance(hours(4));

    assertThat(ran).containsExactly("early 1", "added 2", "late 3");
    assertThat(hoursSince(before)).isEqualTo(4);
  }

  private long hoursSince(long before) {
    return Duration.ofNanos(timer.nanoTime() - before).toHours();
  }

  @Test
  void whatThrows_stopsNothing() {
    timer.schedule(
        () -> {
          throw new IllegalStateException("on purpose");
        },
        hours(1));
    timer.schedule(() -> ran.add("next"), hours(2));

    timer.advance(hours(3));

    assertThat(ran).containsExactly("next");
  }

  @Test
  void cancelledOrClosed_runsNothing() {
    Scheduled cancelled = timer.schedule(() -> ran.add("cancelled"), hours(1));
    cancelled.cancel();
    cancelled.cancel();
    timer.advance(hours(2));

    timer.schedule(() -> ran.add("dropped"), hours(1));
    timer.close();
    timer.schedule(() -> ran.add("too late"), hours(1));
    timer.advance(hours(2));

    assertThat(ran).isEmpty();
  }
}
