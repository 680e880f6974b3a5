package dev.rollcall.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.rollcall.Registration;
import dev.rollcall.Registration.State;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceListener;
import dev.rollcall.ServiceView;
import dev.rollcall.Subscription;
import dev.rollcall.spi.Lease;
import dev.rollcall.spi.LeaseListener.LeaseEnd;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest.Claim;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Selector;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** R6 to R8. */
abstract class LeavingClauses extends Clauses {
  private static final int ROUNDS = 200;

  LeavingClauses(RegistryContract store) {
    super(store);
  }

  @Test
  @DisplayName("R6 final: after deregister the instance is gone, and its lease is worth nothing")
  @IfItFails("does a renewal of a deregistered lease write the instance again?")
  void r6_final_aRenewalBringsNothingBack() {
    RegistryBackend backend = client();
    Owner owner = owner();
    List<LeaseEnd> ends = new CopyOnWriteArrayList<>();
    Lease lease = put(backend, instance("a"), heartbeat(), owner, Claim.TAKE_OVER, ends::add);

    await(backend.deregister(key("a"), owner));

    assertThat(stored(client())).isEmpty();
    assertThat(refused(lease.renew()).kind()).isEqualTo(CONFLICT);
    assertThat(stored(client())).isEmpty();
    await(backend.deregister(key("a"), owner)); // not there: left alone
    time.pass(store.ttl().multipliedBy(2));
    assertThat(stored(client())).isEmpty();
    assertThat(ends).as("told of an end that its owner asked for").isEmpty();
  }

  @Test
  @DisplayName("R6 final: what is taken out takes nobody along")
  @IfItFails("is a key's end marked, and is the instance removed by its key and not by a prefix?")
  void r6_final_takesNobodyAlong() {
    RegistryBackend backend = client();
    List<ServiceInstance> others = new ArrayList<>();
    for (String id : List.of("ab", "a.", "a:b", "a b", "A", "b", "%61")) {
      others.add(instance(id));
    }
    for (String name : List.of(service + "x", service.toUpperCase(Locale.ROOT))) {
      others.add(ServiceInstance.builder(name).id("a").address("127.0.0.1", CLOSED_PORT).build());
    }
    Owner owner = owner();
    others.forEach(other -> put(backend, other, owner));
    RecordingSink sink = record(client());
    eventually(() -> assertThat(sink.state()).hasSize(7));

    for (boolean own : List.of(true, false)) {
      Owner leaving = owner();
      put(backend, instance("a"), leaving);
      eventually(() -> assertThat(ids(sink.state())).contains("a"));
      await(backend.deregister(key("a"), own ? leaving : Owner.ANY));
      for (ServiceInstance other : others) {
        assertThat(await(backend.snapshot(Selector.service(other.service()))).instances())
            .contains(other)
            .doesNotContain(instance("a"));
      }
    }
    eventually(() -> assertThat(ids(sink.state())).doesNotContain("a").hasSize(7));
    List<ServiceInstance> staying = stored(backend);
    assertThat(sink.shown()).allSatisfy(state -> assertThat(state).containsAll(staying));
  }

  @Test
  @DisplayName("R6 final: no renewal or registration that is under way brings the instance back")
  @IfItFails("is a deregistration ordered after the calls that the same client sent before it?")
  void r6_final_racesThroughTheSpi() {
    RegistryBackend backend = client();
    RegistryBackend observer = client();
    long seed = new Random().nextLong();
    reporter.publishEntry("seed", Long.toString(seed));
    Random random = new Random(seed);
    for (int round = 0; round < ROUNDS; round++) {
      String id = "r" + round;
      Owner owner = owner();
      Lease lease = put(backend, instance(id), heartbeat(), owner, Claim.TAKE_OVER, end -> {});
      List<CompletionStage<?>> underWay = new ArrayList<>();
      for (int i = random.nextInt(4); i > 0; i--) {
        underWay.add(
            random.nextBoolean()
                ? lease.renew()
                : register(
                    backend, instance(id, i), heartbeat(), owner, Claim.CONTINUE, end -> {}));
      }
      await(backend.deregister(key(id), owner));
      for (CompletionStage<?> stage : underWay) {
        await(stage.handle((value, failure) -> true)); // either way: the deregistration wins
      }
      assertThat(stored(observer)).as("round %s, seed %s", round, seed).isEmpty();
    }
    always(
        store.ttl().multipliedBy(2),
        () -> assertThat(stored(observer)).as("seed %s", seed).isEmpty());
  }

