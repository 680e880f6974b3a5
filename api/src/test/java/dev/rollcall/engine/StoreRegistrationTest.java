package dev.rollcall.engine;

import static dev.rollcall.Registration.State.ACTIVE;
import static dev.rollcall.Registration.State.CLOSED;
import static dev.rollcall.Registration.State.FENCED;
import static dev.rollcall.Registration.State.LOST;
import static dev.rollcall.Registration.State.PENDING;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.rollcall.Health;
import dev.rollcall.Liveness;
import dev.rollcall.RegistryException;
import dev.rollcall.RegistryException.Kind;
import dev.rollcall.Samples;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.Lease;
import dev.rollcall.spi.LeaseListener.LeaseEnd;
import dev.rollcall.spi.RegisterRequest.Claim;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** First registration, renewal, and what follows the loss of a lease. */
class StoreRegistrationTest extends RegistrationFixture {

  @Test
  void start_whenTheStoreTakesIt_isActive() {
    StoreRegistration registration = start();
    assertThat(registration.active()).isCompletedWithValue(registration);
    assertThat(states).containsExactly(PENDING, ACTIVE);
    ScriptedBackend.Register call = backend.lastRegister();
    assertThat(call.request.instance()).isEqualTo(INSTANCE);
    assertThat(call.request.claim()).isEqualTo(Claim.TAKE_OVER);
    assertThat(call.owner().epoch()).isEqualTo(1);
    assertThat(call.owner().id()).isNotEmpty();
    assertThat(registration.instance()).isEqualTo(INSTANCE);
  }

  @Test
  void start_whenTheStoreIsDownForAWhile_isActiveAfterwards() {
    failFirst(3, Kind.UNAVAILABLE);
    StoreRegistration registration = start();
    assertThat(registration.state()).isEqualTo(PENDING);
    assertThat(backend.registers).hasSize(1);
    timer.advance(Duration.ofMillis(639));
    assertThat(backend.registers).hasSize(1);
    timer.advance(Duration.ofSeconds(10));
    assertThat(backend.registers).hasSize(4);
    assertThat(registration.state()).isEqualTo(ACTIVE);
    assertThat(states).containsExactly(PENDING, ACTIVE);
    assertThat(backend.registers)
        .allSatisfy(call -> assertThat(call.request.claim()).isEqualTo(Claim.TAKE_OVER))
        .allSatisfy(call -> assertThat(call.owner()).isEqualTo(backend.lastRegister().owner()));
  }

  @Test
  void start_whenTheBackendThrows_isTriedAgain() {
    backend.onRegister =
        call -> {
          backend.onRegister = ScriptedBackend.Register::accept;
          throw new IllegalStateException("a fault of the backend");
        };
    StoreRegistration registration = start();
    timer.advance(Duration.ofSeconds(1));
    assertThat(registration.state()).isEqualTo(ACTIVE);
  }

  @ParameterizedTest
  @EnumSource(
      value = Kind.class,
      names = {"DENIED", "INVALID", "CONFLICT"})
  void start_whenTheStoreRefuses_isClosedForGood(Kind kind) {
    failFirst(1, kind);
    StoreRegistration registration = start();
    assertThat(registration.active())
        .isCompletedExceptionally()
        .failsWithin(Duration.ZERO)
        .withThrowableThat()
        .satisfies(thrown -> assertThat(kindOf(thrown.getCause())).isEqualTo(kind))
        .withMessageContaining("the store says " + kind);
    assertThat(states).containsExactly(PENDING, CLOSED);
    assertThat(done.get()).isPositive();
    timer.advance(LONG);
    assertThat(backend.registers).hasSize(1);
    registration.close();
    assertThat(backend.deregisters).isEmpty();
    assertThat(timer.pending()).isZero();
  }

  @ParameterizedTest
  @EnumSource(
      value = Kind.class,
      names = {"DENIED", "INVALID", "CONFLICT"})
  void start_whenTheStoreRefusesAfterAnAttemptThatMayHaveArrived_undoesThat(Kind kind) {
    backend.onRegister =
        call -> call.refuse(backend.registers.size() == 1 ? Kind.UNAVAILABLE : kind);
    StoreRegistration registration = start();
    timer.advance(Duration.ofSeconds(1));
    assertThat(registration.active())
        .isCompletedExceptionally()
        .failsWithin(Duration.ZERO)
        .withThrowableThat()
        .satisfies(thrown -> assertThat(kindOf(thrown.getCause())).isEqualTo(kind))
        .withMessageContaining("may have arrived, being undone");
    assertThat(backend.deregisters).hasSize(1);
    assertThat(backend.lastDeregister().owner).isEqualTo(backend.lastRegister().owner());
    assertThat(done.get()).isPositive();
    assertThat(timer.pending()).isZero();
  }

