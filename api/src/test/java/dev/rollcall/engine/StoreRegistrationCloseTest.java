package dev.rollcall.engine;

import static dev.rollcall.Registration.State.ACTIVE;
import static dev.rollcall.Registration.State.CLOSED;
import static dev.rollcall.Registration.State.PENDING;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.rollcall.Registration;
import dev.rollcall.RegistryException;
import dev.rollcall.RegistryException.Kind;
import dev.rollcall.Subscription;
import dev.rollcall.spi.LeaseListener.LeaseEnd;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class StoreRegistrationCloseTest extends RegistrationFixture {

  @Test
  void close_deregistersAsTheOwnerAndStops() {
    StoreRegistration registration = start();
    registration.close();
    registration.close();
    assertThat(states).containsExactly(PENDING, ACTIVE, CLOSED);
    assertThat(backend.deregisters).hasSize(1);
    assertThat(backend.lastDeregister().key).isEqualTo(INSTANCE.key());
    assertThat(backend.lastDeregister().owner).isEqualTo(backend.lastRegister().owner());
    assertThat(done.get()).isPositive();
    timer.advance(LONG);
    assertThat(backend.lastRegister().renewals).isEmpty();
    assertThat(timer.pending()).isZero();
  }

  @Test
  void deregister_whileRegisterIsUnderWay_isSentAfterItsAnswer() {
    backend.onRegister = call -> {};
    StoreRegistration registration = start();
    CompletableFuture<Void> gone = registration.deregister();
    assertThat(registration.state()).isEqualTo(CLOSED);
    assertThat(backend.deregisters).isEmpty();
    backend.lastRegister().accept();
    assertThat(backend.deregisters).hasSize(1);
    assertThat(gone).isCompleted();
    assertThat(registration.active().isCompletedExceptionally()).isTrue();
    assertThat(states).containsExactly(PENDING, CLOSED);
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void deregister_whileRegisterIsUnderWayAndFails_isSentAllTheSame(Kind kind) {
    backend.onRegister = call -> {};
    StoreRegistration registration = start();
    CompletableFuture<Void> gone = registration.deregister();
    backend.lastRegister().refuse(kind);
    assertThat(backend.deregisters).hasSize(1);
    assertThat(gone).isCompleted();
    assertThat(backend.registers).hasSize(1);
  }

  @Test
  void deregister_whileARetryWaits_cancelsItAndIsSentAtOnce() {
    backend.onRegister = call -> call.refuse(Kind.UNAVAILABLE);
    StoreRegistration registration = start();
    assertThat(registration.deregister()).isCompleted();
    assertThat(backend.deregisters).hasSize(1);
    timer.advance(LONG);
    assertThat(backend.registers).hasSize(1);
  }

  @Test
  void deregister_whileTheLeaseEnds_bringsNothingBack() {
    StoreRegistration registration = start();
    backend.onDeregister = call -> {};
    CompletableFuture<Void> gone = registration.deregister();
    for (LeaseEnd end : LeaseEnd.values()) {
      backend.lastRegister().listener.ended(end);
    }
    backend.lastDeregister().accept();
    backend.lastRegister().listener.ended(LeaseEnd.REMOVED);
    timer.advance(LONG);
    assertThat(gone).isCompleted();
    assertThat(backend.registers).hasSize(1);
    assertThat(states).containsExactly(PENDING, ACTIVE, CLOSED);
  }

  @Test
  void deregister_whileARenewalIsUnderWay_bringsNothingBack() {
    StoreRegistration registration = start();
    ScriptedBackend.Register lease = backend.lastRegister();
    lease.onRenew = renewal -> {};
    timer.advance(Duration.ofSeconds(3));
    assertThat(lease.renewals).hasSize(1);
    CompletableFuture<Void> gone = registration.deregister();
    lease.renewals.get(0).completeExceptionally(RegistryException.conflict("ended"));
    timer.advance(LONG);
    assertThat(gone).isCompleted();
    assertThat(backend.registers).hasSize(1);
    assertThat(lease.renewals).hasSize(1);
    assertThat(timer.pending()).isZero();
  }

  @Test
  void deregister_whileTheStoreIsDown_failsAtTheDeadlineAndGoesOn() {
    StoreRegistration registration = start();
    backend.onDeregister = call -> call.refuse(Kind.UNAVAILABLE);
    CompletableFuture<Void> gone = registration.deregister();
    timer.advance(DEADLINE.minusMillis(1));
    assertThat(gone).isNotDone();
    timer.advance(Duration.ofMillis(1));
    assertThatThrownBy(gone::join)
        .hasCauseInstanceOf(RegistryException.class)
        .hasMessageContaining("orders/a: not confirmed gone within PT10S");
    timer.advance(LONG);
    int attempts = backend.deregisters.size();
    assertThat(attempts).isBetween(4, 9);
    assertThat(backend.lastRegister().renewals).isEmpty();
    assertThat(done).hasValue(0);
    backend.onDeregister = ScriptedBackend.Deregister::accept;
    timer.advance(LONG);
    assertThat(backend.deregisters).hasSize(attempts + 1);
    assertThat(done.get()).isPositive();
    assertThat(registration.deregister()).isCompleted();
    assertThat(timer.pending()).isZero();
  }

  @ParameterizedTest
  @EnumSource(
      value = Kind.class,
      names = {"DENIED", "INVALID", "CONFLICT"})
  void deregister_whenRefused_failsAndEnds(Kind kind) {
    StoreRegistration registration = start();
    backend.onDeregister = call -> call.refuse(kind);
    CompletableFuture<Void> gone = registration.deregister();
    assertThat(gone.isCompletedExceptionally()).isTrue();
    assertThat(registration.state()).isEqualTo(CLOSED);
    assertThat(done.get()).isPositive();
    timer.advance(LONG);
    assertThat(backend.deregisters).hasSize(1);
    assertThat(backend.registers).hasSize(1);
  }

  @Test
  void deregister_whenRefusedAfterItWasSaidToBeUndone_goesOn() {
    StoreRegistration registration = start();
    backend.onDeregister = call -> call.refuse(Kind.UNAVAILABLE);
    CompletableFuture<Void> gone = registration.deregister();
    timer.advance(DEADLINE);
    assertThat(gone.isCompletedExceptionally()).isTrue();
    backend.onDeregister = call -> call.refuse(Kind.DENIED);
    timer.advance(LONG);
    assertThat(done).hasValue(0);
    backend.onDeregister = ScriptedBackend.Deregister::accept;
    timer.advance(LONG);
    assertThat(done.get()).isPositive();
    assertThat(timer.pending()).isZero();
  }

  @Test
  void deregister_ofWhatWasNotAnsweredWhenRefused_goesOn() {
    backend.onRegister = call -> {};
    StoreRegistration registration = start();
    backend.onDeregister = call -> call.refuse(Kind.DENIED);
    CompletableFuture<Void> gone = registration.deregister();
    backend.lastRegister().refuse(Kind.UNAVAILABLE);
    assertThat(backend.deregisters).hasSize(1);
    assertThat(done).hasValue(0);
    backend.onDeregister = ScriptedBackend.Deregister::accept;
    timer.advance(Duration.ofSeconds(5));
    assertThat(gone).isCompleted();
    assertThat(done.get()).isPositive();
  }

  @Test
  void close_whenTheStoreFails_logsAndReturns() {
    StoreRegistration registration = start();
    backend.onDeregister = call -> call.refuse(Kind.DENIED);
    try (RecordedLog log = new RecordedLog()) {
      registration.close();
      assertThat(log.warnings()).containsExactly("closing: the store says DENIED");
    }
  }

  @Test
  void close_onAnInterruptedThread_returnsAndGoesOn() {
    StoreRegistration registration = start();
    backend.onDeregister = call -> {};
    Thread.currentThread().interrupt();
    registration.close();
    assertThat(Thread.interrupted()).isTrue();
    backend.lastDeregister().refuse(Kind.UNAVAILABLE);
    backend.onDeregister = ScriptedBackend.Deregister::accept;
    timer.advance(Duration.ofSeconds(1));
    assertThat(backend.deregisters).hasSize(2);
    assertThat(done.get()).isPositive();
  }

  @Test
  void drain_waitsAfterTheDeregistration() {
    StoreRegistration registration = start();
    backend.onDeregister = call -> {};
    CompletableFuture<Void> drained = registration.drain(Duration.ofSeconds(5));
    timer.advance(Duration.ofSeconds(6));
    assertThat(drained).isNotDone();
    backend.lastDeregister().accept();
    timer.advance(Duration.ofMillis(4999));
    assertThat(drained).isNotDone();
    timer.advance(Duration.ofMillis(1));
    assertThat(drained).isCompleted();
  }

  @Test
  void drain_withBadWait_isRefused() {
    StoreRegistration registration = start();
    assertThatThrownBy(() -> registration.drain(Duration.ofSeconds(-1)))
        .hasMessage("wait: PT-1S (expected: PT0S to PT24H)");
    assertThatThrownBy(() -> registration.drain(null)).hasMessageStartingWith("wait: null");
    assertThat(registration.state()).isEqualTo(ACTIVE);
  }

  @Test
  void onState_closed_hearsNothingMore() {
    StoreRegistration registration = start();
    CompletableFuture<Registration.State> heard = new CompletableFuture<>();
    Subscription subscription = registration.onState(heard::complete);
    assertThat(heard).isCompletedWithValue(ACTIVE);
    subscription.close();
    assertThat(listening).hasSize(1);
    registration.close();
    CompletableFuture<Registration.State> late = new CompletableFuture<>();
    registration.onState(late::complete);
    assertThat(late).isCompletedWithValue(CLOSED);
  }

  @Test
  void onState_thatThrows_staysSubscribed() {
    StoreRegistration registration = start();
    int[] calls = {0};
    try (RecordedLog log = new RecordedLog()) {
      registration.onState(
          state -> {
            calls[0]++;
            throw new AssertionError(state);
          });
      backend.lastRegister().listener.ended(LeaseEnd.EXPIRED);
      await().until(() -> calls[0] == 3);
      assertThat(log.warnings())
          .containsExactlyInAnyOrder(
              "lost: " + INSTANCE.key() + ": its lease has expired; it is being registered again",
              "a listener of the state of " + INSTANCE.key() + " has thrown; it stays subscribed",
              "a listener of the state of " + INSTANCE.key() + " has thrown; it stays subscribed",
              "a listener of the state of " + INSTANCE.key() + " has thrown; it stays subscribed");
    }
  }
}
