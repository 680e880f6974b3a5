package dev.rollcall.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registration.State;
import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.Lease;
import dev.rollcall.spi.LeaseListener.LeaseEnd;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest.Claim;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Selector;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** R10 and R11, as far as they need no fault. */
abstract class OwnershipClauses extends Clauses {
  private static final int RACES = 20;

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
    Duration deadline = Duration.ofSeconds(3); // the store is to keep it on a busy machine, too
    Registry registry = process(line, settings -> settings.deadline(deadline));
    Registration registered = await(registry.register(instance("there"), heartbeat()));
    line.hold();

    CompletableFuture<Registration> late = registry.register(instance("a"), heartbeat());
    CompletableFuture<Void> leaving = registered.deregister();

    within(deadline.plusSeconds(10), () -> assertThat(late).isDone());
    within(deadline.plusSeconds(10), () -> assertThat(leaving).isDone());
    assertThat(refused(late).kind()).isEqualTo(UNAVAILABLE);
    assertThat(refused(leaving).kind()).isEqualTo(UNAVAILABLE);
    line.heal();
  }

  @Test
  @DisplayName("R10 errors: what follows on a future may block, and delays no other call")
  @IfItFails("does the timer, or a thread of the store's client, complete the caller's futures?")
  void r10_errors_whatFollowsOnAFutureDelaysNobody() {
    FlakyBackend line = new FlakyBackend(store.open(time.timer()));
    Duration deadline = Duration.ofSeconds(3); // the store is to keep it on a busy machine, too
    Registry registry = process(line, settings -> settings.deadline(deadline));
    CountDownLatch over = new CountDownLatch(1);
    closing(over::countDown);

    line.hold();
    registry.register(instance("late"), heartbeat()).whenComplete((done, failed) -> block(over));
    CompletableFuture<Registration> second = registry.register(instance("second"), heartbeat());
    within(deadline.plusSeconds(10), () -> assertThat(second).isDone());
    assertThat(refused(second).kind()).isEqualTo(UNAVAILABLE);

    line.heal();
    Registration kept = await(registry.register(instance("kept", 1), heartbeat()));
    for (int n = 2; n < 22; n++) {
      CompletableFuture<Void> updated = kept.update(instance("kept", n));
      // Where it is done already, what follows runs on the thread that adds it.
      var unused = async(() -> updated.thenRun(() -> block(over)));
    }
    await(kept.update(instance("kept", 22)));
    assertThat(await(registry.snapshot(service)).instances()).contains(instance("kept", 22));
    time.pass(store.ttl());
    assertThat(kept.state()).isEqualTo(State.ACTIVE);
  }

  @Test
  @DisplayName("R10 errors: a store that never answers ends an operator's removal by the deadline")
  @IfItFails("does Registry.deregister(key) trust the backend to have a deadline?")
  void r10_errors_deadlineOfAnOperatorsRemoval() {
    FlakyBackend line = new FlakyBackend(store.open(time.timer()));
    Duration deadline = Duration.ofSeconds(3); // the store is to keep it on a busy machine, too
    Registry registry = process(line, settings -> settings.deadline(deadline));
    line.hold();
    CompletableFuture<Void> removing = registry.deregister(key("a"));

    within(deadline.plusSeconds(10), () -> assertThat(removing).isDone());
    assertThat(refused(removing).kind()).isEqualTo(UNAVAILABLE);
    line.heal();
  }

  @Test
  @DisplayName("R10 errors: after close() every call fails as unavailable, and changes nothing")
  @IfItFails("is there a call that waits for a connection which nobody opens any more?")
  void r10_errors_afterClose() {
    RegistryBackend observer = client();
    RegistryBackend backend = store.open(time.timer());
    Lease lease = put(backend, instance("a"), heartbeat(), owner(), Claim.TAKE_OVER, end -> {});
    put(backend, instance("permanent"));
    backend.close();

    assertThat(
            Stream.of(
                    backend.snapshot(Selector.service(service)),
                    register(
                        backend,
                        instance("b"),
                        Liveness.permanent(),
                        owner(),
                        Claim.TAKE_OVER,
                        end -> {}),
                    backend.deregister(key("permanent"), Owner.ANY),
                    lease.renew())
                .map(stage -> refused(stage).kind()))
        .containsOnly(UNAVAILABLE);
    assertThat(ids(stored(observer))).contains("permanent").doesNotContain("b");
  }

  @Test
  @DisplayName("R10 errors: what is under way when the client is closed ends")
  @IfItFails("does close() complete the stages whose answers nobody reads any more?")
  void r10_errors_underWayWhenClosed() {
    for (int round = 0; round < 3; round++) {
      RegistryBackend backend = store.open(time.timer());
      List<CompletionStage<?>> underWay = new ArrayList<>();
      for (int i = 0; i < 10; i++) {
        underWay.add(backend.snapshot(Selector.service(service)));
        underWay.add(
            register(backend, instance("i" + i), heartbeat(), owner(), Claim.TAKE_OVER, end -> {}));
      }
      backend.close();
      for (CompletionStage<?> stage : underWay) {
        try {
          await(stage.thenApply(any -> true));
        } catch (RegistryException cut) {
          assertThat(cut.kind()).isEqualTo(UNAVAILABLE);
        }
      }
    }
  }

  @Test
  @DisplayName("R11 owner and epoch: of many who claim at once, one wins")
  @IfItFails("is an exclusive claim decided by a look before the write, or by the write itself?")
  void r11_owner_oneOfManyClaimsWins() {
    List<RegistryBackend> clients = Stream.generate(this::client).limit(4).toList();
    boolean atomic = clients.get(0).capabilities().atomicClaims();
    for (int round = 0; round < RACES; round++) {
      String id = "r" + round;
      CountDownLatch go = new CountDownLatch(1);
      List<CompletableFuture<Optional<Lease>>> claims = new ArrayList<>();
      for (int n = 0; n < clients.size(); n++) {
        claims.add(claim(clients.get(n), instance(id, n), owner(), Claim.EXCLUSIVE, go));
      }
      go.countDown();
      List<Optional<Lease>> leases = claims.stream().map(this::await).toList();

      List<Integer> winners =
          IntStream.range(0, leases.size()).filter(n -> leases.get(n).isPresent()).boxed().toList();
      assertThat(winners).as("winners of round %s", round).isNotEmpty();
      if (atomic) {
        assertThat(winners).as("winners of round %s", round).hasSize(1);
        assertThat(stored(clients.get(0))).contains(instance(id, winners.get(0)));
      } else {
        oneOf(leases.stream().flatMap(Optional::stream).toList());
      }
      remove(clients.get(0), id);
    }
  }

  @Test
  @DisplayName("R11 owner and epoch: who goes on while another takes over does not come back")
  @IfItFails("is the owner compared in the store, in one step with the write?")
  void r11_owner_whoGoesOnIsOvertakenForGood() {
    RegistryBackend going = client();
    RegistryBackend coming = client();
    boolean atomic = going.capabilities().atomicClaims();
    for (int round = 0; round < RACES; round++) {
      String id = "r" + round;
      Owner old = owner();
      put(going, instance(id, 0), lasting(), old, Claim.TAKE_OVER, end -> {});
      CountDownLatch go = new CountDownLatch(1);
      var on = claim(going, instance(id, 1), new Owner(old.id(), 2), Claim.CONTINUE, go);
      var over = claim(coming, instance(id, 2), owner(), Claim.TAKE_OVER, go);
      go.countDown();
      Optional<Lease> older = await(on);
      Optional<Lease> newer = await(over);

      assertThat(newer).as("the takeover of round %s", round).isPresent();
      if (atomic) {
        assertThat(stored(going)).as("round %s", round).contains(instance(id, 2));
        older.ifPresent(lease -> assertThat(refused(lease.renew()).kind()).isEqualTo(CONFLICT));
      } else {
        oneOf(Stream.of(older, newer).flatMap(Optional::stream).toList());
      }
      remove(going, id);
    }
  }

  /** Outlasts a race, however long its threads wait for a core while the test's time passes. */
  private Liveness lasting() {
    return Liveness.heartbeat(Duration.ofMinutes(10)).deregisterAfter(store.deregisterAfter());
  }

  /** Claims once the others do; the lease is empty where the claim met another one's. */
  private CompletableFuture<Optional<Lease>> claim(
      RegistryBackend backend,
      ServiceInstance instance,
      Owner owner,
      Claim claim,
      CountDownLatch go) {
    return async(
            () -> {
              go.await();
              return register(backend, instance, lasting(), owner, claim, end -> {});
            })
        .thenCompose(stage -> stage)
        .handle(
            (lease, failure) -> {
              if (failure == null) {
                return Optional.of(lease);
              }
              Throwable cause =
                  failure instanceof CompletionException ? failure.getCause() : failure;
              assertThat(cause)
                  .isInstanceOfSatisfying(
                      RegistryException.class,
                      met -> assertThat(met.kind()).as("%s", met).isEqualTo(CONFLICT));
              return Optional.empty();
            });
  }

  /**
   * The nearest promise of a store without atomic claims: all but one learn that they have lost.
   */
  private void oneOf(List<Lease> leases) {
    eventually(
        () -> {
          long lost = leases.stream().filter(this::isOver).count();
          assertThat(lost).isGreaterThanOrEqualTo(leases.size() - 1);
        });
  }

  private boolean isOver(Lease lease) {
    try {
      await(lease.renew().thenApply(renewed -> true));
      return false;
    } catch (RegistryException over) {
      assertThat(over.kind()).isEqualTo(CONFLICT);
      return true;
    }
  }

  @Test
  @DisplayName("R11 owner and epoch: the owner of a permanent one is fenced as well")
  @IfItFails("who looks whether a registration without heartbeats is still its owner's?")
  void r11_owner_aSupersededPermanentOneIsFenced() {
    RegistryBackend observer = client();
    Registration old = await(process().register(instance("a", 1), Liveness.permanent()));
    Registration young = await(process().register(instance("a", 2), Liveness.permanent()));

    within(store.patience().multipliedBy(2), () -> assertThat(old.state()).isEqualTo(State.FENCED));
    assertThat(refused(old.update(instance("a", 3))).kind()).isEqualTo(CONFLICT);
    assertThat(young.state()).isEqualTo(State.ACTIVE);
    assertThat(stored(observer)).containsExactly(instance("a", 2));
  }

  @Test
  @DisplayName("R11 owner and epoch: a superseded lease of a permanent one is told why, once")
  @IfItFails("is the end of a lease told only by its renewals?")
  void r11_owner_aSupersededPermanentLeaseIsOver() {
    RegistryBackend backend = client();
    List<LeaseEnd> ends = new CopyOnWriteArrayList<>();
    Lease old =
        put(backend, instance("a", 1), Liveness.permanent(), owner(), Claim.TAKE_OVER, ends::add);
    put(client(), instance("a", 2), owner());

    eventually(
        () -> {
          // Where the store asks for renewals all the same, they may be what tells.
          assertThat(old.ttl().isZero() || isOver(old)).isTrue();
          assertThat(ends).containsExactly(LeaseEnd.SUPERSEDED);
        });
    settle();
    assertThat(ends).containsExactly(LeaseEnd.SUPERSEDED);
    assertThat(stored(backend)).containsExactly(instance("a", 2));
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
