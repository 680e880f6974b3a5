package dev.rollcall.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Registration;
import dev.rollcall.Registration.State;
import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.spi.Lease;
import dev.rollcall.spi.LeaseListener.LeaseEnd;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest.Claim;
import dev.rollcall.spi.RegistryBackend;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** R10 and R11, as far as they need no fault. */
abstract class OwnershipClauses extends Clauses {
  OwnershipClauses(RegistryContract store) {
    super(store);
  }

  @Test
  @DisplayName("R10 errors: a claim that does not win is a conflict, in the future, with its words")
  @IfItFails("which kind has the failure, and is it thrown instead of completed?")
  void r10_errors_conflictThroughTheRegistry() {
    RegistryBackend observer = client();
    Registration first = await(process().register(instance("a", 1), heartbeat()));
    CompletableFuture<Registration> second =
        process().registerExclusive(instance("a", 2), heartbeat());

    if (observer.capabilities().atomicClaims()) {
      RegistryException refusal = refused(second);
      assertThat(refusal.kind()).isEqualTo(CONFLICT);
      assertThat(refusal).hasMessageContaining(service).hasMessageContaining("a");
      assertThat(stored(observer)).containsExactly(instance("a", 1));
      assertThat(first.state()).isEqualTo(State.ACTIVE);
    } else {
      // Either a look before the write sees the other one, or the last writer wins and the loser
      // finds out within a heartbeat: never do both believe that they have won.
      eventually(() -> assertThat(second).isDone());
      if (second.isCompletedExceptionally()) {
        assertThat(refused(second).kind()).isEqualTo(CONFLICT);
        assertThat(first.state()).isEqualTo(State.ACTIVE);
      } else {
        within(store.ttl().plusSeconds(1), () -> assertThat(first.state()).isEqualTo(State.FENCED));
      }
    }
    assertThat(refused(first.update(instance("other"))).kind()).isEqualTo(INVALID);
  }

  @Test
  @DisplayName("R10 errors: the SPI's claims, each with the right kind")
  @IfItFails("is the claim decided in the store, in one step with the write?")
  void r10_errors_conflictThroughTheSpi() {
    RegistryBackend backend = client();
    if (!backend.capabilities().atomicClaims()) {
      reporter.publishEntry("nearest promise", "R10: claims are not atomic, the last writer wins");
    }
    boolean atomic = backend.capabilities().atomicClaims();
    Owner first = owner();
    put(backend, instance("a", 1), first);
    for (Claim claim : List.of(Claim.EXCLUSIVE, Claim.CONTINUE)) {
      var stage = register(client(), instance("a", 2), heartbeat(), owner(), claim, end -> {});
      if (atomic) {
        assertThat(refused(stage).kind()).as(claim.name()).isEqualTo(CONFLICT);
        assertThat(stored(backend)).containsExactly(instance("a", 1));
      } else {
        await(stage.handle((lease, failure) -> true));
      }
    }
    Owner again = new Owner(atomic ? first.id() : owner().id(), 2);
    if (atomic) {
      // Where it is one's own, every claim wins, and a key that is free is everybody's.
      put(backend, instance("a", 3), heartbeat(), again, Claim.CONTINUE, end -> {});
      put(backend, instance("a", 4), heartbeat(), again, Claim.EXCLUSIVE, end -> {});
      assertThat(stored(backend)).containsExactly(instance("a", 4));
    }
    put(backend, instance("b", 1), heartbeat(), owner(), Claim.CONTINUE, end -> {});
    put(backend, instance("c", 1), heartbeat(), owner(), Claim.EXCLUSIVE, end -> {});
    assertThat(ids(stored(backend))).containsExactly("a", "b", "c");
  }

  @Test
  @DisplayName("R10 errors: exclusive waits for nobody who is dead")
  @IfItFails("does a critical or removed instance still stand in the way of an exclusive claim?")
  void r10_errors_exclusiveAfterADeath() {
    RegistryBackend backend = client();
    Lease lease = put(backend, instance("a", 1), heartbeat(), owner(), Claim.TAKE_OVER, end -> {});
    time.pass(lease.ttl().plus(backend.capabilities().expirySlack()).plusMillis(500));

    await(process().registerExclusive(instance("a", 2), heartbeat()));

    assertThat(stored(backend)).containsExactly(instance("a", 2));
  }

  @Test
  @DisplayName("R10 errors: a store that never answers ends a registration by the deadline")
  @IfItFails("is there a deadline on each future, by the registry's timer?")
  void r10_errors_deadlineOfRegistrations() {
    FlakyBackend line = new FlakyBackend(store.open(time.timer()));
    Duration deadline = Duration.ofSeconds(1);
    Registry registry = process(line, settings -> settings.deadline(deadline));
    Registration registered = await(registry.register(instance("there"), heartbeat()));
    line.hold();

    CompletableFuture<Registration> late = registry.register(instance("a"), heartbeat());
    CompletableFuture<Void> leaving = registered.deregister();

    within(deadline.plusSeconds(2), () -> assertThat(late).isDone());
    within(deadline.plusSeconds(2), () -> assertThat(leaving).isDone());
    assertThat(refused(late).kind()).isEqualTo(UNAVAILABLE);
    assertThat(refused(leaving).kind()).isEqualTo(UNAVAILABLE);
    line.heal();
  }

