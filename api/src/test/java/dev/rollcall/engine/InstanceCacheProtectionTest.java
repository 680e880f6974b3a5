package dev.rollcall.engine;

import static dev.rollcall.Samples.instance;
import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Freshness;
import dev.rollcall.Health;
import dev.rollcall.InstanceKey;
import dev.rollcall.RegistryException;
import dev.rollcall.Samples;
import dev.rollcall.spi.InstanceEvent;
import dev.rollcall.spi.InstanceEvent.Departure;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class InstanceCacheProtectionTest {
  private final ManualTimer timer = new ManualTimer();
  private final InstanceCache cache = cache(0.5);

  private InstanceCache cache(double share) {
    return new InstanceCache(
        "orders",
        timer,
        new LossGuard(timer, new FakeChecker(), share, Duration.ofMinutes(5)).window());
  }

  private static List<InstanceEvent> gone(Departure departure, String... ids) {
    List<InstanceEvent> events = new ArrayList<>();
    for (String id : ids) {
      events.add(new InstanceEvent.Remove(new InstanceKey("orders", id), departure));
    }
    return events;
  }

  private void load(int count) {
    cache.replace(Samples.instances(count), 1);
    cache.synced();
  }

  private void assertHeld(String... ids) {
    for (String id : ids) {
      assertThat(cache.holds(instance(id))).as(id).isTrue();
    }
    assertThat(cache.snapshot().freshness()).isInstanceOf(Freshness.Protected.class);
  }

  private void assertLive(int count) {
    assertThat(cache.snapshot().freshness()).isInstanceOf(Freshness.Live.class);
    assertThat(cache.snapshot().instances()).hasSize(count);
  }

  @Test
  void loss_ofOneAmongSeveral_isBelieved() {
    load(4);
    cache.apply(gone(Departure.UNKNOWN, "i0"), 2);
    assertLive(3);
    assertThat(cache.takeNewlyHeld()).isEmpty();
  }

  @Test
  void loss_ofHalf_isBelieved_andOfMore_isNot() {
    load(4);
    cache.apply(gone(Departure.EXPIRED, "i0", "i1"), 2);
    assertLive(2);
    load(4);
    timer.advance(Duration.ofSeconds(11));
    cache.apply(gone(Departure.EXPIRED, "i0", "i1", "i2"), 3);
    assertHeld("i0", "i1", "i2");
    assertThat(cache.snapshot().instances()).hasSize(4);
    assertThat(cache.takeNewlyHeld()).hasSize(3);
    assertThat(cache.takeNewlyHeld()).isEmpty();
  }

  @Test
  void loss_ofTheOnlyOne_isNotBelieved() {
    load(1);
    cache.apply(gone(Departure.UNKNOWN, "i0"), 2);
    assertHeld("i0");
    assertThat(cache.isEmpty()).isFalse();
  }

  @Test
  void loss_byReplace_isHeldToo() {
    load(4);
    cache.replace(List.of(), 2);
    assertHeld("i0", "i1", "i2", "i3");
    assertThat(cache.snapshot().freshness())
        .isInstanceOfSatisfying(
            Freshness.Protected.class,
            held -> assertThat(held.cause()).isEqualTo("4 of 4 instances vanished at once"));
  }

  @Test
  void losses_oneByOneWithinTheWindow_addUp() {
    load(6);
    for (int i = 0; i < 3; i++) {
      cache.apply(gone(Departure.EXPIRED, "i" + i), i);
      timer.advance(Duration.ofSeconds(3));
    }
    assertLive(3);
    cache.apply(gone(Departure.EXPIRED, "i3"), 9);
    assertHeld("i3");
    assertThat(cache.snapshot().instances()).hasSize(3);
  }

  @Test
  void losses_oneByOneOverALongTime_areBelieved() {
    load(6);
    for (int i = 0; i < 5; i++) {
      cache.apply(gone(Departure.EXPIRED, "i" + i), i);
      timer.advance(Duration.ofSeconds(11));
    }
    assertLive(1);
  }

  @Test
  void deregistered_isNeverHeld() {
    load(3);
    cache.apply(gone(Departure.DEREGISTERED, "i0", "i1", "i2"), 2);
    assertLive(0);
    assertThat(cache.isEmpty()).isTrue();
  }

  @Test
  void deregistered_doesNotCountAsALoss() {
    load(4);
    cache.apply(gone(Departure.DEREGISTERED, "i0", "i1"), 2);
    cache.apply(gone(Departure.UNKNOWN, "i2"), 3);
    assertLive(1);
  }

  @Test
  void deregistered_whileHeld_goesAtOnce() {
    load(2);
    cache.replace(List.of(), 2);
    cache.apply(gone(Departure.DEREGISTERED, "i0"), 3);
    assertThat(cache.snapshot().instances()).containsExactly(instance("i1"));
    assertHeld("i1");
    cache.apply(gone(Departure.DEREGISTERED, "i1"), 4);
    assertLive(0);
  }

  @Test
  void held_whenLostAgain_staysHeld() {
    load(2);
    cache.replace(List.of(), 2);
    cache.takeNewlyHeld();
    cache.apply(gone(Departure.EXPIRED, "i0"), 3);
    cache.replace(List.of(), 4);
    assertHeld("i0", "i1");
    assertThat(cache.takeNewlyHeld()).isEmpty();
  }

  @Test
  void held_whenPutAgain_isNoLongerHeld() {
    load(2);
    cache.replace(List.of(), 2);
    long version = cache.snapshot().version();
    cache.apply(List.of(new InstanceEvent.Put(instance("i0"))), 3);
    assertThat(cache.holds(instance("i0"))).isFalse();
    assertHeld("i1");
    cache.replace(Samples.instances(2), 4);
    assertLive(2);
    assertThat(cache.snapshot().version()).isGreaterThan(version);
  }

  @Test
  void release_takesAHeldOneOutOnce() {
    load(2);
    cache.replace(List.of(), 2);
    assertThat(cache.release(instance("i0"))).isTrue();
    assertThat(cache.release(instance("i0"))).isFalse();
    assertThat(cache.snapshot().instances()).containsExactly(instance("i1"));
    assertThat(cache.release(instance("i1"))).isTrue();
    assertLive(0);
  }

  @Test
  void release_ofOneThatCameBackChanged_doesNothing() {
    load(1);
    cache.replace(List.of(), 2);
    cache.replace(List.of(instance("i0", 9)), 3);
    assertThat(cache.release(instance("i0"))).isFalse();
    assertThat(cache.release(instance("i0", 9))).isFalse();
    assertLive(1);
  }

  @Test
  void loss_ofCriticalOnes_isBelieved() {
    cache.replace(List.of(instance("a"), instance("b", Health.CRITICAL)), 1);
    cache.synced();
    cache.apply(gone(Departure.EXPIRED, "b"), 2);
    assertLive(1);
    cache.replace(List.of(instance("c", Health.CRITICAL)), 3);
    assertHeld("a");
    assertThat(cache.snapshot().all()).hasSize(2);
  }

  @Test
  void share_ofOne_switchesTheProtectionOff() {
    InstanceCache unprotected = cache(1);
    unprotected.replace(Samples.instances(3), 1);
    unprotected.synced();
    unprotected.replace(List.of(), 2);
    assertThat(unprotected.snapshot().all()).isEmpty();
    assertThat(unprotected.snapshot().freshness()).isInstanceOf(Freshness.Live.class);
  }

  @Test
  void protected_agesByTheTimer_andStaleGoesBefore() {
    load(2);
    cache.replace(List.of(), 2);
    timer.advance(Duration.ofSeconds(3));
    assertProtectedFor(Duration.ofSeconds(3));
    cache.interrupted(RegistryException.unavailable("down", null));
    assertThat(cache.snapshot().freshness()).isInstanceOf(Freshness.Stale.class);
    timer.advance(Duration.ofSeconds(1));
    cache.synced();
    assertProtectedFor(Duration.ofSeconds(4));
    assertThat(cache.snapshot().instances()).hasSize(2);
  }

  private void assertProtectedFor(Duration age) {
    assertThat(cache.snapshot().freshness())
        .isInstanceOfSatisfying(
            Freshness.Protected.class, held -> assertThat(held.age()).isEqualTo(age));
  }

  @Test
  void withholding_showsTheStoresReasonUntilItCeases() {
    load(2);
    assertThat(cache.withholding("many leases ran out")).isTrue();
    assertThat(cache.withholding("many leases ran out")).isFalse();
    assertThat(cache.snapshot().freshness())
        .isInstanceOfSatisfying(
            Freshness.Protected.class,
            held -> assertThat(held.cause()).isEqualTo("many leases ran out"));
    assertThat(cache.withholding("")).isTrue();
    assertLive(2);
  }

  @Test
  void loss_beforeTheFirstStateIsComplete_isBelieved() {
    cache.replace(Samples.instances(4), 1);
    cache.apply(gone(Departure.UNKNOWN, "i0"), 2);
    cache.synced();
    assertLive(3);
  }

  @Test
  void loss_ofOneThatCameAndWentWithinOneChange_showsNothing() {
    load(1);
    List<InstanceEvent> events = new ArrayList<>();
    events.add(new InstanceEvent.Put(instance("x")));
    events.addAll(gone(Departure.EXPIRED, "x"));
    cache.apply(events, 2);
    assertLive(1);
  }
}