  @Test
  void start_whenAnotherTakesOverFirst_saysSo() {
    backend.onRegister = call -> {};
    StoreRegistration registration = start();
    backend.lastRegister().listener.ended(LeaseEnd.SUPERSEDED);
    backend.lastRegister().accept();
    assertThat(registration.active())
        .isCompletedExceptionally()
        .failsWithin(Duration.ZERO)
        .withThrowableThat()
        .withMessageContaining("another owner took it over");
  }

  @Test
  void permanent_afterALongPause_isLookedAtAndNotLost() {
    backend.onRegister = call -> call.answer.complete(new Looked(call));
    StoreRegistration registration = start(Liveness.permanent(), Claim.TAKE_OVER);
    timer.pause(LONG);
    assertThat(backend.registers).hasSize(1);
    assertThat(backend.lastRegister().renewals).isNotEmpty();
    assertThat(registration.state()).isEqualTo(ACTIVE);
    backend.lastRegister().onRenew =
        renewal -> renewal.completeExceptionally(RegistryException.conflict("gone"));
    timer.advance(ScriptedBackend.TTL);
    assertThat(backend.registers).hasSize(2);
  }

  /** A lease of what needs none and is looked at all the same. */
  private record Looked(ScriptedBackend.Register call) implements Lease {
    @Override
    public Duration ttl() {
      return ScriptedBackend.TTL;
    }

    @Override
    public CompletionStage<Void> renew() {
      return call.renew();
    }
  }

  @Test
  void renewal_comesThreeTimesATtl() {
    StoreRegistration registration = start();
    timer.advance(LONG.multipliedBy(9));
    int renewals = backend.lastRegister().renewals.size();
    assertThat(renewals).isBetween(180, 200);
    assertThat(backend.registers).hasSize(1);
    assertThat(registration.state()).isEqualTo(ACTIVE);
  }

  @Test
  void renewal_afterASlowRegistration_isCountedFromWhenThatWasSent() {
    backend.onRegister = call -> {};
    start();
    Duration slow = ScriptedBackend.TTL.multipliedBy(2).dividedBy(3);
    timer.advance(slow);
    backend.lastRegister().accept(); // the lease may be as old as the call
    timer.advance(ScriptedBackend.TTL.dividedBy(30));
    assertThat(backend.lastRegister().renewals).hasSize(1);
  }

  @Test
  void renewal_thatFailsAtOnce_isNotRepeatedAtOnce() {
    start();
    ScriptedBackend.Register lease = backend.lastRegister();
    lease.onRenew =
        renewal -> renewal.completeExceptionally(RegistryException.unavailable("down", null));
    timer.advance(ScriptedBackend.TTL.minusSeconds(1));
    assertThat(lease.renewals).hasSizeBetween(1, 3);
  }

  @Test
  void renewal_whereTheLeaseNeedsNone_isNotSent() {
    start(Liveness.permanent(), Claim.TAKE_OVER);
    timer.advance(LONG);
    assertThat(backend.lastRegister().renewals).isEmpty();
    assertThat(timer.pending()).isZero();
  }

  @Test
  void renewal_thatFailsForLessThanATtl_losesNothing() {
    start();
    ScriptedBackend.Register lease = backend.lastRegister();
    lease.onRenew =
        renewal -> {
          if (lease.renewals.size() == 1) {
            renewal.completeExceptionally(RegistryException.unavailable("down", null));
          } else {
            renewal.complete(null);
          }
        };
    timer.advance(LONG);
    assertThat(states).containsExactly(PENDING, ACTIVE);
    assertThat(backend.registers).hasSize(1);
  }

  @Test
  void renewal_thatFailsForATtl_isLostAndRegisteredAgain() {
    start();
    backend.registers.get(0).onRenew =
        renewal -> renewal.completeExceptionally(RegistryException.unavailable("down", null));
    timer.advance(ScriptedBackend.TTL.plusSeconds(4));
    assertRestored(2);
  }

  @Test
  void renewal_whenTheStoreSaysConflict_isRegisteredAgain() {
    start();
    backend.registers.get(0).onRenew =
        renewal -> renewal.completeExceptionally(RegistryException.conflict("no such lease"));
    timer.advance(ScriptedBackend.TTL);
    assertRestored(2);
  }

  @Test
  void renewal_afterAPauseLongerThanTheTtl_isNotSentButRegisteredAgain() {
    start();
    timer.pause(ScriptedBackend.TTL.plusSeconds(1));
    assertThat(backend.registers.get(0).renewals).isEmpty();
    assertRestored(2);
  }

