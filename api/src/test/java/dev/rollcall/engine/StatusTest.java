package dev.rollcall.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import dev.rollcall.Freshness;
import dev.rollcall.Health;
import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registration.State;
import dev.rollcall.RegistrationStatus;
import dev.rollcall.RegistryException;
import dev.rollcall.RegistryException.Kind;
import dev.rollcall.RegistryStatus;
import dev.rollcall.RegistryStatus.Reachability;
import dev.rollcall.Samples;
import dev.rollcall.ServiceView;
import dev.rollcall.spi.LeaseListener.LeaseEnd;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** What a registry and its registrations say of themselves, in a time that stands still. */
class StatusTest extends RegistryFixture {
  private static final Liveness HEARTBEAT = Liveness.heartbeat(ScriptedBackend.TTL);
  private final RegistryException down = RegistryException.unavailable("it is down", null);

  @Test
  void nothingAsked_isUnknown() {
    RegistryStatus status = registry.status();
    assertThat(status.store()).isEqualTo(Reachability.UNKNOWN);
    assertThat(status.outage()).isEmpty();
    assertThat(status.services()).isEmpty();
    assertThat(status.catalog()).isEmpty();
    assertThat(status.registrations()).isEmpty();
    assertThat(status.isClosed()).isFalse();
  }

  @Test
  void pending_saysWhyAndWhenItIsTriedAgain() {
    backend.onRegister = call -> call.refuse(Kind.UNAVAILABLE);
    Registration registration = registry.announce(Samples.instance("a"), HEARTBEAT);
    timer.advance(Duration.ofMillis(100));

    RegistrationStatus status = registration.status();
    assertThat(status.state()).isEqualTo(State.PENDING);
    assertThat(status.key()).isEqualTo(Samples.instance("a").key());
    assertThat(status.age()).isEqualTo(Duration.ofMillis(100));
    assertThat(status.reason()).isEqualTo("the store has not taken it yet");
    assertThat(status.cause())
        .get()
        .extracting(RegistryException::kind)
        .isEqualTo(Kind.UNAVAILABLE);
    assertThat(status.nextAttempt())
        .hasValueSatisfying(
            next -> assertThat(next).isBetween(Duration.ofMillis(500), Duration.ofMillis(900)));
    assertThat(registry.status().registrations()).containsExactly(registration.status());
    assertThat(registry.status().store()).isEqualTo(Reachability.UNREACHABLE);
  }

  @Test
  void unanswered_isPendingWithoutACause() {
    backend.onRegister = call -> {};
    Registration registration = registry.announce(Samples.instance("a"), HEARTBEAT);

    assertThat(registration.status().reason()).isEqualTo("the store has not answered yet");
    assertThat(registration.status().cause()).isEmpty();
    assertThat(registration.status().nextAttempt()).isEmpty();
    assertThat(registry.status().store()).isEqualTo(Reachability.UNKNOWN);
  }

  @Test
  void active_hasNothingToSay() {
    Registration registration = registry.register(Samples.instance("a"), HEARTBEAT).join();
    timer.advance(Duration.ofSeconds(1));

    RegistrationStatus status = registration.status();
    assertThat(status.state()).isEqualTo(State.ACTIVE);
    assertThat(status.reason()).isEmpty();
    assertThat(status.cause()).isEmpty();
    assertThat(status.health()).isEqualTo(Health.PASSING);
    assertThat(status.epoch()).isEqualTo(1);
    assertThat(status.nextAttempt()).isEmpty();
    assertThat(registry.status().store()).isEqualTo(Reachability.REACHABLE);
  }

  @Test
  void failedRenewal_isTheStoresOutageUntilTheNextAnswer() {
    Registration registration = registry.register(Samples.instance("a"), HEARTBEAT).join();
    backend.lastRegister().onRenew = renewal -> renewal.completeExceptionally(down);
    timer.advance(Duration.ofSeconds(4));

    assertThat(registration.status().state()).isEqualTo(State.ACTIVE);
    assertThat(registration.status().reason()).isEqualTo("the last renewal or update has failed");
    RegistryStatus status = registry.status();
    assertThat(status.store()).isEqualTo(Reachability.UNREACHABLE);
    assertThat(status.outage())
        .hasValueSatisfying(
            outage -> {
              assertThat(outage.cause()).isSameAs(down);
              assertThat(outage.age()).isBetween(Duration.ofMillis(1), Duration.ofMillis(1500));
            });

    backend.lastRegister().onRenew = renewal -> renewal.complete(null);
    timer.advance(Duration.ofSeconds(3));
    assertThat(registration.status().reason()).isEmpty();
    assertThat(registry.status().store()).isEqualTo(Reachability.REACHABLE);
  }

