package dev.rollcall.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.rollcall.Change;
import dev.rollcall.Freshness;
import dev.rollcall.Health;
import dev.rollcall.HostPort;
import dev.rollcall.InstanceKey;
import dev.rollcall.Liveness;
import dev.rollcall.NoInstanceException;
import dev.rollcall.Registration;
import dev.rollcall.RegistryException;
import dev.rollcall.RegistryException.Kind;
import dev.rollcall.Samples;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceListener;
import dev.rollcall.ServiceView;
import dev.rollcall.Snapshot;
import dev.rollcall.Subscription;
import dev.rollcall.spi.LeaseListener.LeaseEnd;
import dev.rollcall.spi.Listing;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest.Claim;
import dev.rollcall.spi.Selector;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StoreRegistryTest extends RegistryFixture {
  private static final Liveness HEARTBEAT = Liveness.heartbeat(ScriptedBackend.TTL);

  private ScriptedBackend.Opened load(ServiceInstance... instances) {
    ScriptedBackend.Opened watch = backend.lastWatch();
    watch.load(instances);
    return watch;
  }

  @Test
  void service_again_isTheSameViewOnOneWatch() {
    ServiceView view = registry.service("orders");
    assertThat(registry.service("orders")).isSameAs(view);
    view.watch(change -> {});
    view.watch(change -> {});
    assertThat(backend.watches).hasSize(1);
    assertThat(backend.lastWatch().selector).isEqualTo(Selector.service("orders"));
    assertThat(view.service()).isEqualTo("orders");
    registry.service("other");
    assertThat(backend.watches).hasSize(2);
  }

  @Test
  void service_withBadName_isInvalidAndOpensNothing() {
    for (String name : new String[] {"", "a/b", "..", "a\n", "x".repeat(254)}) {
      assertThatThrownBy(() -> registry.service(name)).isInstanceOf(RegistryException.class);
      assertThatThrownBy(() -> registry.snapshot(name)).isInstanceOf(RegistryException.class);
    }
    assertThatThrownBy(() -> registry.service(null)).hasMessageStartingWith("service: null");
    assertThat(backend.watches).isEmpty();
  }

  @Test
  void register_withACheckThatCannotBeRunHere_isInvalidAndSendsNothing() {
    Duration often = Duration.ofSeconds(10);
    Liveness grpc =
        Liveness.all(
            Liveness.tcpCheck("h", 1, often), Liveness.grpcCheck(new HostPort("h", 1), often));
    backend.runsChecks = false;
    for (String id : new String[] {"a", "b"}) {
      assertThatThrownBy(() -> registry.register(Samples.instance(id), grpc))
          .isInstanceOfSatisfying(
              RegistryException.class,
              refused -> assertThat(refused.kind()).isEqualTo(Kind.INVALID))
          .hasMessageStartingWith("liveness: a gRPC check needs a gRPC client");
    }
    assertThat(backend.registers).isEmpty();
    assertThat(registry.status().registrations()).isEmpty();
    backend.runsChecks = true;
    registry.register(Samples.instance("a"), grpc);
    assertThat(backend.registers).hasSize(1);
  }

  @Test
  void view_showsWhatTheWatchBrings() {
    ServiceView view = registry.service("orders");
    assertThat(view.instances()).isEmpty();
    ScriptedBackend.Opened watch =
        load(Samples.instance("a"), Samples.instance("b", Health.CRITICAL));
    assertThat(view.instances()).containsExactly(Samples.instance("a"));
    assertThat(view.instances()).isSameAs(view.instances());
    assertThat(view.snapshot().all()).hasSize(2);
    watch.sink.put(Samples.instance("c"), 2);
    Set<String> picked = new HashSet<>();
    for (int i = 0; i < 200; i++) {
      picked.add(view.pick().id());
    }
    assertThat(picked).containsExactlyInAnyOrder("a", "c");
  }

  @Test
  void pick_withoutInstance_saysWhy() {
    ServiceView view = registry.service("orders");
    assertThatThrownBy(view::pick)
        .isInstanceOf(NoInstanceException.class)
        .hasMessage("no passing instance of orders: 0 known, 0 critical, 0 warning (loading)");
    backend.lastWatch().sink.interrupted(RegistryException.denied("no token", null));
    assertThatThrownBy(view::pick).hasMessageEndingWith("(not loaded yet: no token)");
    load(
        Samples.instance("a", Health.CRITICAL),
        Samples.instance("b", Health.WARNING),
        Samples.instance("c", Health.CRITICAL));
    assertThatThrownBy(view::pick)
        .hasMessage("no passing instance of orders: 3 known, 2 critical, 1 warning (live)");
    backend.lastWatch().sink.interrupted(RegistryException.unavailable("down", null));
    assertThatThrownBy(view::pick).hasMessageEndingWith("(Stale[age=PT0S, cause=down])");
  }

  @Test
  void await_whenLoaded_returnsTheState() {
    ServiceView view = registry.service("orders");
    load(Samples.instance("a"));
    assertThat(view.await(Duration.ZERO).all()).hasSize(1);
  }

  @Test
  void await_whenNothingCame_saysWhy() {
    ServiceView view = registry.service("orders");
    assertThatThrownBy(() -> view.await(Duration.ofMillis(1)))
        .isInstanceOfSatisfying(
            RegistryException.class, e -> assertThat(e.kind()).isEqualTo(Kind.UNAVAILABLE))
        .hasMessage(
            "service orders: no state within PT0.001S: the store has neither answered nor failed yet");
    backend.lastWatch().sink.interrupted(RegistryException.denied("no token", null));
    assertThatThrownBy(() -> view.await(Duration.ofMillis(1)))
        .isInstanceOfSatisfying(
            RegistryException.class, e -> assertThat(e.kind()).isEqualTo(Kind.DENIED))
        .hasMessageEndingWith(": no token");
    assertThatThrownBy(() -> view.await(null)).hasMessageStartingWith("timeout: null");
  }

  @Test
  void await_whenInterrupted_isUnavailableAndStaysInterrupted() {
    ServiceView view = registry.service("orders");
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> view.await(Duration.ofMinutes(1)))
        .hasMessage("service orders: interrupted while waiting");
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void watch_hearsOfStateAndFreshness() {
    List<String> heard = new ArrayList<>();
    registry
        .service("orders")
        .watch(
            new ServiceListener() {
              @Override
              public void changed(Change change) {
                heard.add("+" + change.added().size() + "-" + change.removed().size());
              }

              @Override
              public void freshnessChanged(Freshness now) {
                heard.add(now.getClass().getSimpleName());
              }
            });
    assertThat(heard).isEmpty();
    ScriptedBackend.Opened watch = load();
    watch.sink.put(Samples.instance("a"), 2);
    watch.sink.put(Samples.instance("a"), 3);
    watch.sink.interrupted(RegistryException.unavailable("down", null));
    watch.sink.interrupted(RegistryException.unavailable("still down", null));
    watch.sink.interrupted(RegistryException.denied("no token", null));
    watch.sink.replace(watch.selector, List.of(Samples.instance("a")), 4);
    watch.sink.synced();
    watch.sink.replace(watch.selector, List.of(), 5);
    assertThat(heard).containsExactly("+0-0", "+1-0", "Stale", "Stale", "Live", "+0-1");
  }

  @Test
  void watch_thatHeardWhyNothingIsThere_hearsThatItIsLive() {
    List<String> heard = new ArrayList<>();
    registry
        .service("orders")
        .watch(
            new ServiceListener() {
              @Override
              public void changed(Change change) {
                heard.add("changed");
              }

              @Override
              public void freshnessChanged(Freshness now) {
                heard.add(now.getClass().getSimpleName());
              }
            });
    backend.lastWatch().sink.interrupted(RegistryException.unavailable("down", null));
    load();
    assertThat(heard).containsExactly("Loading", "changed", "Live");
  }

  @Test
  void watch_closed_hearsNothingMore() {
    List<Change> heard = new ArrayList<>();
    Subscription subscription = registry.service("orders").watch(heard::add);
    ScriptedBackend.Opened watch = load(Samples.instance("a"));
    subscription.close();
    subscription.close();
    watch.sink.put(Samples.instance("b"), 2);
    assertThat(heard).hasSize(1);
    assertThatThrownBy(() -> registry.service("orders").watch(null))
        .hasMessageStartingWith("listener: null");
  }

  @Test
  void register_completesWithTheRegistration() {
    Registration registration = registry.register(Samples.instance("a"), HEARTBEAT).join();
    assertThat(registration.state()).isEqualTo(Registration.State.ACTIVE);
    assertThat(backend.lastRegister().request.claim()).isEqualTo(Claim.TAKE_OVER);
    registry.registerExclusive(Samples.instance("b"), HEARTBEAT).join();
    assertThat(backend.lastRegister().request.claim()).isEqualTo(Claim.EXCLUSIVE);
    assertThatThrownBy(() -> registry.register(null, HEARTBEAT)).hasMessageContaining("instance");
    assertThatThrownBy(() -> registry.register(Samples.instance("a"), null))
        .hasMessage("liveness: null (expected: a value), instance orders/a");
  }

  @Test
  void register_whileTheStoreIsDown_failsAtTheDeadlineAndIsClosed() {
    backend.onRegister = call -> call.refuse(Kind.UNAVAILABLE);
    CompletableFuture<Registration> answer = registry.register(Samples.instance("a"), HEARTBEAT);
    timer.advance(Duration.ofMillis(999));
    assertThat(answer).isNotDone();
    timer.advance(Duration.ofMillis(1));
    assertThatThrownBy(answer::join)
        .hasCauseInstanceOf(RegistryException.class)
        .hasMessageContaining(
            "orders/a: not registered within PT1S; may have arrived, being undone; last: the store says UNAVAILABLE");
    int registers = backend.registers.size();
    assertThat(backend.deregisters).hasSize(1);
    timer.advance(Duration.ofMinutes(5));
    assertThat(backend.registers).hasSize(registers);
  }

  @Test
  void announce_whileTheStoreIsDown_doesNotGiveUp() {
    backend.onRegister = call -> call.refuse(Kind.UNAVAILABLE);
    Registration registration = registry.announce(Samples.instance("a"), HEARTBEAT);
    timer.advance(Duration.ofMinutes(5));
    assertThat(registration.state()).isEqualTo(Registration.State.PENDING);
    backend.onRegister = ScriptedBackend.Register::accept;
    timer.advance(Duration.ofMinutes(1));
    assertThat(registration.state()).isEqualTo(Registration.State.ACTIVE);
  }

  @Test
  void announce_whenRefused_isClosed() {
    backend.onRegister = call -> call.refuse(Kind.DENIED);
    assertThat(registry.announce(Samples.instance("a"), HEARTBEAT).state())
        .isEqualTo(Registration.State.CLOSED);
  }

  @Test
  void deregister_byKey_isForWhoeverOwnsIt() {
    assertThat(registry.deregister(new InstanceKey("orders", "a"))).isCompleted();
    assertThat(backend.lastDeregister().owner).isEqualTo(Owner.ANY);
    backend.onDeregister =
        call -> {
          throw new IllegalStateException("a fault");
        };
    assertThatThrownBy(() -> registry.deregister(new InstanceKey("orders", "a")).join())
        .hasCauseInstanceOf(RegistryException.class)
        .hasMessageContaining("the backend failed: java.lang.IllegalStateException: a fault");
  }

  @Test
  void snapshot_readsTheStorePastTheCache() {
    backend.listing =
        CompletableFuture.completedFuture(
            new Listing(List.of(Samples.instance("b"), Samples.instance("a", Health.WARNING)), 9));
    Snapshot snapshot = registry.snapshot("orders").join();
    assertThat(snapshot.all()).extracting(ServiceInstance::id).containsExactly("a", "b");
    assertThat(snapshot.instances()).containsExactly(Samples.instance("b"));
    assertThat(snapshot.revision()).isEqualTo(9);
    assertThat(snapshot.freshness()).isInstanceOf(Freshness.Live.class);
    backend.listing = CompletableFuture.failedFuture(RegistryException.denied("no", null));
    assertThatThrownBy(() -> registry.snapshot("orders").join())
        .cause()
        .isInstanceOfSatisfying(
            RegistryException.class, e -> assertThat(e.kind()).isEqualTo(Kind.DENIED));
  }

  @Test
  void calls_thatTheStoreDoesNotAnswer_endByTheDeadline() {
    backend.listing = new CompletableFuture<>();
    backend.onDeregister = call -> {};
    CompletableFuture<Snapshot> snapshot = registry.snapshot("orders");
    CompletableFuture<Void> gone = registry.deregister(new InstanceKey("orders", "a"));
    timer.advance(Duration.ofMillis(999));
    assertThat(snapshot).isNotDone();
    assertThat(gone).isNotDone();
    timer.advance(Duration.ofMillis(1));
    assertThatThrownBy(snapshot::join)
        .hasCauseInstanceOf(RegistryException.class)
        .hasMessageContaining("service orders: no answer from the store within PT1S");
    assertThatThrownBy(gone::join)
        .hasCauseInstanceOf(RegistryException.class)
        .hasMessageContaining("orders/a: no answer from the store within PT1S");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void registration_whenAStreamComesBack_isTriedAgainSoon(boolean catalog) {
    if (catalog) {
      registry.catalog();
    } else {
      registry.service("orders");
    }
    ScriptedBackend.Opened watch = load();
    List<Registration.State> states = new ArrayList<>();
    Registration registration = registry.register(Samples.instance("a"), HEARTBEAT).join();
    registration.onState(states::add);
    backend.onRegister = call -> call.refuse(Kind.UNAVAILABLE);
    watch.sink.interrupted(RegistryException.unavailable("down", null));
    backend.lastRegister().listener.ended(LeaseEnd.EXPIRED);
    timer.advance(Duration.ofSeconds(34)); // 0.8 + 1.6 + 3.2 + 6.4 + 12.8, by at most 1.2
    int tried = backend.registers.size();
    timer.advance(Duration.ofSeconds(1));
    assertThat(backend.registers).hasSize(tried);

    backend.onRegister = ScriptedBackend.Register::accept;
    watch.load();
    timer.advance(Duration.ofMillis(600));
    assertThat(backend.registers).hasSize(tried + 1);
    assertThat(states).endsWith(Registration.State.LOST, Registration.State.ACTIVE);
    timer.advance(Duration.ofMinutes(2)); // the attempt that was brought forward is not made twice
    assertThat(backend.registers).hasSize(tried + 1);
  }

  @Test
  void leasesThatAreHeld_whenAStreamComesBack_areLookedAtWithinTwoSeconds() {
    registry.service("orders");
    ScriptedBackend.Opened watch = load();
    List<ScriptedBackend.Register> held = new ArrayList<>();
    backend.onRegister =
        call -> {
          call.ttl = Duration.ofHours(1);
          held.add(call);
          call.accept();
        };
    for (int i = 0; i < 20; i++) {
      registry.register(Samples.instance("i" + i), HEARTBEAT).join();
    }
    watch.sink.interrupted(RegistryException.unavailable("down", null));
    timer.advance(Duration.ofMinutes(1));
    assertThat(held).allSatisfy(lease -> assertThat(lease.renewals).isEmpty());

    watch.load();
    timer.advance(Duration.ofSeconds(1));
    // Not all at once: a fleet of them would be a herd.
    assertThat(held).anyMatch(lease -> lease.renewals.isEmpty());
    timer.advance(Duration.ofSeconds(1));
    assertThat(held).allSatisfy(lease -> assertThat(lease.renewals).hasSize(1));
    timer.advance(Duration.ofMinutes(15)); // and from then on as before
    assertThat(held).allSatisfy(lease -> assertThat(lease.renewals).hasSize(1));
  }

  @Test
  void registration_whenAStreamThatWasNeverLostIsCompleteAgain_waitsOn() {
    registry.service("orders");
    ScriptedBackend.Opened watch = load();
    backend.onRegister = call -> call.refuse(Kind.UNAVAILABLE);
    registry.announce(Samples.instance("a"), HEARTBEAT);
    watch.load();
    timer.advance(Duration.ofMillis(639));
    assertThat(backend.registers).hasSize(1);
  }

  @Test
  void registrations_whenOneIsAnsweredAfterAnOutage_areAllTriedWithinTwoSeconds() {
    backend.onRegister = call -> call.refuse(RegistryException.Kind.UNAVAILABLE);
    List<Registration> all = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      all.add(registry.announce(Samples.instance("i" + i), Liveness.permanent()));
    }
    timer.advance(Duration.ofMinutes(5));
    backend.onRegister = ScriptedBackend.Register::accept;
    int attempts = backend.registers.size();
    while (backend.registers.size() == attempts) {
      timer.advance(Duration.ofMillis(10));
    }
    timer.advance(Duration.ofSeconds(2));
    assertThat(all).allMatch(one -> one.state() == Registration.State.ACTIVE);
  }

  @Test
  void registration_thatFailsLateAfterAStreamCameBack_waitsAFirstStepOnly() {
    registry.service("orders");
    ScriptedBackend.Opened watch = load();
    backend.onRegister = call -> call.refuse(Kind.UNAVAILABLE);
    watch.sink.interrupted(RegistryException.unavailable("down", null));
    Registration late = registry.announce(Samples.instance("late"), Liveness.permanent());
    timer.advance(Duration.ofMinutes(5));
    backend.onRegister = call -> {};
    int attempts = backend.registers.size();
    while (backend.registers.size() == attempts) {
      timer.advance(Duration.ofMillis(10));
    }
    timer.advance(Duration.ofSeconds(1));
    watch.load();
    timer.advance(Duration.ofSeconds(4));
    backend.onRegister = ScriptedBackend.Register::accept;
    backend.lastRegister().refuse(Kind.UNAVAILABLE);
    timer.advance(Duration.ofSeconds(2));
    assertThat(late.state()).isEqualTo(Registration.State.ACTIVE);
  }

  @Test
  void registration_thatFailsLateAfterTheStoreAnsweredAnother_waitsAFirstStepOnly() {
    backend.onRegister = call -> call.refuse(RegistryException.Kind.UNAVAILABLE);
    Registration late = registry.announce(Samples.instance("late"), Liveness.permanent());
    timer.advance(Duration.ofMinutes(5));
    backend.onRegister = call -> {};
    int attempts = backend.registers.size();
    while (backend.registers.size() == attempts) {
      timer.advance(Duration.ofMillis(10));
    }
    ScriptedBackend.Register hangs = backend.lastRegister();
    timer.advance(Duration.ofSeconds(1));
    backend.onRegister = ScriptedBackend.Register::accept;
    assertThat(registry.announce(Samples.instance("soon"), Liveness.permanent()).state())
        .isEqualTo(Registration.State.ACTIVE);
    timer.advance(Duration.ofSeconds(4));
    hangs.refuse(RegistryException.Kind.UNAVAILABLE);
    timer.advance(Duration.ofSeconds(2));
    assertThat(late.state()).isEqualTo(Registration.State.ACTIVE);
  }
}
