package dev.rollcall.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import dev.rollcall.Freshness;
import dev.rollcall.Registration;
import dev.rollcall.Registration.State;
import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.RegistryStatus;
import dev.rollcall.RegistryStatus.Reachability;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceView;
import dev.rollcall.Snapshot;
import dev.rollcall.spi.RegistryBackend;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the engine makes of a line that breaks, whatever the store: {@link FlakyBackend}. */
abstract class OutageClauses extends Clauses {
  private static final Class<?> STALE = Freshness.Stale.class;

  @TempDir Path folder;

  private FlakyBackend line;
  private RegistryBackend observer;

  OutageClauses(RegistryContract store) {
    super(store);
  }

  @BeforeEach
  final void openTheLine() {
    line = new FlakyBackend(store.open(time.timer()));
    observer = client();
  }

  @Test
  @DisplayName("R4 restored: after an outage longer than the TTL, with what changed meanwhile")
  @IfItFails("does the engine go on trying, one back-off step at most after the store answers?")
  void r4_restored_afterAnOutage() {
    Registration registration = await(process(line).register(instance("a", 0), heartbeat()));
    List<State> states = new CopyOnWriteArrayList<>();
    closing(registration.onState(states::add));
    line.cut();
    CompletableFuture<Void> update = registration.update(instance("a", 1));
    Duration outage = store.ttl().multipliedBy(2).plus(observer.capabilities().expirySlack());
    time.pass(outage);
    assertThat(passing(observer)).isEmpty();

    line.heal();

    Duration step = outage.plusSeconds(1).multipliedBy(12).dividedBy(10);
    within(
        step.plusSeconds(1), () -> assertThat(passing(observer)).containsExactly(instance("a", 1)));
    eventually(() -> assertThat(registration.state()).isEqualTo(State.ACTIVE));
    eventually(() -> assertThat(update).isDone());
    eventually(() -> assertThat(states).startsWith(State.ACTIVE).endsWith(State.ACTIVE));
    assertThat(states).contains(State.LOST).doesNotContain(State.CLOSED, State.FENCED);
  }

  @Test
  @DisplayName("R4 restored: an announcement waits for its store, however long that takes")
  @IfItFails("does announce() give up at the deadline that only register() has?")
  void r4_restored_anAnnouncementWaits() {
    line.cut();
    Registry owner = process(line, settings -> settings.deadline(Duration.ofSeconds(1)));
    Registration registration = owner.announce(instance("a"), heartbeat());
    assertThat(registration.state()).isEqualTo(State.PENDING);
    time.pass(Duration.ofSeconds(3));
    assertThat(registration.state()).isEqualTo(State.PENDING);

    line.heal();

    within(Duration.ofSeconds(6), () -> assertThat(registration.state()).isEqualTo(State.ACTIVE));
    assertThat(passing(observer)).containsExactly(instance("a"));
  }

  @Test
  @DisplayName("R6 final: closed during an outage, the instance goes with its lease, for good")
  @IfItFails("does a renewal or re-registration survive the close, waiting for the store?")
  void r6_final_closedDuringAnOutage() {
    Registry owner = process(line, settings -> settings.deadline(Duration.ofSeconds(1)));
    Registration registration = await(owner.register(instance("a"), heartbeat()));
    line.cut();
    CompletableFuture<Void> leaving = registration.deregister();
    within(Duration.ofSeconds(3), () -> assertThat(leaving).isDone());
    assertThat(refused(leaving).kind()).isEqualTo(UNAVAILABLE);
    assertThat(registration.state()).isEqualTo(State.CLOSED);
    within(
        store.ttl().plus(observer.capabilities().expirySlack()),
        () -> assertThat(passing(observer)).isEmpty());

    line.heal();

    always(store.ttl().multipliedBy(2), () -> assertThat(passing(observer)).isEmpty());
    eventually(() -> assertThat(stored(observer)).isEmpty());
  }

  @Test
  @DisplayName("R6 final: a registration that was on its way when it was closed does not stay")
  @IfItFails("is the outcome of a registration under way looked at after close()?")
  void r6_final_closedWhileRegistering() {
    Registry owner = process(line, settings -> settings.deadline(Duration.ofSeconds(1)));
    line.hold();
    Registration registration = owner.announce(instance("a"), heartbeat());
    CompletableFuture<Void> leaving = registration.deregister();
    time.pass(Duration.ofSeconds(2));
    assertThat(leaving).isDone();

    line.heal(); // only now does the store take the instance

    eventually(() -> assertThat(stored(observer)).isEmpty());
    time.pass(store.ttl());
    always(store.ttl().multipliedBy(2), () -> assertThat(passing(observer)).isEmpty());
    assertThat(registration.state()).isEqualTo(State.CLOSED);
  }