  @Test
  void renewal_afterAPauseShorterThanTheTtl_isSent() {
    start();
    timer.pause(ScriptedBackend.TTL.minusSeconds(1));
    assertThat(backend.registers).hasSize(1);
    assertThat(backend.lastRegister().renewals).hasSize(1);
  }

  @Test
  void renewal_afterAPause_whereAnotherHasCome_isFenced() {
    StoreRegistration registration = start();
    backend.onRegister = call -> call.refuse(Kind.CONFLICT);
    timer.pause(ScriptedBackend.TTL.plusSeconds(1));
    assertThat(states).containsExactly(PENDING, ACTIVE, LOST, FENCED);
    assertStopped(registration, 2);
  }

  private void assertRestored(long epoch) {
    assertThat(states).containsExactly(PENDING, ACTIVE, LOST, ACTIVE);
    assertThat(backend.registers).hasSize(2);
    ScriptedBackend.Register again = backend.lastRegister();
    assertThat(again.request.claim()).isEqualTo(Claim.CONTINUE);
    assertThat(again.owner().id()).isEqualTo(backend.registers.get(0).owner().id());
    assertThat(again.owner().epoch()).isEqualTo(epoch);
    timer.advance(ScriptedBackend.TTL);
    assertThat(again.renewals).isNotEmpty();
  }

  private void assertStopped(StoreRegistration registration, int registers) {
    timer.advance(LONG);
    registration.close();
    assertThat(backend.registers).hasSize(registers);
    assertThat(backend.deregisters).isEmpty();
    assertThat(registration.state()).isEqualTo(FENCED);
    assertThat(done.get()).isPositive();
    assertThat(timer.pending()).isZero();
  }

  @ParameterizedTest
  @EnumSource(
      value = LeaseEnd.class,
      names = {"EXPIRED", "REMOVED"})
  void lease_whenItHasEnded_isRegisteredAgain(LeaseEnd end) {
    start();
    backend.lastRegister().listener.ended(end);
    assertRestored(2);
  }

  @Test
  void lease_whenItEndsWhileTheStoreIsDown_isRestoredWithTheLatestFields() {
    StoreRegistration registration = start();
    backend.onRegister = call -> call.refuse(Kind.UNAVAILABLE);
    backend.lastRegister().listener.ended(LeaseEnd.REMOVED);
    timer.advance(LONG);
    assertThat(registration.state()).isEqualTo(LOST);
    ServiceInstance latest = Samples.instance("a", 9);
    var updated = registration.update(latest);
    assertThat(updated).isNotDone();
    backend.onRegister = ScriptedBackend.Register::accept;
    timer.advance(LONG);
    assertThat(updated).isCompleted();
    assertThat(backend.lastRegister().request.instance()).isEqualTo(latest);
    assertThat(states).containsExactly(PENDING, ACTIVE, LOST, ACTIVE);
  }

  @Test
  void lease_whenSuperseded_isFencedAndNeverWritesAgain() {
    StoreRegistration registration = start();
    backend.lastRegister().listener.ended(LeaseEnd.SUPERSEDED);
    assertThat(states).containsExactly(PENDING, ACTIVE, FENCED);
    assertThat(registration.update(INSTANCE).isCompletedExceptionally()).isTrue();
    assertStopped(registration, 1);
  }

  @Test
  void lease_whenExpiredBeforeItsAnswer_isRegisteredAgain() {
    backend.onRegister = call -> {};
    StoreRegistration registration = start();
    ScriptedBackend.Register first = backend.lastRegister();
    first.listener.ended(LeaseEnd.EXPIRED);
    backend.onRegister = ScriptedBackend.Register::accept;
    first.accept();
    assertThat(backend.registers).hasSize(2);
    assertThat(registration.state()).isEqualTo(ACTIVE);
  }

  @Test
  void lease_whenSupersededBeforeItsAnswer_staysFenced() {
    backend.onRegister = call -> {};
    StoreRegistration registration = start();
    ScriptedBackend.Register first = backend.lastRegister();
    first.listener.ended(LeaseEnd.SUPERSEDED);
    backend.onRegister = ScriptedBackend.Register::accept;
    first.accept();
    assertThat(states).containsExactly(PENDING, FENCED);
    assertStopped(registration, 1);
  }