  @Test
  @DisplayName("R10 errors: a store that never answers ends an operator's removal by the deadline")
  @IfItFails("does Registry.deregister(key) trust the backend to have a deadline?")
  void r10_errors_deadlineOfAnOperatorsRemoval() {
    FlakyBackend line = new FlakyBackend(store.open(time.timer()));
    Duration deadline = Duration.ofSeconds(1);
    Registry registry = process(line, settings -> settings.deadline(deadline));
    line.hold();
    CompletableFuture<Void> removing = registry.deregister(key("a"));

    within(deadline.plusSeconds(2), () -> assertThat(removing).isDone());
    assertThat(refused(removing).kind()).isEqualTo(UNAVAILABLE);
    line.heal();
  }

  @Test
  @DisplayName("R11 owner and epoch: a newcomer takes over at once, the old owner says FENCED")
  @IfItFails("does the backend tell the old lease SUPERSEDED, and does the engine believe it?")
  void r11_owner_aNewcomerTakesOver() {
    RegistryBackend observer = client();
    Registration old = await(process().register(instance("a", 1), heartbeat()));
    List<State> states = new CopyOnWriteArrayList<>();
    closing(old.onState(states::add));

    Registration young = await(process().register(instance("a", 2), heartbeat()));
    assertThat(stored(observer)).containsExactly(instance("a", 2));

    within(store.ttl().plusSeconds(1), () -> assertThat(old.state()).isEqualTo(State.FENCED));
    eventually(() -> assertThat(states).endsWith(State.FENCED));
    assertThat(refused(old.update(instance("a", 3))).kind()).isEqualTo(CONFLICT);
    always(
        store.ttl().multipliedBy(3),
        () -> assertThat(passing(observer)).containsExactly(instance("a", 2)));
    assertThat(young.state()).isEqualTo(State.ACTIVE);
    assertThat(old.state()).isEqualTo(State.FENCED);
  }

  @Test
  @DisplayName("R11 owner and epoch: a superseded lease renews nothing and is told why, once")
  @IfItFails("does renew() compare the owner, or only the key?")
  void r11_owner_aSupersededLeaseIsOver() {
    RegistryBackend backend = client();
    List<LeaseEnd> ends = new CopyOnWriteArrayList<>();
    Lease old = put(backend, instance("a", 1), heartbeat(), owner(), Claim.TAKE_OVER, ends::add);
    Lease young = put(client(), instance("a", 2), heartbeat(), owner(), Claim.TAKE_OVER, end -> {});

    assertThat(refused(old.renew()).kind()).isEqualTo(CONFLICT);
    assertThat(refused(old.renew()).kind()).isEqualTo(CONFLICT);
    eventually(() -> assertThat(ends).containsExactly(LeaseEnd.SUPERSEDED));

    // And keeps nobody alive: without renewals of its own the young one expires on time.
    time.pass(young.ttl().dividedBy(2));
    assertThat(refused(old.renew()).kind()).isEqualTo(CONFLICT);
    time.pass(young.ttl().dividedBy(2).plus(backend.capabilities().expirySlack()).plusMillis(500));
    assertThat(passing(backend)).isEmpty();
    assertThat(ends).containsExactly(LeaseEnd.SUPERSEDED);
  }

  @Test
  @DisplayName(
      "R11 owner and epoch: who slept through a takeover wakes up fenced and writes nothing")
  @IfItFails("after a pause longer than the TTL, is the owner checked before the first heartbeat?")
  void r11_owner_aSleeperWakesUpFenced() {
    RegistryBackend observer = client();
    ManualTimer paused = new ManualTimer();
    Registry sleeper = process(store.open(time.timer()), settings -> settings.timer(paused));
    Registration old = await(sleeper.register(instance("a", 1), heartbeat()));

    Duration pause = store.ttl().multipliedBy(2).plus(observer.capabilities().expirySlack());
    time.pass(pause);
    await(process().register(instance("a", 2), heartbeat()));
    RecordingSink sink = record(client());
    eventually(() -> assertThat(sink.state()).containsExactly(instance("a", 2)));
    paused.jump(pause);

    eventually(
        () -> {
          paused.advance(Duration.ofMillis(20));
          assertThat(old.state()).isEqualTo(State.FENCED);
        });
    time.pass(store.ttl().multipliedBy(2));
    paused.advance(store.ttl().multipliedBy(2));
    time.pass(store.ttl());
    assertThat(stored(observer)).containsExactly(instance("a", 2));
    assertThat(sink.states())
        .allSatisfy(state -> assertThat(state).containsExactly(instance("a", 2)));
  }
}
