package dev.rollcall.engine;

import static dev.rollcall.Samples.instance;
import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Freshness;
import dev.rollcall.Health;
import dev.rollcall.InstanceKey;
import dev.rollcall.RegistryException;
import dev.rollcall.Samples;
import dev.rollcall.ServiceInstance;
import dev.rollcall.Snapshot;
import dev.rollcall.spi.InstanceEvent;
import dev.rollcall.spi.InstanceEvent.Departure;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class InstanceCacheTest {
  private final ManualTimer timer = new ManualTimer();
  private final InstanceCache cache =
      new InstanceCache(
          "orders",
          timer,
          new LossGuard(timer, new FakeChecker(), 1, Duration.ofMinutes(5)).window());

  private static RegistryException down(String why) {
    return RegistryException.unavailable(why, null);
  }

  private static List<InstanceEvent> put(ServiceInstance... instances) {
    return List.of(instances).stream().<InstanceEvent>map(InstanceEvent.Put::new).toList();
  }

  private static InstanceEvent remove(String id) {
    return new InstanceEvent.Remove(new InstanceKey("orders", id), Departure.UNKNOWN);
  }

  @Test
  void snapshot_beforeAnything_isLoadingAndEmpty() {
    Snapshot snapshot = cache.snapshot();
    assertThat(snapshot.freshness()).isEqualTo(Timestamp.LOADING);
    assertThat(snapshot.all()).isEmpty();
    assertThat(snapshot.version()).isZero();
    assertThat(snapshot.service()).isEqualTo("orders");
    assertThat(cache.loaded()).isNotDone();
  }

  @Test
  void replace_beforeSynced_publishesNothing() {
    assertThat(cache.replace(Samples.instances(3), 7)).isFalse();
    assertThat(cache.apply(put(instance("x")), 8)).isFalse();
    assertThat(cache.snapshot().all()).isEmpty();
    assertThat(cache.snapshot().version()).isZero();
    assertThat(cache.loaded()).isNotDone();
  }

  @Test
  void synced_publishesAllThatWasFedAsTheFirstVersion() {
    cache.replace(List.of(instance("b"), instance("a", Health.CRITICAL)), 7);
    assertThat(cache.synced()).isTrue();
    Snapshot snapshot = cache.snapshot();
    assertThat(snapshot.all()).containsExactly(instance("a", Health.CRITICAL), instance("b"));
    assertThat(snapshot.instances()).containsExactly(instance("b"));
    assertThat(snapshot.find("a")).contains(instance("a", Health.CRITICAL));
    assertThat(snapshot.find("c")).isEmpty();
    assertThat(snapshot.version()).isEqualTo(1);
    assertThat(snapshot.revision()).isEqualTo(7);
    assertThat(snapshot.freshness()).isInstanceOf(Freshness.Live.class);
    assertThat(cache.loaded()).isCompleted();
  }

  @Test
  void synced_withoutInstances_isLoadedAndEmpty() {
    cache.synced();
    assertThat(cache.snapshot().version()).isEqualTo(1);
    assertThat(cache.snapshot().freshness()).isInstanceOf(Freshness.Live.class);
    assertThat(cache.isEmpty()).isTrue();
    assertThat(cache.synced()).isFalse();
  }

  @Test
  void replace_withEqualState_publishesNothingAndKeepsIdentity() {
    cache.replace(Samples.instances(3), 1);
    cache.synced();
    Snapshot before = cache.snapshot();
    assertThat(cache.replace(Samples.instances(3), 2)).isFalse();
    assertThat(cache.snapshot()).isSameAs(before);
  }

  @Test
  void replace_withOneChanged_keepsTheOtherObjects() {
    cache.replace(Samples.instances(3), 1);
    cache.synced();
    Snapshot before = cache.snapshot();
    cache.replace(List.of(instance("i0"), instance("i1", 9), instance("i2")), 2);
    Snapshot now = cache.snapshot();
    assertThat(now.all().get(0)).isSameAs(before.all().get(0));
    assertThat(now.all().get(1).port()).isEqualTo(9);
    assertThat(now.all().get(2)).isSameAs(before.all().get(2));
    assertThat(now.version()).isEqualTo(2);
  }

  @Test
  void apply_withEqualInstance_publishesNothing() {
    cache.replace(Samples.instances(2), 1);
    cache.synced();
    Snapshot before = cache.snapshot();
    assertThat(cache.apply(put(instance("i1")), 2)).isFalse();
    assertThat(cache.apply(List.of(remove("none")), 3)).isFalse();
    assertThat(cache.snapshot()).isSameAs(before);
  }

  @Test
  void apply_withSeveralEvents_publishesOnce() {
    cache.replace(Samples.instances(2), 1);
    cache.synced();
    List<InstanceEvent> events =
        List.of(
            remove("i0"),
            new InstanceEvent.Put(instance("x", 1)),
            new InstanceEvent.Put(instance("x", 2)),
            new InstanceEvent.Put(instance("y")),
            remove("y"));
    assertThat(cache.apply(events, 9)).isTrue();
    assertThat(cache.snapshot().all()).containsExactly(instance("i1"), instance("x", 2));
    assertThat(cache.snapshot().version()).isEqualTo(2);
    assertThat(cache.snapshot().revision()).isEqualTo(9);
  }

  @Test
  void apply_withRemoveThenPut_keepsTheInstance() {
    cache.replace(Samples.instances(1), 1);
    cache.synced();
    cache.apply(List.of(remove("i0"), new InstanceEvent.Put(instance("i0", 9))), 2);
    assertThat(cache.snapshot().all()).containsExactly(instance("i0", 9));
  }

  @Test
  void snapshot_onceReturned_neverChanges() {
    cache.replace(Samples.instances(2), 1);
    cache.synced();
    Snapshot kept = cache.snapshot();
    List<ServiceInstance> list = kept.instances();
    cache.replace(List.of(), 2);
    assertThat(list).isEqualTo(Samples.instances(2));
    assertThat(kept.instances()).isSameAs(list);
  }

  @Test
  void interrupted_whileLoading_tellsTheCauseAndStaysLoading() {
    assertThat(cache.interrupted(RegistryException.denied("no token", null))).isTrue();
    assertThat(cache.snapshot().freshness())
        .isInstanceOfSatisfying(
            Freshness.Loading.class,
            f -> assertThat(f.cause().orElseThrow()).hasMessage("no token"));
    assertThat(cache.snapshot().version()).isZero();
    cache.replace(Samples.instances(1), 1);
    assertThat(cache.snapshot().all()).isEmpty();
    cache.synced();
    assertThat(cache.snapshot().freshness()).isInstanceOf(Freshness.Live.class);
  }

  @Test
  void interrupted_keepsTheStateAndAgesByTheTimer() {
    cache.replace(Samples.instances(2), 1);
    cache.synced();
    assertThat(cache.interrupted(down("first"))).isTrue();
    assertThat(cache.snapshot().all()).hasSize(2);
    assertThat(cache.snapshot().version()).isEqualTo(2);
    timer.advance(Duration.ofSeconds(5));
    assertStale("first", Duration.ofSeconds(5));
    cache.interrupted(down("second"));
    timer.advance(Duration.ofSeconds(2));
    assertStale("second", Duration.ofSeconds(7));
  }

  @Test
  void synced_afterInterrupted_isLiveAgainAndTheNextOutageStartsAnew() {
    cache.replace(Samples.instances(2), 1);
    cache.synced();
    cache.interrupted(down("first"));
    timer.advance(Duration.ofSeconds(5));
    cache.replace(List.of(instance("i0")), 2);
    assertStale("first", Duration.ofSeconds(5));
    assertThat(cache.snapshot().all()).hasSize(1);
    assertThat(cache.synced()).isTrue();
    assertThat(cache.snapshot().freshness()).isInstanceOf(Freshness.Live.class);
    cache.interrupted(down("again"));
    timer.advance(Duration.ofSeconds(1));
    assertStale("again", Duration.ofSeconds(1));
  }

  private void assertStale(String cause, Duration age) {
    assertThat(cache.snapshot().freshness())
        .isInstanceOfSatisfying(
            Freshness.Stale.class,
            stale -> {
              assertThat(stale.cause()).hasMessage(cause);
              assertThat(stale.age()).isEqualTo(age);
              assertThat(stale).hasToString("Stale[age=" + age + ", cause=" + cause + "]");
            });
  }

  @Test
  void revision_whenItFalls_doesNotHoldTheVersionBack() {
    cache.replace(Samples.instances(1), 100);
    cache.synced();
    cache.replace(Samples.instances(2), 3);
    assertThat(cache.snapshot().version()).isEqualTo(2);
    assertThat(cache.snapshot().revision()).isEqualTo(3);
  }
}
