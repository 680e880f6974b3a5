package dev.rollcall.memory;

import static dev.rollcall.memory.Fixture.HEARTBEAT;
import static dev.rollcall.memory.Fixture.TICK;
import static dev.rollcall.memory.Fixture.TTL;
import static dev.rollcall.memory.Fixture.failure;
import static dev.rollcall.memory.Fixture.get;
import static dev.rollcall.memory.Fixture.instance;
import static dev.rollcall.memory.Fixture.key;
import static dev.rollcall.memory.Fixture.owner;
import static dev.rollcall.memory.Fixture.register;
import static dev.rollcall.memory.Fixture.snapshot;
import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Health;
import dev.rollcall.Liveness;
import dev.rollcall.RegistryException.Kind;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.Lease;
import dev.rollcall.spi.LeaseListener.LeaseEnd;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Selector;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LeaseTest {
  private final ManualTimer timer = new ManualTimer();
  private final MemoryStore store = MemoryStore.create(timer);
  private final RegistryBackend backend = store.open();
  private final List<LeaseEnd> ends = new ArrayList<>();

  private Lease lease(Liveness liveness) {
    return register(backend, instance("orders", "a"), liveness, owner("o"), ends::add);
  }

  private Health health() {
    return snapshot(backend, "orders").get(0).health();
  }

  @Test
  void register_heartbeat_grantsItsTtl() {
    assertThat(lease(HEARTBEAT).ttl()).isEqualTo(TTL);
    assertThat(health()).isEqualTo(Health.PASSING);
  }

  @Test
  void lease_notRenewed_turnsCriticalWithinATick() {
    Recorder sink = new Recorder();
    Lease lease = lease(HEARTBEAT);
    backend.watch(Selector.service("orders"), sink);
    timer.advance(TTL.minusNanos(1));
    assertThat(health()).isEqualTo(Health.PASSING);
    assertThat(ends).isEmpty();

    timer.advance(TICK.plusNanos(1));

    assertThat(health()).isEqualTo(Health.CRITICAL);
    assertThat(sink.take()).containsExactly("replace 1", "synced", "put a CRITICAL");
    assertThat(ends).containsExactly(LeaseEnd.EXPIRED);
    assertThat(failure(lease.renew()).kind()).isEqualTo(Kind.CONFLICT);
  }

  @Test
  void lease_renewed_staysPassing() {
    Lease lease = lease(HEARTBEAT);
    for (int i = 0; i < 20; i++) {
      timer.advance(TTL.minusMillis(100));
      get(lease.renew());
    }
    assertThat(health()).isEqualTo(Health.PASSING);
    timer.advance(TTL.plus(TICK));
    assertThat(health()).isEqualTo(Health.CRITICAL);
  }

  @Test
  void lease_longerThanTheWheel_expiresInTime() {
    lease(Liveness.heartbeat(Duration.ofHours(3)));
    timer.advance(Duration.ofHours(3).minusMillis(1));
    assertThat(health()).isEqualTo(Health.PASSING);
    timer.advance(TICK.plusMillis(1));
    assertThat(health()).isEqualTo(Health.CRITICAL);
  }

  @Test
  void expired_deregisterAfterPassed_isRemoved() {
    Recorder sink = new Recorder();
    lease(Liveness.heartbeat(TTL).deregisterAfter(Duration.ofSeconds(30)));
    timer.advance(TTL.plus(TICK));
    backend.watch(Selector.everything(), sink);
    sink.take();
    timer.advance(Duration.ofSeconds(30).minus(TICK.multipliedBy(2)));
    assertThat(snapshot(backend, "orders")).hasSize(1);

    timer.advance(TICK.multipliedBy(2));

    assertThat(snapshot(backend, "orders")).isEmpty();
    assertThat(sink.take()).containsExactly("remove a EXPIRED");
    assertThat(ends).containsExactly(LeaseEnd.EXPIRED);
  }

  @Test
  void expired_deregisterAfterZero_isRemovedAtOnce() {
    Recorder sink = new Recorder();
    lease(Liveness.heartbeat(TTL).deregisterAfter(Duration.ZERO));
    backend.watch(Selector.service("orders"), sink);
    timer.advance(TTL.plus(TICK));
    assertThat(sink.take()).containsExactly("replace 1", "synced", "remove a EXPIRED");
    assertThat(ends).containsExactly(LeaseEnd.EXPIRED);
  }

  @Test
  void expired_ofAnInstanceThatSaidCritical_isNoVisibleChange() {
    Recorder sink = new Recorder();
    ServiceInstance ill = instance("orders", "a").withHealth(Health.CRITICAL);
    register(backend, ill, HEARTBEAT, owner("o"), ends::add);
    backend.watch(Selector.service("orders"), sink);
    sink.take();
    timer.advance(TTL.plus(TICK));
    assertThat(sink.take()).isEmpty();
    assertThat(ends).containsExactly(LeaseEnd.EXPIRED);
  }

  @Test
  void expired_registeredAgainByItsOwner_passesAgain() {
    lease(HEARTBEAT);
    timer.advance(TTL.plus(TICK));
    Lease second =
        register(backend, instance("orders", "a"), HEARTBEAT, new Owner("o", 2), ends::add);
    assertThat(health()).isEqualTo(Health.PASSING);
    timer.advance(TTL.minus(TICK));
    get(second.renew());
    timer.advance(Liveness.DEFAULT_DEREGISTER_AFTER);
    assertThat(ends).containsExactly(LeaseEnd.EXPIRED, LeaseEnd.EXPIRED);
  }

  @Test
  void register_identicalAgain_restartsTheLeaseAndTellsNobody() {
    Recorder sink = new Recorder();
    Lease first = lease(HEARTBEAT);
    backend.watch(Selector.service("orders"), sink);
    sink.take();
    timer.advance(TTL.minus(TICK));
    Lease second = lease(HEARTBEAT);
    timer.advance(TTL.minus(TICK));
    assertThat(health()).isEqualTo(Health.PASSING);
    assertThat(sink.take()).isEmpty();
    get(first.renew());
    get(second.renew());
  }

  @Test
  void register_withAShorterTtl_countsFromThen() {
    lease(Liveness.heartbeat(Duration.ofHours(1)));
    lease(HEARTBEAT);
    timer.advance(TTL.plus(TICK));
    assertThat(health()).isEqualTo(Health.CRITICAL);
  }

  @Test
  void permanent_neverExpires() {
    Lease lease = lease(Liveness.permanent());
    assertThat(lease.ttl()).isZero();
    timer.advance(Duration.ofDays(30));
    get(lease.renew());
    assertThat(health()).isEqualTo(Health.PASSING);
    assertThat(timer.pending()).isZero();
  }

  @Test
  void ticks_whileNothingCanExpire_rest() {
    assertThat(timer.pending()).isZero();
    lease(HEARTBEAT);
    assertThat(timer.pending()).isEqualTo(1);
    get(backend.deregister(key("orders", "a"), owner("o")));
    timer.advance(TICK);
    assertThat(timer.pending()).isZero();

    timer.advance(Duration.ofHours(1));
    register(backend, instance("orders", "a"), HEARTBEAT, new Owner("o", 2));
    timer.advance(TTL.minusMillis(1));
    assertThat(health()).isEqualTo(Health.PASSING);
    timer.advance(TICK.plusMillis(1));
    assertThat(health()).isEqualTo(Health.CRITICAL);
  }

  @Test
  void pause_ofAnyLength_agesNoLease() {
    Lease lease = lease(HEARTBEAT);
    timer.advance(Duration.ofSeconds(9));
    timer.jump(Duration.ofHours(1));
    assertThat(health()).isEqualTo(Health.PASSING);
    timer.advance(Duration.ofMillis(900));
    get(lease.renew());
    timer.advance(TTL.minusMillis(1));
    assertThat(health()).isEqualTo(Health.PASSING);
    timer.advance(TICK.multipliedBy(2));
    assertThat(health()).isEqualTo(Health.CRITICAL);
  }

  @Test
  void pause_delaysTheRemovalOfTheCritical() {
    lease(Liveness.heartbeat(TTL).deregisterAfter(Duration.ofSeconds(5)));
    timer.advance(TTL.plus(TICK));
    timer.jump(Duration.ofMinutes(1));
    assertThat(snapshot(backend, "orders")).hasSize(1);
    timer.advance(Duration.ofSeconds(5).plus(TICK));
    assertThat(snapshot(backend, "orders")).isEmpty();
  }

  @Test
  void renew_afterAPauseAndBeforeTheTickThatNoticesIt_stretchesByThePauseAtMost() {
    Duration pause = Duration.ofSeconds(7);
    Lease lease = lease(HEARTBEAT);
    timer.advance(Duration.ofSeconds(1));
    timer.pass(pause);
    get(lease.renew());
    timer.advance(TTL.minus(TICK));
    assertThat(health()).isEqualTo(Health.PASSING);
    timer.advance(pause.plus(TICK.multipliedBy(2)));
    assertThat(health()).isEqualTo(Health.CRITICAL);
  }

  @Test
  void tick_aLittleLate_isNoPause() {
    lease(HEARTBEAT);
    for (int i = 0; i < 200; i++) {
      timer.jump(TICK.plusMillis(50));
    }
    assertThat(health()).isEqualTo(Health.CRITICAL);
  }

  @Test
  void store_closed_isUnavailable() {
    Recorder sink = new Recorder();
    Lease lease = lease(HEARTBEAT);
    backend.watch(Selector.everything(), sink);
    sink.take();
    store.close();
    store.close();
    assertThat(sink.take()).containsExactly("interrupted UNAVAILABLE");
    assertThat(failure(lease.renew()).kind()).isEqualTo(Kind.UNAVAILABLE);
    assertThat(failure(backend.snapshot(Selector.everything())).kind()).isEqualTo(Kind.UNAVAILABLE);
    timer.advance(Duration.ofHours(1));
    assertThat(timer.pending()).isZero();
    assertThat(ends).isEmpty();
  }
}