  @Test
  void renewal_thatFailsAfterItsRegistrationHasLeft_isNoOutage() {
    Registration left = registry.register(Samples.instance("a"), HEARTBEAT).join();
    CompletableFuture<Void> late = beginRenewal();
    left.deregister().join();
    late.completeExceptionally(down);
    assertThat(registry.status().outage()).isEmpty();

    Registration fenced = registry.register(Samples.instance("b"), HEARTBEAT).join();
    late = beginRenewal();
    backend.lastRegister().listener.ended(LeaseEnd.SUPERSEDED);
    assertThat(fenced.state()).isEqualTo(State.FENCED);
    late.completeExceptionally(down);
    assertThat(registry.status().outage()).isEmpty();

    registry.register(Samples.instance("c"), HEARTBEAT).join();
    ScriptedBackend.Register leaving = backend.lastRegister();
    late = beginRenewal();
    registry.register(Samples.instance("d"), Liveness.permanent()).join();
    leaving.listener.ended(LeaseEnd.SUPERSEDED);
    late.completeExceptionally(down);
    assertThat(registry.status().store())
        .as("one that renews nothing would not find out")
        .isEqualTo(Reachability.REACHABLE);
  }

  /** Lets a renewal of the last registration begin, and leaves it unanswered. */
  private CompletableFuture<Void> beginRenewal() {
    ScriptedBackend.Register held = backend.lastRegister();
    held.onRenew = renewal -> {};
    timer.advance(Duration.ofSeconds(4));
    return held.renewals.get(0);
  }

  @Test
  void lost_saysWhatHasLostIt_andRestoredNothing() {
    Registration registration = registry.register(Samples.instance("a"), HEARTBEAT).join();
    ScriptedBackend.Register first = backend.lastRegister();
    backend.onRegister = call -> {};
    first.listener.ended(LeaseEnd.EXPIRED);

    RegistrationStatus status = registration.status();
    assertThat(status.state()).isEqualTo(State.LOST);
    assertThat(status.reason()).isEqualTo("its lease has expired");
    assertThat(status.epoch()).isEqualTo(2);

    backend.lastRegister().accept();
    assertThat(registration.status().state()).isEqualTo(State.ACTIVE);
    assertThat(registration.status().reason()).isEmpty();
  }

  @Test
  void fenced_saysThatAnotherHasTakenOver() {
    Registration registration = registry.register(Samples.instance("a"), HEARTBEAT).join();
    backend.lastRegister().listener.ended(LeaseEnd.SUPERSEDED);

    assertThat(registration.status().state()).isEqualTo(State.FENCED);
    assertThat(registration.status().reason()).isEqualTo("another owner has taken it over");
    assertThat(registry.status().registrations()).as("it is over").isEmpty();
  }

  @Test
  void refused_isClosedWithTheStoresWords() {
    backend.onRegister = call -> call.refuse(Kind.DENIED);
    Registration registration = registry.announce(Samples.instance("a"), HEARTBEAT);

    RegistrationStatus status = registration.status();
    assertThat(status.state()).isEqualTo(State.CLOSED);
    assertThat(status.reason()).isEqualTo("the store has refused it");
    assertThat(status.cause())
        .hasValueSatisfying(why -> assertThat(why).hasMessage("the store says DENIED"));
    assertThat(registry.status().store())
        .as("a refusal is an answer")
        .isEqualTo(Reachability.REACHABLE);
  }

  @Test
  void closed_tellsWhetherTheStoreHasConfirmed() {
    Registration registration = registry.register(Samples.instance("a"), HEARTBEAT).join();
    backend.onDeregister = call -> {};
    registration.deregister();
    assertThat(registration.status().state()).isEqualTo(State.CLOSED);
    assertThat(registration.status().reason()).isEqualTo("being deregistered");

    backend.lastDeregister().accept();
    assertThat(registration.status().reason()).isEqualTo("deregistered");
    assertThat(registration.status().cause()).isEmpty();
  }