  @Test
  void lease_whenSupersededWhileAnUpdateIsUnderWay_staysFenced() {
    StoreRegistration registration = start();
    backend.onRegister = call -> {};
    var updated = registration.update(Samples.instance("a", 9));
    backend.lastRegister().listener.ended(LeaseEnd.SUPERSEDED);
    backend.onRegister = ScriptedBackend.Register::accept;
    backend.lastRegister().accept();
    assertThat(states).containsExactly(PENDING, ACTIVE, FENCED);
    assertThat(updated.isCompletedExceptionally()).isTrue();
    assertStopped(registration, 2);
  }

  @Test
  void lease_ofAnEarlierCallWhenSuperseded_undoesTheLaterOneThatIsGranted() {
    failFirst(1, Kind.UNAVAILABLE);
    StoreRegistration registration = start();
    ScriptedBackend.Register first = backend.lastRegister();
    backend.onRegister = call -> {};
    timer.advance(Duration.ofSeconds(1));
    assertThat(backend.registers).hasSize(2);
    first.listener.ended(LeaseEnd.SUPERSEDED);
    backend.lastRegister().accept();
    assertThat(registration.state()).isEqualTo(FENCED);
    assertThat(backend.deregisters).hasSize(1);
    assertThat(backend.lastDeregister().owner.id()).isEqualTo(first.owner().id());
    assertThat(done.get()).isPositive();
    timer.advance(LONG);
    assertThat(backend.registers).hasSize(2);
    assertThat(backend.deregisters).hasSize(1);
  }

  @Test
  void fenced_withACallThatWasNotAnswered_isUndoneUntilTheStoreConfirms() {
    StoreRegistration registration = start();
    backend.onRegister = call -> call.refuse(Kind.UNAVAILABLE);
    backend.onDeregister = call -> call.refuse(Kind.UNAVAILABLE);
    backend.lastRegister().listener.ended(LeaseEnd.REMOVED);
    backend.onRegister = call -> call.refuse(Kind.CONFLICT);
    timer.advance(Duration.ofSeconds(5));
    assertThat(registration.state()).isEqualTo(FENCED);
    assertThat(registration.gone()).isNotDone();
    backend.onDeregister = call -> call.refuse(Kind.DENIED);
    timer.advance(LONG);
    assertThat(registration.gone()).isNotDone();
    backend.onDeregister = ScriptedBackend.Deregister::accept;
    timer.advance(LONG);
    assertThat(registration.gone()).isCompleted();
    assertThat(registration.state()).isEqualTo(FENCED);
    assertThat(timer.pending()).isZero();
  }

  @Test
  void lease_ofAnEarlierCall_isNotListenedTo() {
    StoreRegistration registration = start();
    registration.update(Samples.instance("a", 9));
    backend.registers.get(0).listener.ended(LeaseEnd.EXPIRED);
    assertThat(registration.state()).isEqualTo(ACTIVE);
    assertThat(backend.registers).hasSize(2);
  }

  @Test
  void probe_thatSaysFalse_showsCriticalAndKeepsTheLease() {
    boolean[] healthy = {true};
    StoreRegistration registration =
        start(
            Liveness.heartbeat(ScriptedBackend.TTL)
                .onlyWhile(
                    () -> {
                      synchronized (healthy) {
                        return healthy[0];
                      }
                    }),
            Claim.TAKE_OVER);
    assertThat(backend.lastRegister().request.instance().health()).isEqualTo(Health.PASSING);
    set(healthy, false);
    awaitShown(Health.CRITICAL);
    int renewals = backend.lastRegister().renewals.size();
    awaitRenewals(renewals + 3);
    assertThat(registration.state()).isEqualTo(ACTIVE);
    assertThat(registration.instance()).isEqualTo(INSTANCE);
    set(healthy, true);
    awaitShown(Health.PASSING);
    assertThat(states).containsExactly(PENDING, ACTIVE);
  }

  @Test
  void probe_thatThrows_countsAsFalse() {
    try (RecordedLog log = new RecordedLog()) {
      start(
          Liveness.heartbeat(ScriptedBackend.TTL)
              .onlyWhile(
                  () -> {
                    throw new AssertionError("broken probe");
                  }),
          Claim.TAKE_OVER);
      awaitShown(Health.CRITICAL);
      assertThat(log.warnings()).first().asString().contains("its probe has thrown");
    }
  }

  private static void set(boolean[] healthy, boolean value) {
    synchronized (healthy) {
      healthy[0] = value;
    }
  }

  private void awaitShown(Health health) {
    await()
        .until(
            () -> {
              timer.advance(Duration.ofMillis(500));
              return backend.lastRegister().request.instance().health() == health;
            });
  }

  private void awaitRenewals(int count) {
    await()
        .until(
            () -> {
              timer.advance(Duration.ofMillis(500));
              return backend.lastRegister().renewals.size() >= count;
            });
  }
}
