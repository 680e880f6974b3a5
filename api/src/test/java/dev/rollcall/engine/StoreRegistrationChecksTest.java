package dev.rollcall.engine;

import static dev.rollcall.Registration.State.ACTIVE;
import static dev.rollcall.Registration.State.CLOSED;
import static dev.rollcall.Registration.State.LOST;
import static dev.rollcall.Registration.State.PENDING;
import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Health;
import dev.rollcall.Liveness;
import dev.rollcall.RegistryException.Kind;
import dev.rollcall.Samples;
import dev.rollcall.spi.RegisterRequest.Claim;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Checks that the engine runs, since the store cannot. */
class StoreRegistrationChecksTest extends RegistrationFixture {
  private static final Duration AFTER = Duration.ofSeconds(30);
  private static final Liveness CHECK =
      Liveness.tcpCheck("127.0.0.1", 1, Duration.ofSeconds(3)).deregisterAfter(AFTER);

  @BeforeEach
  void theStoreRunsNoChecks() {
    backend.runsChecks = false;
  }

  private StoreRegistration startChecked() {
    return start(CHECK, Claim.TAKE_OVER);
  }

  private Health shown() {
    return backend.lastRegister().request.instance().health();
  }

  @Test
  void start_whereTheStoreRunsChecks_startsNone() {
    backend.runsChecks = true;
    startChecked();
    assertThat(checker.started).isEmpty();
    assertThat(backend.lastRegister().request.liveness()).isSameAs(CHECK);
    assertThat(shown()).isEqualTo(Health.PASSING);
  }

  @Test
  void start_showsCriticalUntilTheFirstAnswer_onAHeartbeat() {
    StoreRegistration registration = startChecked();
    assertThat(checker.started).hasSize(1);
    assertThat(shown()).isEqualTo(Health.CRITICAL);
    assertThat(backend.lastRegister().request.liveness())
        .isEqualTo(Liveness.heartbeat(Duration.ofSeconds(10)).deregisterAfter(AFTER));
    checker.found(Health.PASSING);
    assertThat(shown()).isEqualTo(Health.PASSING);
    assertThat(registration.state()).isEqualTo(ACTIVE);
    timer.advance(LONG);
    assertThat(backend.lastRegister().renewals).isNotEmpty();
  }

  @Test
  void checked_thatIsTheSame_sendsNothing() {
    startChecked();
    checker.found(Health.PASSING);
    checker.found(Health.PASSING);
    assertThat(backend.registers).hasSize(2);
  }

  @Test
  void checked_neverShowsBetterThanTheApplicationSays() {
    StoreRegistration registration = startChecked();
    registration.health(Health.WARNING);
    checker.found(Health.PASSING);
    assertThat(shown()).isEqualTo(Health.WARNING);
    checker.found(Health.CRITICAL);
    assertThat(shown()).isEqualTo(Health.CRITICAL);
  }

  @Test
  void critical_forTooLong_isDeregisteredAndComesBackWithTheNextEpoch() {
    StoreRegistration registration = startChecked();
    checker.found(Health.PASSING);
    checker.found(Health.CRITICAL);
    timer.advance(AFTER.minusMillis(1));
    assertThat(backend.deregisters).isEmpty();
    timer.advance(Duration.ofMillis(1));
    assertThat(backend.deregisters).hasSize(1);
    assertThat(registration.state()).isEqualTo(LOST);
    int registers = backend.registers.size();
    timer.advance(LONG);
    assertThat(backend.registers).hasSize(registers);
    assertThat(backend.deregisters).hasSize(1);
    checker.found(Health.PASSING);
    assertThat(backend.registers).hasSize(registers + 1);
    assertThat(backend.lastRegister().request.claim()).isEqualTo(Claim.CONTINUE);
    assertThat(backend.lastRegister().owner().epoch()).isEqualTo(2);
    assertThat(shown()).isEqualTo(Health.PASSING);
    assertThat(states).containsExactly(PENDING, ACTIVE, LOST, ACTIVE);
  }

  @Test
  void critical_thatPassesInTime_isNotDeregistered() {
    startChecked();
    checker.found(Health.PASSING);
    checker.found(Health.CRITICAL);
    timer.advance(AFTER.minusMillis(1));
    checker.found(Health.WARNING);
    timer.advance(LONG);
    assertThat(backend.deregisters).isEmpty();
    assertThat(shown()).isEqualTo(Health.WARNING);
  }

  @Test
  void critical_fromTheStart_isDeregisteredToo() {
    startChecked();
    timer.advance(AFTER);
    assertThat(backend.deregisters).hasSize(1);
  }

  @Test
  void parked_whileTheStoreIsDown_isTriedAgain() {
    startChecked();
    backend.onDeregister = call -> call.refuse(Kind.UNAVAILABLE);
    timer.advance(AFTER);
    assertThat(backend.deregisters).hasSize(1);
    backend.onDeregister = ScriptedBackend.Deregister::accept;
    timer.advance(Duration.ofSeconds(1));
    assertThat(backend.deregisters).hasSize(2);
    timer.advance(LONG);
    assertThat(backend.deregisters).hasSize(2);
  }

  @Test
  void parked_whileTheStoreIsDown_isRegisteredAgainOnceItPasses() {
    StoreRegistration registration = startChecked();
    checker.found(Health.PASSING);
    registration.health(Health.CRITICAL).join(); // so that what is to be shown stays the same
    backend.onDeregister = call -> call.refuse(Kind.UNAVAILABLE);
    checker.found(Health.CRITICAL);
    timer.advance(AFTER);
    assertThat(registration.state()).isEqualTo(LOST);
    int sent = backend.registers.size();
    checker.found(Health.PASSING);
    timer.advance(LONG);
    assertThat(registration.state()).isEqualTo(ACTIVE);
    assertThat(backend.registers).hasSizeGreaterThan(sent);
  }

