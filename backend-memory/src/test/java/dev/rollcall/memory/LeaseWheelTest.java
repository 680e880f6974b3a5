package dev.rollcall.memory;

import static dev.rollcall.memory.Fixture.HEARTBEAT;
import static dev.rollcall.memory.Fixture.TICK;
import static dev.rollcall.memory.Fixture.TTL;
import static dev.rollcall.memory.Fixture.instance;
import static dev.rollcall.memory.Fixture.owner;
import static dev.rollcall.memory.Fixture.passing;
import static dev.rollcall.memory.Fixture.register;
import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Liveness;
import dev.rollcall.spi.RegistryBackend;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class LeaseWheelTest {
  private final ManualTimer timer = new ManualTimer();
  private final RegistryBackend backend = MemoryStore.builder(timer).withoutGuard().build().open();
  private final AtomicLong ended = new AtomicLong();
  private final AtomicLong worstNanos = new AtomicLong();

  @Test
  void leases_ofManyTtls_endWithinATickOfTheirDeadline() {
    endInTime(20_000);
  }

  @Test
  @Tag("long")
  void aMillionLeases_endWithinATickOfTheirDeadline() {
    endInTime(1_000_000);
  }

  private void endInTime(int count) {
    Random random = new Random(42);
    for (int i = 0; i < count; i++) {
      Duration ttl = Duration.ofMillis(1000 + random.nextInt(120_000));
      long deadline = timer.nanoTime() + ttl.toNanos();
      register(
          backend,
          instance("s" + i % 1000, "i" + i),
          Liveness.heartbeat(ttl),
          owner("o"),
          end -> {
            long late = timer.nanoTime() - deadline;
            assertThat(late).isNotNegative();
            worstNanos.accumulateAndGet(late, Math::max);
            ended.incrementAndGet();
          });
    }
    timer.advance(Duration.ofSeconds(121).plus(TICK));
    assertThat(ended).hasValue(count);
    assertThat(worstNanos.get()).isLessThanOrEqualTo(TICK.toNanos());
  }

  @Test
  @Tag("long")
  void aMillionLeases_withOneDeadline_endInOneTick() {
    int count = 1_000_000;
    for (int i = 0; i < count; i++) {
      register(
          backend,
          instance("s" + i % 10_000, "i" + i),
          HEARTBEAT,
          owner("o"),
          end -> ended.incrementAndGet());
    }
    timer.advance(TTL.minusNanos(1));
    assertThat(passing(backend)).isEqualTo(count);
    long began = System.nanoTime();
    timer.advance(TICK);
    long took = System.nanoTime() - began;
    assertThat(ended).hasValue(count);
    System.out.printf(
        "a million leases with one deadline: one tick, %d ms of work%n",
        TimeUnit.NANOSECONDS.toMillis(took));
  }
}