  @Test
  @DisplayName("R6 final: closing wins every race against updates, removals and renewals")
  @IfItFails("can a re-registration that began before close() reach the store after it?")
  void r6_final_racesThroughTheRegistry() {
    Registry owner = process();
    RegistryBackend operator = client();
    List<Registration> closed = new ArrayList<>();
    long seed = new Random().nextLong();
    reporter.publishEntry("seed", Long.toString(seed));
    Random random = new Random(seed);
    for (int round = 0; round < ROUNDS; round++) {
      String id = "r" + round;
      Registration registration = await(owner.register(instance(id), heartbeat()));
      closed.add(registration);
      CountDownLatch go = new CountDownLatch(1);
      List<CompletableFuture<?>> racers = new ArrayList<>();
      racers.add(
          async(
              () -> {
                go.await();
                return operator.deregister(key(id), Owner.ANY).toCompletableFuture().get();
              }));
      racers.add(
          async(
              () -> {
                go.await();
                return registration.update(instance(id, 1)).handle((ok, late) -> true).get();
              }));
      racers.add(
          async(
              () -> {
                go.await();
                registration.close();
                return true;
              }));
      if (random.nextBoolean()) {
        Collections.swap(racers, 0, 2);
      }
      go.countDown();
      racers.forEach(racer -> eventually(() -> assertThat(racer).isCompleted()));
      assertThat(stored(operator)).as("round %s, seed %s", round, seed).isEmpty();
    }
    always(
        store.ttl().multipliedBy(2),
        () -> assertThat(stored(operator)).as("seed %s", seed).isEmpty());
    assertThat(closed)
        .allSatisfy(registration -> assertThat(registration.state()).isEqualTo(State.CLOSED));
  }

  @Test
  @DisplayName("R6 final: draining deregisters first, then waits for as long as it was told")
  @IfItFails("is the instance taken out before the wait begins?")
  void r6_final_draining() {
    Registration registration = await(process().register(instance("a"), heartbeat()));
    RegistryBackend observer = client();
    Duration wait = Duration.ofSeconds(1);

    long began = time.timer().nanoTime();
    CompletableFuture<Void> drained = registration.drain(wait);
    eventually(() -> assertThat(stored(observer)).isEmpty());
    await(drained);

    assertThat(Duration.ofNanos(time.timer().nanoTime() - began)).isGreaterThanOrEqualTo(wait);
    assertThat(registration.state()).isEqualTo(State.CLOSED);
    assertThat(refused(registration.update(instance("a", 1))).kind()).isEqualTo(CONFLICT);
    assertThat(stored(observer)).isEmpty();
  }

  @Test
  @DisplayName("R7 owned: the SPI's deregister leaves alone what is another owner's, or not there")
  @IfItFails("is the owner compared in the store, in the same step as the removal?")
  void r7_owned_throughTheSpi() {
    RegistryBackend backend = client();
    Owner first = owner();
    Owner second = owner();
    put(backend, instance("a", 1), first);
    put(client(), instance("a", 2), second);

    await(backend.deregister(key("a"), first));
    await(backend.deregister(key("nobody"), first));
    assertThat(stored(backend)).containsExactly(instance("a", 2));

    await(backend.deregister(key("a"), second));
    assertThat(stored(backend)).isEmpty();
    put(backend, instance("a", 3), owner());
    await(client().deregister(key("a"), Owner.ANY));
    assertThat(stored(backend)).isEmpty();
  }

  @Test
  @DisplayName("R7 owned: closing a registration leaves the newcomer's instance in its place")
  @IfItFails("does close() send the owner of its own registration, not Owner.ANY?")
  void r7_owned_throughTheRegistry() {
    Registration old = await(process().register(instance("a", 1), heartbeat()));
    await(process().register(instance("a", 2), heartbeat()));
    RegistryBackend observer = client();

    await(
        async(
            () -> {
              old.close();
              return true;
            }));

    always(
        store.ttl().multipliedBy(2),
        () -> assertThat(stored(observer)).containsExactly(instance("a", 2)));
  }

  @Test
  @DisplayName("R8 closing the registry: all are deregistered, in parallel")
  @IfItFails("does close() wait for one deregistration before it sends the next?")
  void r8_closing_deregistersAllInParallel() {
    FlakyBackend line = new FlakyBackend(store.open(time.timer()));
    CountingBackend counted = new CountingBackend(line);
    Registry registry = process(counted);
    for (int i = 0; i < 20; i++) {
      await(registry.register(instance("i" + i), heartbeat()));
    }
    line.hold();
    CompletableFuture<Boolean> closed = close(registry);
    eventually(() -> assertThat(counted.deregistrations()).isGreaterThanOrEqualTo(20));
    assertThat(closed).isNotDone();

    line.heal();
    assertThat(await(closed)).isTrue();
    assertThat(stored(client())).isEmpty();
  }