  @Test
  @DisplayName("R10 errors: during an outage each call fails as unavailable, by its deadline")
  @IfItFails("is a failure of the backend passed on with its kind and its words?")
  void r10_errors_unavailable() {
    Registry owner = process(line, settings -> settings.deadline(Duration.ofSeconds(1)));
    line.cut();
    CompletableFuture<Registration> registering = owner.register(instance("a"), heartbeat());
    within(Duration.ofSeconds(3), () -> assertThat(registering).isDone());
    assertThat(refused(registering).kind()).isEqualTo(UNAVAILABLE);
    assertThat(refused(owner.snapshot(service)).kind()).isEqualTo(UNAVAILABLE);
    assertThat(refused(owner.deregister(key("a"))).kind()).isEqualTo(UNAVAILABLE);

    line.heal();
    time.pass(Duration.ofSeconds(3));
    assertThat(stored(observer)).as("closed when its future failed").isEmpty();
  }

  @Test
  @DisplayName("R10 errors: a registration that gives up says why, in the store's own words")
  @IfItFails("is the last failure of the backend in the message, or in a cause, of the deadline's?")
  void r10_errors_carryTheStoresWords() {
    Registry owner = process(line, settings -> settings.deadline(Duration.ofSeconds(1)));
    line.cut();
    CompletableFuture<Registration> registering = owner.register(instance("a"), heartbeat());
    within(Duration.ofSeconds(3), () -> assertThat(registering).isDone());

    assertThat(refused(registering)).hasStackTraceContaining("line to the store is cut");
    assertThat(refused(owner.snapshot(service))).hasMessageContaining("line to the store is cut");
  }

  @Test
  @DisplayName("R10 errors: who is refused is told denied, at once")
  @IfItFails("is a denial retried as if the store were down?")
  void r10_errors_denied() {
    Registry owner = process(line);
    line.deny();
    CompletableFuture<Registration> registering = owner.register(instance("a"), heartbeat());
    within(Duration.ofSeconds(1), () -> assertThat(registering).isDone());
    assertThat(refused(registering).kind()).isEqualTo(DENIED);
    assertThat(refused(owner.snapshot(service)).kind()).isEqualTo(DENIED);
    assertThat(refused(owner.deregister(key("a"))).kind()).isEqualTo(DENIED);
    Registration announced = owner.announce(instance("b"), heartbeat());
    eventually(() -> assertThat(announced.state()).isEqualTo(State.CLOSED));
  }

  @Test
  @DisplayName("W6 outage, W13 honest: the last state stays, stale, with its age and its cause")
  @IfItFails("does an interruption clear the state, or go by without a word to the listeners?")
  void w6_outage_removesNothing() {
    put(observer, instance("a"));
    put(observer, instance("b"));
    ServiceView view = process(line).service(service);
    ChangeChecker checker = new ChangeChecker();
    closing(view.watch(checker));
    eventually(() -> assertThat(checker.instances()).hasSize(2));
    eventually(() -> assertThat(view.snapshot().freshness()).isInstanceOf(Freshness.Live.class));
    List<ServiceInstance> read = view.instances();

    line.cut();
    eventually(() -> assertThat(last(checker)).isInstanceOf(Freshness.Stale.class));
    time.pass(Duration.ofSeconds(2));

    assertThat(view.instances()).isEqualTo(read);
    assertThat(view.snapshot().freshness())
        .asInstanceOf(type(Freshness.Stale.class))
        .satisfies(
            stale -> {
              assertThat(stale.age()).isBetween(Duration.ofSeconds(2), Duration.ofSeconds(30));
              assertThat(stale.cause().kind()).isEqualTo(UNAVAILABLE);
              assertThat(stale.cause()).hasMessageContaining("cut");
            });

    line.heal();
    eventually(() -> assertThat(last(checker)).isInstanceOf(Freshness.Live.class));
    assertThat(view.snapshot().freshness()).isInstanceOf(Freshness.Live.class);
    assertThat(view.instances()).isEqualTo(read);
    assertThat(checker.changes()).hasSize(1);
    assertThat(checker.violations()).isEmpty();
  }