  @Test
  void unconfirmedAtTheEnd_isSaid() {
    Registration registration = registry.register(Samples.instance("a"), HEARTBEAT).join();
    backend.onDeregister = call -> call.refuse(Kind.UNAVAILABLE);
    registry.close();

    assertThat(registration.status().reason())
        .isEqualTo("the store has not confirmed that it is gone");
    assertThat(registration.status().cause()).isPresent();
    assertThat(registry.status().isClosed()).isTrue();
    assertThat(registry.status().store()).isEqualTo(Reachability.UNKNOWN);
  }

  @Test
  void outageThatNoCallCanEnd_isForgotten() {
    backend.onRegister = call -> call.refuse(Kind.UNAVAILABLE);
    Registration registration = registry.announce(Samples.instance("a"), HEARTBEAT);
    assertThat(registry.status().store()).isEqualTo(Reachability.UNREACHABLE);
    registration.deregister();

    assertThat(registry.status().registrations()).isEmpty();
    assertThat(registry.status().store()).isEqualTo(Reachability.UNKNOWN);
  }

  @Test
  void probe_showsInTheHealth() {
    AtomicBoolean well = new AtomicBoolean(true);
    Registration registration =
        registry
            .register(
                Samples.instance("a"), Liveness.heartbeat(ScriptedBackend.TTL).onlyWhile(well::get))
            .join();
    well.set(false);
    timer.advance(ScriptedBackend.TTL.dividedBy(3));

    // The probe runs on a thread of its own.
    Awaitility.await().until(() -> registration.status().health() == Health.CRITICAL);
    assertThat(registration.instance().health()).as("as desired").isEqualTo(Health.PASSING);
  }

  @Test
  void checkThatHasNotPassed_isCritical() {
    backend.runsChecks = false;
    Registration registration =
        registry.announce(
            Samples.instance("a"),
            Liveness.httpCheck(URI.create("http://127.0.0.1:1/"), Duration.ofSeconds(10)));
    assertThat(registration.status().health()).isEqualTo(Health.CRITICAL);
  }

  @Test
  void watches_showTheirFreshness() {
    ServiceView orders = registry.service("orders");
    registry.service("payments");
    registry.catalog();
    backend.watches.get(0).load(Samples.instance("a"));

    RegistryStatus status = registry.status();
    assertThat(status.services())
        .containsExactly(
            entry("orders", orders.snapshot().freshness()), entry("payments", Timestamp.LOADING));
    assertThat(status.catalog()).contains(Timestamp.LOADING);
    assertThat(status.store()).isEqualTo(Reachability.REACHABLE);
  }

  @Test
  void allWatchesInterrupted_isAnOutage_untilOneIsLive() {
    registry.service("orders");
    registry.service("payments");
    backend.watches.forEach(watch -> watch.load());
    backend.watches.get(0).sink.interrupted(down);
    timer.advance(Duration.ofSeconds(3));
    assertThat(registry.status().store()).as("one works").isEqualTo(Reachability.REACHABLE);

    backend.watches.get(1).sink.interrupted(RegistryException.unavailable("down, too", null));
    timer.advance(Duration.ofSeconds(2));
    RegistryStatus status = registry.status();
    assertThat(status.store()).isEqualTo(Reachability.UNREACHABLE);
    assertThat(status.outage()).contains(new RegistryStatus.Outage(Duration.ofSeconds(5), down));
    assertThat(status.services().get("orders")).isInstanceOf(Freshness.Stale.class);

    backend.watches.get(1).sink.synced();
    assertThat(registry.status().store()).isEqualTo(Reachability.REACHABLE);
  }

  @Test
  void firstStateThatCannotBeRead_isAnOutage_sinceItWasOpened() {
    registry.catalog();
    assertThat(registry.status().store()).isEqualTo(Reachability.UNKNOWN);
    backend.lastWatch().sink.interrupted(down);

    assertThat(registry.status().store()).isEqualTo(Reachability.UNREACHABLE);
    assertThat(registry.status().outage())
        .hasValueSatisfying(outage -> assertThat(outage.cause()).isSameAs(down));
  }

  @Test
  void deniedWatch_isAnAnswer() {
    registry.service("orders");
    backend.lastWatch().sink.interrupted(RegistryException.denied("no", null));
    assertThat(registry.status().store()).isEqualTo(Reachability.REACHABLE);
  }
}