  @Test
  void critical_notAnsweredAndTakenBack_isOverwritten() {
    startChecked();
    checker.found(Health.PASSING);
    backend.onRegister = call -> call.refuse(Kind.UNAVAILABLE);
    checker.found(Health.CRITICAL);
    int sent = backend.registers.size();
    backend.onRegister = ScriptedBackend.Register::accept;
    checker.found(Health.PASSING); // which is what the store has taken last, as far as is known
    timer.advance(Duration.ofSeconds(5));
    assertThat(backend.registers).hasSizeGreaterThan(sent);
    assertThat(shown()).isEqualTo(Health.PASSING);
  }

  @Test
  void parked_whenItsDeregistrationIsDenied_isNotRepeatedAtOnce() {
    startChecked();
    backend.onDeregister =
        call -> {
          if (backend.deregisters.size() < 50) {
            call.refuse(Kind.DENIED);
          } else {
            call.accept();
          }
        };
    timer.advance(AFTER);
    assertThat(backend.deregisters).hasSizeLessThan(3);
  }

  @Test
  void parked_whileARegistrationIsUnderWay_isNotCalledActive() {
    StoreRegistration registration = startChecked();
    backend.onRegister = call -> {};
    registration.update(Samples.instance("a", 9));
    timer.advance(AFTER);
    backend.lastRegister().accept();
    assertThat(backend.deregisters).hasSize(1);
    assertThat(registration.state()).isEqualTo(LOST);
  }

  @Test
  void close_whileParked_stopsTheChecks() {
    StoreRegistration registration = startChecked();
    timer.advance(AFTER);
    registration.close();
    assertThat(checker.started).allMatch(running -> running.stopped);
    assertThat(registration.state()).isEqualTo(CLOSED);
    int registers = backend.registers.size();
    checker.started.get(0).onResult.accept(Health.PASSING);
    timer.advance(LONG);
    assertThat(backend.registers).hasSize(registers);
    assertThat(timer.pending()).isZero();
  }

  @Test
  void ttl_isTwiceTheIntervalWithinLimits() {
    start(Liveness.tcpCheck("h", 1, Duration.ofMinutes(1)), Claim.TAKE_OVER);
    assertTtl(Duration.ofMinutes(2));
    start(Liveness.tcpCheck("h", 1, Duration.ofDays(1)), Claim.TAKE_OVER);
    assertTtl(Duration.ofDays(1));
  }

  @Test
  void severalChecks_showTheWorst_andPassOnceAllHaveAnswered() {
    start(Liveness.all(tcp(1, 3), tcp(2, 3), tcp(3, 3)).deregisterAfter(AFTER), Claim.TAKE_OVER);
    assertThat(checker.started).hasSize(3);
    assertThat(checker.started.stream().map(started -> started.check))
        .containsExactly(tcp(1, 3), tcp(2, 3), tcp(3, 3));
    assertThat(shown()).isEqualTo(Health.CRITICAL);
    found(0, Health.PASSING);
    found(2, Health.PASSING);
    found(2, Health.PASSING);
    assertThat(shown()).isEqualTo(Health.CRITICAL);
    found(1, Health.PASSING);
    assertThat(shown()).isEqualTo(Health.PASSING);
    found(0, Health.WARNING);
    assertThat(shown()).isEqualTo(Health.WARNING);
    found(2, Health.CRITICAL);
    assertThat(shown()).isEqualTo(Health.CRITICAL);
    found(0, Health.PASSING); // which another one's failure outweighs
    assertThat(shown()).isEqualTo(Health.CRITICAL);
    found(2, Health.PASSING);
    assertThat(shown()).isEqualTo(Health.PASSING);
  }

  @Test
  void severalChecks_ofWhichOneIsCriticalForTooLong_areTakenOut_andAllStopWithTheRegistration() {
    StoreRegistration registration =
        start(Liveness.all(tcp(1, 3), tcp(2, 3)).deregisterAfter(AFTER), Claim.TAKE_OVER);
    found(0, Health.PASSING);
    found(1, Health.PASSING);
    found(1, Health.CRITICAL);
    timer.advance(AFTER.minusMillis(1));
    found(0, Health.CRITICAL); // the time goes on
    found(1, Health.PASSING);
    assertThat(backend.deregisters).isEmpty();
    timer.advance(Duration.ofMillis(1));
    assertThat(backend.deregisters).hasSize(1);
    assertThat(registration.state()).isEqualTo(LOST);
    found(0, Health.PASSING);
    assertThat(registration.state()).isEqualTo(ACTIVE);
    registration.close();
    assertThat(checker.started).hasSize(2).allMatch(running -> running.stopped);
  }

  @Test
  void ttl_ofSeveral_isTwiceTheShortestInterval() {
    start(Liveness.all(tcp(1, 60), tcp(2, 30), tcp(3, 90)), Claim.TAKE_OVER);
    assertTtl(Duration.ofMinutes(1));
  }

  private static Liveness.Check tcp(int port, int seconds) {
    return Liveness.tcpCheck("127.0.0.1", port, Duration.ofSeconds(seconds));
  }

  private void found(int check, Health health) {
    checker.started.get(check).onResult.accept(health);
  }

  private void assertTtl(Duration ttl) {
    assertThat(backend.lastRegister().request.liveness())
        .isInstanceOfSatisfying(
            Liveness.Heartbeat.class, heartbeat -> assertThat(heartbeat.ttl()).isEqualTo(ttl));
  }
}
