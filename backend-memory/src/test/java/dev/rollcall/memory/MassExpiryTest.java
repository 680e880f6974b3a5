package dev.rollcall.memory;

import static dev.rollcall.memory.Fixture.HEARTBEAT;
import static dev.rollcall.memory.Fixture.TICK;
import static dev.rollcall.memory.Fixture.TTL;
import static dev.rollcall.memory.Fixture.get;
import static dev.rollcall.memory.Fixture.instance;
import static dev.rollcall.memory.Fixture.key;
import static dev.rollcall.memory.Fixture.owner;
import static dev.rollcall.memory.Fixture.passing;
import static dev.rollcall.memory.Fixture.register;
import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.spi.Lease;
import dev.rollcall.spi.LeaseListener.LeaseEnd;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Selector;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class MassExpiryTest {
  private static final Duration WINDOW = Duration.ofNanos(MassExpiryGuard.WINDOW_NANOS);

  private final ManualTimer timer = new ManualTimer();
  private final List<Lease> leases = new ArrayList<>();
  private final List<LeaseEnd> ends = new ArrayList<>();
  private final Recorder sink = new Recorder();
  private RegistryBackend backend = MemoryStore.create(timer).open();

  private void fill(int count) {
    for (int i = 0; i < count; i++) {
      leases.add(
          register(backend, instance("s" + i % 2, "i" + i), HEARTBEAT, owner("o" + i), ends::add));
    }
  }

  private void renewFrom(int first) {
    leases.subList(first, leases.size()).forEach(lease -> get(lease.renew()));
  }

  @Test
  void allAtOnce_areHeldAndSaid() {
    fill(100);
    backend.watch(Selector.everything(), sink);
    sink.take();
    timer.advance(TTL.plus(TICK));
    assertThat(passing(backend)).isEqualTo(100);
    assertThat(ends).isEmpty();
    assertThat(sink.take()).containsExactlyInAnyOrder("withheld s0", "withheld s1");
    assertThat(sink.withheld().get("s0")).contains("100 of 100");

    Recorder late = new Recorder();
    backend.watch(Selector.service("s1"), late);
    assertThat(late.take()).containsExactly("replace 50", "withheld s1", "synced");
  }

  @Test
  void held_andRenewedAgain_areSimplyAlive() {
    fill(100);
    backend.watch(Selector.everything(), sink);
    timer.advance(TTL.plus(TICK));
    sink.take();
    renewFrom(0);
    timer.advance(Duration.ofSeconds(2));
    assertThat(sink.take()).containsExactlyInAnyOrder("free s0", "free s1");
    renewFrom(0);
    timer.advance(TTL.minus(TICK));
    assertThat(passing(backend)).isEqualTo(100);
    assertThat(ends).isEmpty();
  }

  @Test
  void held_andDead_areLetGoATenthAWindow() {
    fill(100);
    backend.watch(Selector.everything(), sink);
    timer.advance(TTL.plus(TICK));
    sink.take();
    timer.advance(WINDOW.minus(TICK.multipliedBy(3)));
    assertThat(passing(backend)).isEqualTo(100);
    for (int window = 1; window <= 10; window++) {
      timer.advance(Duration.ofSeconds(1));
      long left = 100 - 10L * window;
      assertThat(passing(backend)).isBetween(left - 1, left + 1);
      timer.advance(WINDOW.minusSeconds(1));
    }
    timer.advance(WINDOW);
    assertThat(passing(backend)).isZero();
    assertThat(ends).hasSize(100);
    assertThat(sink.withheld()).isEmpty();
    timer.advance(Duration.ofMinutes(2));
    assertThat(get(backend.snapshot(Selector.everything())).instances()).isEmpty();
    assertThat(timer.pending()).isZero();
  }

  @Test
  void held_andDeregistered_isGoneAtOnce() {
    fill(20);
    backend.watch(Selector.service("s1"), sink);
    timer.advance(TTL.plus(TICK));
    sink.take();
    for (int i = 1; i < 20; i += 2) {
      get(backend.deregister(key("s1", "i" + i), owner("o" + i)));
    }
    assertThat(sink.state()).isEmpty();
    assertThat(sink.withheld()).isEmpty();
    assertThat(sink.take()).contains("free s1").startsWith("remove i1 DEREGISTERED");
  }

  @Test
  void oneAfterTheOther_areHeldOnceTheShareIsReached() {
    fill(100);
    for (int i = 1; i <= 60; i++) {
      timer.advance(Duration.ofMillis(100));
      renewFrom(i);
    }
    timer.advance(Duration.ofSeconds(4));
    for (int i = 0; i < 80; i++) {
      timer.advance(Duration.ofMillis(100));
      renewFrom(60);
    }
    assertThat(passing(backend)).isEqualTo(70);
    assertThat(ends).hasSize(30);
  }

  @Test
  void lessThanTheShare_expire() {
    fill(100);
    timer.advance(TTL.minus(TICK));
    renewFrom(30);
    timer.advance(TICK.multipliedBy(2));
    assertThat(passing(backend)).isEqualTo(70);
  }

  @Test
  void fewInstances_expireHoweverManyTheyAre() {
    fill(9);
    timer.advance(TTL.plus(TICK));
    assertThat(passing(backend)).isZero();
  }

  @Test
  void withoutGuard_allExpire() {
    backend = MemoryStore.builder(timer).withoutGuard().build().open();
    fill(100);
    timer.advance(TTL.plus(TICK));
    assertThat(passing(backend)).isZero();
    assertThat(ends).hasSize(100);
  }

  @Test
  void ownShare_decides() {
    backend = MemoryStore.builder(timer).guard(0.9).build().open();
    fill(100);
    timer.advance(TTL.minus(TICK));
    renewFrom(80);
    timer.advance(TICK.multipliedBy(2));
    assertThat(passing(backend)).isEqualTo(20);
  }
}