  @Test
  @DisplayName("R8 closing the registry: idempotent, from many threads")
  @IfItFails("does a second close() return before the first has done its work, or throw?")
  void r8_closing_isIdempotentAndSafeFromAnyThread() {
    Registry registry = process();
    await(registry.register(instance("a"), heartbeat()));
    ServiceView view = registry.service(service);
    eventually(() -> assertThat(view.instances()).hasSize(1));
    RegistryBackend observer = client();
    List<CompletableFuture<Boolean>> closers = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      closers.add(close(registry));
    }
    closers.forEach(this::await);
    await(close(registry));

    assertThat(stored(observer)).isEmpty();
    assertThat(view.service()).isEqualTo(service);
    assertThat(view.snapshot().service()).isEqualTo(service); // readable still
  }

  @Test
  @DisplayName(
      "R8 closing the registry: every later call is refused, that for a known view included")
  @IfItFails("is there a call that does not look whether the registry is closed?")
  void r8_closing_refusesEveryLaterCall() {
    Registry registry = process();
    await(registry.register(instance("a"), heartbeat()));
    ServiceView view = registry.service(service);
    eventually(() -> assertThat(view.instances()).hasSize(1));
    await(close(registry));

    assertThat(illegal(() -> registry.register(instance("b"), heartbeat()))).isTrue();
    assertThat(illegal(() -> registry.registerExclusive(instance("b"), heartbeat()))).isTrue();
    assertThat(illegal(() -> registry.deregister(key("b")))).isTrue();
    assertThat(illegal(() -> registry.snapshot(service))).isTrue();
    assertThatIllegalStateException()
        .isThrownBy(() -> registry.announce(instance("b"), heartbeat()));
    assertThatIllegalStateException().isThrownBy(registry::catalog);
    assertThatIllegalStateException().isThrownBy(() -> registry.service(service + "-unknown"));
    assertThatIllegalStateException().isThrownBy(() -> registry.service(service));
    assertThat(stored(client())).isEmpty();
  }

  @Test
  @DisplayName("R8 closing the registry: from within a listener's callback")
  @IfItFails("does close() wait for the very callback that has called it?")
  void r8_closing_fromAListener() {
    Registry registry = process();
    await(registry.register(instance("a"), heartbeat()));
    CountDownLatch returned = new CountDownLatch(1);
    Subscription subscription =
        registry
            .service(service)
            .watch(
                change -> {
                  registry.close();
                  returned.countDown();
                });
    closing(subscription);

    eventually(() -> assertThat(returned.getCount()).isZero());
    assertThat(stored(client())).isEmpty();
  }

  @Test
  @DisplayName("R8 closing the registry: within its deadline, though the store does not answer")
  @IfItFails("is close() bounded by RegistryBuilder.deadline, whatever the backend does?")
  void r8_closing_isBounded() {
    FlakyBackend line = new FlakyBackend(store.open(time.timer()));
    Duration deadline = Duration.ofSeconds(3); // the store is to keep it on a busy machine, too
    Registry registry = process(line, settings -> settings.deadline(deadline));
    for (int i = 0; i < 5; i++) {
      await(registry.register(instance("i" + i), heartbeat()));
    }
    line.hold();
    CompletableFuture<Boolean> closed = close(registry);

    // By the real clock for every store: who closes waits on its own thread.
    assertThat(closed).succeedsWithin(deadline.plusSeconds(10));
    line.heal();
    RegistryBackend observer = client();
    eventually(() -> assertThat(passing(observer)).isEmpty());
  }

  @Test
  @DisplayName("R8 closing the registry: then it stops, its threads included")
  @IfItFails("which thread is left, and who should have shut it down?")
  void r8_closing_leavesNoThread() {
    inThreadGroup(
        group -> {
          Registry registry = process();
          await(registry.register(instance("a"), heartbeat()));
          ChangeChecker checker = new ChangeChecker();
          ServiceListener noise = checker;
          closing(registry.service(service).watch(noise));
          eventually(() -> assertThat(checker.changes()).isNotEmpty());

          await(close(registry));

          eventually(() -> assertThat(registryThreads(group)).isEmpty());
        });
  }

  private CompletableFuture<Boolean> close(Registry registry) {
    return async(
        () -> {
          registry.close();
          return true;
        });
  }

  /** Whether a call fails with IllegalStateException, thrown or in its future. */
  private static boolean illegal(Supplier<CompletableFuture<?>> call) {
    try {
      CompletableFuture<?> future = call.get();
      if (!future.isCompletedExceptionally()) {
        return false;
      }
      future.join();
      return false;
    } catch (IllegalStateException thrown) {
      return true;
    } catch (CompletionException failed) {
      return failed.getCause() instanceof IllegalStateException;
    }
  }

  private static Set<Thread> registryThreads(ThreadGroup group) {
    Set<Thread> found = new HashSet<>(Thread.getAllStackTraces().keySet());
    found.removeIf(
        thread ->
            !group.equals(thread.getThreadGroup()) || !thread.getName().startsWith("rollcall"));
    return found;
  }
}
