package dev.rollcall.engine;

import static dev.rollcall.Registration.State.ACTIVE;
import static dev.rollcall.Registration.State.CLOSED;
import static dev.rollcall.Registration.State.FENCED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.rollcall.Health;
import dev.rollcall.Liveness;
import dev.rollcall.RegistryException;
import dev.rollcall.RegistryException.Kind;
import dev.rollcall.Samples;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.LeaseListener.LeaseEnd;
import dev.rollcall.spi.RegisterRequest.Claim;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class StoreRegistrationUpdateTest extends RegistrationFixture {
  private static final ServiceInstance PORT_1 = Samples.instance("a", 1);
  private static final ServiceInstance PORT_2 = Samples.instance("a", 2);
  private static final ServiceInstance PORT_3 = Samples.instance("a", 3);

  @Test
  void update_replacesAllFieldsAsTheSameOwner() {
    StoreRegistration registration = start();
    assertThat(registration.update(PORT_1)).isCompleted();
    assertThat(registration.instance()).isEqualTo(PORT_1);
    assertThat(backend.lastRegister().request.instance()).isEqualTo(PORT_1);
    assertThat(backend.lastRegister().request.claim()).isEqualTo(Claim.CONTINUE);
    assertThat(backend.lastRegister().owner()).isEqualTo(backend.registers.get(0).owner());
    assertThat(states).endsWith(ACTIVE).hasSize(2);
  }

  @Test
  void superseded_afterARefusedUpdate_isFenced() {
    StoreRegistration registration = start();
    backend.onRegister = call -> call.refuse(Kind.DENIED);
    assertThat(registration.update(PORT_1)).isCompletedExceptionally();
    assertThat(registration.state()).isEqualTo(ACTIVE);

    backend.registers.get(0).listener.ended(LeaseEnd.SUPERSEDED);

    assertThat(registration.state()).isEqualTo(FENCED);
  }

  @Test
  void removed_afterARefusedUpdate_isRestored() {
    StoreRegistration registration = start();
    backend.onRegister = call -> call.refuse(Kind.DENIED);
    assertThat(registration.update(PORT_1)).isCompletedExceptionally();
    backend.onRegister = ScriptedBackend.Register::accept;

    backend.registers.get(0).listener.ended(LeaseEnd.REMOVED);

    assertThat(backend.registers).hasSize(3);
    assertThat(registration.state()).isEqualTo(ACTIVE);
  }

  @Test
  void superseded_whileAnUpdateIsUnderWay_thatIsRefused_isFenced() {
    StoreRegistration registration = start();
    backend.onRegister = call -> {};
    CompletableFuture<Void> updated = registration.update(PORT_1);

    backend.registers.get(0).listener.ended(LeaseEnd.SUPERSEDED);
    backend.lastRegister().refuse(Kind.DENIED);

    assertThat(updated).isCompletedExceptionally();
    assertThat(registration.state()).isEqualTo(FENCED);
  }

  @Test
  void health_isAnUpdate() {
    StoreRegistration registration = start();
    assertThat(registration.health(Health.WARNING)).isCompleted();
    assertThat(backend.lastRegister().request.instance().health()).isEqualTo(Health.WARNING);
    assertThat(registration.health(Health.PASSING)).isCompleted();
    assertThat(backend.lastRegister().request.instance().health()).isEqualTo(Health.PASSING);
  }

  @Test
  void update_whileAnotherIsUnderWay_sendsTheLatestOnly() {
    StoreRegistration registration = start();
    backend.onRegister = call -> {};
    CompletableFuture<Void> first = registration.update(PORT_1);
    CompletableFuture<Void> second = registration.update(PORT_2);
    CompletableFuture<Void> third = registration.update(PORT_3);
    assertThat(backend.registers).hasSize(2);
    backend.lastRegister().accept();
    assertThat(first).isCompleted();
    assertThat(second).isNotDone();
    assertThat(backend.registers).hasSize(3);
    assertThat(backend.lastRegister().request.instance()).isEqualTo(PORT_3);
    backend.lastRegister().accept();
    assertThat(second).isCompleted();
    assertThat(third).isCompleted();
    assertThat(backend.registers).hasSize(3);
  }

  @Test
  void update_beforeTheFirstAnswer_isSentAfterIt() {
    backend.onRegister = call -> {};
    StoreRegistration registration = start();
    CompletableFuture<Void> updated = registration.update(PORT_1);
    assertThat(backend.registers).hasSize(1);
    backend.lastRegister().accept();
    assertThat(registration.active()).isCompleted();
    backend.lastRegister().accept();
    assertThat(updated).isCompleted();
  }

  @Test
  void update_whileTheStoreIsDown_isSentWhenItAnswers() {
    StoreRegistration registration = start();
    backend.onRegister = call -> call.refuse(Kind.UNAVAILABLE);
    CompletableFuture<Void> updated = registration.update(PORT_1);
    timer.advance(Duration.ofSeconds(5));
    assertThat(updated).isNotDone();
    backend.onRegister = ScriptedBackend.Register::accept;
    timer.advance(LONG);
    assertThat(updated).isCompleted();
    assertThat(registration.state()).isEqualTo(ACTIVE);
  }

  @Test
  void update_ofAnotherKey_isInvalid() {
    StoreRegistration registration = start();
    assertThatThrownBy(() -> registration.update(Samples.instance("b")).join())
        .hasCauseInstanceOf(RegistryException.class)
        .hasMessageContaining("instance: orders/b (expected: the registered key orders/a)");
    assertThatThrownBy(() -> registration.update(null))
        .hasMessage("instance: null (expected: a value)");
    assertThat(backend.registers).hasSize(1);
  }

  @Test
  void update_whenRefused_keepsWhatTheStoreHas() {
    StoreRegistration registration = start();
    backend.onRegister = call -> call.refuse(Kind.INVALID);
    CompletableFuture<Void> updated = registration.update(PORT_1);
    assertThat(updated.isCompletedExceptionally()).isTrue();
    assertThat(registration.instance()).isEqualTo(INSTANCE);
    assertThat(registration.state()).isEqualTo(ACTIVE);
    timer.advance(LONG);
    assertThat(backend.registers).hasSize(2);
    assertThat(backend.registers.get(0).renewals).isNotEmpty();
  }

  @Test
  void update_whenAnotherOwnerHasCome_isFenced() {
    StoreRegistration registration = start();
    backend.onRegister = call -> call.refuse(Kind.CONFLICT);
    CompletableFuture<Void> updated = registration.update(PORT_1);
    assertThat(updated.isCompletedExceptionally()).isTrue();
    assertThat(registration.state()).isEqualTo(FENCED);
  }

  @Test
  void update_afterClose_isAConflict() {
    StoreRegistration registration = start();
    registration.close();
    assertThatThrownBy(() -> registration.update(PORT_1).join())
        .hasCauseInstanceOf(RegistryException.class)
        .hasMessageContaining(CLOSED.name());
    assertThat(backend.registers).hasSize(1);
  }

  @Test
  void update_whenClosedBeforeItsAnswer_fails() {
    StoreRegistration registration = start();
    backend.onRegister = call -> {};
    CompletableFuture<Void> updated = registration.update(PORT_1);
    registration.deregister();
    backend.lastRegister().accept();
    assertThat(updated.isCompletedExceptionally()).isTrue();
  }

  @Test
  void update_whenAnEarlierOneIsRefused_isStillSent() {
    StoreRegistration registration = start();
    backend.onRegister = call -> {};
    CompletableFuture<Void> first = registration.update(PORT_1);
    CompletableFuture<Void> second = registration.update(PORT_2);
    backend.onRegister = ScriptedBackend.Register::accept;
    backend.lastRegister().refuse(Kind.INVALID);
    assertThat(first.isCompletedExceptionally()).isTrue();
    assertThat(second).isCompleted();
    assertThat(backend.lastRegister().request.instance()).isEqualTo(PORT_2);
    assertThat(registration.instance()).isEqualTo(PORT_2);
  }

  @Test
  void update_whenRefusedWhileTheProbeFails_recoversWithTheProbe() {
    AtomicBoolean healthy = new AtomicBoolean();
    StoreRegistration registration =
        start(Liveness.heartbeat(ScriptedBackend.TTL).onlyWhile(healthy::get), Claim.TAKE_OVER);
    awaitShown(Health.CRITICAL);
    backend.onRegister = call -> call.refuse(Kind.INVALID);
    assertThat(registration.update(PORT_1).isCompletedExceptionally()).isTrue();
    backend.onRegister = ScriptedBackend.Register::accept;
    assertThat(registration.instance()).isEqualTo(INSTANCE);
    healthy.set(true);
    awaitShown(Health.PASSING);
  }

  @Test
  void update_whenRefusedWhileLost_isRestoredWithTheFieldsThatTheStoreTook() {
    StoreRegistration registration = start();
    backend.onRegister = call -> call.refuse(Kind.UNAVAILABLE);
    timer.pause(ScriptedBackend.TTL.plusSeconds(1));
    CompletableFuture<Void> updated = registration.update(PORT_1);
    backend.onRegister =
        call -> {
          if (call.request.instance().equals(PORT_1)) {
            call.refuse(Kind.INVALID);
          } else {
            call.accept();
          }
        };
    timer.advance(LONG.multipliedBy(3));
    assertThat(updated.isCompletedExceptionally()).isTrue();
    assertThat(registration.state()).isEqualTo(ACTIVE);
    assertThat(backend.lastRegister().request.instance()).isEqualTo(INSTANCE);
  }

  private void awaitShown(Health health) {
    await()
        .until(
            () -> {
              timer.advance(Duration.ofMillis(500));
              return backend.lastRegister().request.instance().health() == health;
            });
  }
}