  @Test
  @DisplayName("W13 honest: the registry's status tells of an outage, its cause, and its end")
  @IfItFails(
      "do registrations and watches tell the engine of each failure, and of the first answer?")
  void w13_honest_statusTellsOfTheOutage() {
    Registry owner = process(line);
    Registration registration = await(owner.register(instance("a"), heartbeat()));
    ServiceView view = owner.service(service);
    eventually(() -> assertThat(view.snapshot().freshness()).isInstanceOf(Freshness.Live.class));
    assertThat(owner.status().store()).isEqualTo(Reachability.REACHABLE);
    assertThat(owner.status().outage()).isEmpty();

    line.cut();
    eventually(() -> assertThat(owner.status().store()).isEqualTo(Reachability.UNREACHABLE));
    time.pass(store.ttl().multipliedBy(2));
    eventually(() -> assertThat(registration.status().state()).isEqualTo(State.LOST));

    RegistryStatus cut = owner.status();
    assertThat(cut.outage())
        .hasValueSatisfying(
            outage -> {
              assertThat(outage.age()).isGreaterThanOrEqualTo(store.ttl());
              assertThat(outage.cause()).hasMessageContaining("cut");
            });
    assertThat(cut.services())
        .hasEntrySatisfying(service, it -> assertThat(it).isInstanceOf(STALE));
    assertThat(registration.status().reason()).isNotEmpty();
    assertThat(registration.status().cause())
        .hasValueSatisfying(cause -> assertThat(cause).hasMessageContaining("cut"));

    line.heal();
    eventually(() -> assertThat(owner.status().store()).isEqualTo(Reachability.REACHABLE));
    eventually(() -> assertThat(registration.status().state()).isEqualTo(State.ACTIVE));
    assertThat(registration.status().reason()).isEmpty();
    assertThat(registration.status().epoch()).isGreaterThan(1);
  }

  @Test
  @DisplayName(
      "W17 warm start: with the store away, the last process' state, and then the difference")
  @IfItFails("is a stream synced before the store was read, or its first state no complete one?")
  void w17_warmStart_showsTheLastStateUntilTheStoreAnswers() {
    put(observer, instance("stays"));
    put(observer, instance("goes"));
    put(observer, instance("changes", 0));
    Registry before = process(line, settings -> settings.cache(folder));
    ServiceView seen = before.service(service);
    eventually(() -> assertThat(seen.instances()).hasSize(3));
    List<ServiceInstance> last = seen.instances();
    before.close();
    remove(observer, "goes");
    put(observer, instance("changes", 1));
    put(observer, instance("comes"));

    FlakyBackend away = new FlakyBackend(store.open(time.timer()));
    away.cut();
    ServiceView view = process(away, settings -> settings.cache(folder)).service(service);
    assertThat(view.instances()).isEqualTo(last);
    assertThat(view.pick()).isIn(last);
    ChangeChecker checker = new ChangeChecker();
    closing(view.watch(checker));
    eventually(() -> assertThat(checker.instances()).isEqualTo(last));
    Snapshot ready = await(view.ready());
    assertThat(ready.instances()).isEqualTo(last);
    assertThat(ready.freshness()).isInstanceOf(STALE);
    settle();
    assertThat(view.snapshot().freshness()).isInstanceOf(STALE);
    assertThat(checker.changes()).hasSize(1);

    away.heal();
    List<ServiceInstance> now = stored(observer);
    eventually(() -> assertThat(checker.instances()).isEqualTo(now));
    eventually(() -> assertThat(view.snapshot().freshness()).isInstanceOf(Freshness.Live.class));
    assertThat(checker.changes()).hasSize(2);
    assertThat(checker.changes().get(1).added()).containsExactly(instance("comes"));
    assertThat(checker.changes().get(1).updated()).containsExactly(instance("changes", 1));
    assertThat(ids(checker.changes().get(1).removed())).containsExactly("goes");
    assertThat(checker.violations()).isEmpty();
  }

  @Test
  @DisplayName("W7 resume: what changed during the break comes as one exact difference")
  @IfItFails("is the resumed state compared with the last one given, or put on top of it?")
  void w7_resume_deliversTheDifference() {
    put(observer, instance("stays"));
    put(observer, instance("goes"));
    put(observer, instance("changes", 0));
    ServiceView view = process(line).service(service);
    ChangeChecker checker = new ChangeChecker();
    closing(view.watch(checker));
    eventually(() -> assertThat(checker.instances()).hasSize(3));

    line.cut();
    remove(observer, "goes");
    put(observer, instance("changes", 1));
    put(observer, instance("comes"));
    settle();
    assertThat(checker.changes()).hasSize(1);
    line.heal();

    List<ServiceInstance> now = stored(observer);
    eventually(() -> assertThat(checker.instances()).isEqualTo(now));
    settle();
    assertThat(checker.changes()).hasSize(2);
    assertThat(checker.changes().get(1).added()).containsExactly(instance("comes"));
    assertThat(checker.changes().get(1).updated()).containsExactly(instance("changes", 1));
    assertThat(ids(checker.changes().get(1).removed())).containsExactly("goes");
    assertThat(checker.violations()).isEmpty();
  }

  @Test
  @DisplayName("W7 resume: after any number of breaks, in a view and in the catalog")
  @IfItFails("is there a break after which a watch stays dead?")
  void w7_resume_afterManyBreaks() {
    Registry registry = process(line);
    ServiceView view = registry.service(service);
    ChangeChecker checker = new ChangeChecker();
    closing(view.watch(checker));
    closing(registry.catalog().watch(change -> {}));
    for (int n = 0; n < 20; n++) {
      switch (n % 4) {
        case 0 -> line.cut();
        case 1 -> line.hold();
        case 2 -> line.deny();
        default -> {
          line.cut();
          line.deny();
        }
      }
      put(observer, instance("i" + n % 3, n));
      line.heal();
      List<ServiceInstance> now = stored(observer);
      eventually(() -> assertThat(checker.instances()).isEqualTo(now));
      eventually(() -> assertThat(registry.catalog().snapshot(service).all()).isEqualTo(now));
      eventually(
          () -> {
            assertThat(view.snapshot().freshness()).isInstanceOf(Freshness.Live.class);
            assertThat(registry.catalog().freshness()).isInstanceOf(Freshness.Live.class);
          });
    }
    assertThat(checker.violations()).isEmpty();
  }

  @Test
  @DisplayName("W12 denied: a watch that is refused says so, and works once it is allowed")
  @IfItFails("is the kind of the interruption's cause kept up to the listener?")
  void w12_denied_isSaid() {
    put(observer, instance("a"));
    line.deny();
    ServiceView view = process(line).service(service);
    ChangeChecker checker = new ChangeChecker();
    closing(view.watch(checker));
    eventually(
        () ->
            assertThat(view.snapshot().freshness())
                .asInstanceOf(type(Freshness.Loading.class))
                .satisfies(loading -> assertThat(kind(loading)).containsExactly(DENIED)));
    eventually(() -> assertThat(checker.freshness()).isNotEmpty());
    assertThat(checker.changes()).isEmpty();

    line.heal();
    eventually(() -> assertThat(checker.instances()).containsExactly(instance("a")));
    line.deny();
    eventually(
        () ->
            assertThat(last(checker))
                .asInstanceOf(type(Freshness.Stale.class))
                .satisfies(stale -> assertThat(stale.cause().kind()).isEqualTo(DENIED)));
    assertThat(view.instances()).containsExactly(instance("a"));
    assertThat(checker.violations()).isEmpty();
  }

  @Test
  @DisplayName("W13 honest: loading until a state was read, and live only while the stream works")
  @IfItFails("is a view said to be live before its stream is synced?")
  void w13_honest_aboutItsFreshness() {
    put(observer, instance("a"));
    line.hold();
    ServiceView view = process(line).service(service);
    ChangeChecker checker = new ChangeChecker();
    closing(view.watch(checker));
    settle();
    assertThat(view.snapshot().freshness()).isInstanceOf(Freshness.Loading.class);
    assertThat(view.snapshot().version()).isZero();
    assertThat(view.instances()).isEmpty();
    assertThat(checker.changes()).isEmpty();

    line.heal();
    eventually(() -> assertThat(view.snapshot().freshness()).isInstanceOf(Freshness.Live.class));
    assertThat(view.instances()).containsExactly(instance("a"));
    assertThat(view.snapshot().version()).isPositive();
    List<Freshness> read = new ArrayList<>();
    line.cut();
    eventually(
        () -> {
          read.add(view.snapshot().freshness());
          assertThat(view.snapshot().freshness()).isInstanceOf(Freshness.Stale.class);
        });
    assertThat(read).noneMatch(Freshness.Loading.class::isInstance);
    assertThat(await(process().snapshot(service)).freshness()).isInstanceOf(Freshness.Live.class);
  }

  private static Freshness last(ChangeChecker checker) {
    List<Freshness> heard = checker.freshness();
    assertThat(heard).as("words on the freshness").isNotEmpty();
    return heard.get(heard.size() - 1);
  }

  private static List<RegistryException.Kind> kind(Freshness.Loading loading) {
    return loading.cause().map(RegistryException::kind).stream().toList();
  }
}
