package dev.rollcall.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.rollcall.Change;
import dev.rollcall.Freshness;
import dev.rollcall.Health;
import dev.rollcall.NoInstanceException;
import dev.rollcall.Registry;
import dev.rollcall.RegistryBuilder;
import dev.rollcall.RegistryException;
import dev.rollcall.RegistryStatus.Reachability;
import dev.rollcall.Samples;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceListener;
import dev.rollcall.ServiceView;
import dev.rollcall.Snapshot;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A registry that begins with what an earlier one has kept on disk. */
class WarmStartTest {
  private static final ServiceInstance A = Samples.instance("a");
  private static final ServiceInstance B = Samples.instance("b");
  private static final ServiceInstance C = Samples.instance("c");

  @TempDir Path folder;

  private final RecordedLog log = new RecordedLog();
  private final ManualTimer timer = new ManualTimer();
  private final RegistryException down = RegistryException.unavailable("it is down", null);
  private ScriptedBackend backend;
  private Registry registry;

  @BeforeEach
  void openOne() {
    registry = open();
  }

  @AfterEach
  void close() {
    registry.close();
    log.close();
  }

  private Registry open() {
    return open(1);
  }

  private Registry open(double lossShare) {
    backend = new ScriptedBackend();
    return builder(Registry.builder(backend), lossShare).build();
  }

  private RegistryBuilder builder(RegistryBuilder of, double lossShare) {
    return of.timer(timer)
        .listenerExecutor(Runnable::run)
        .deadline(Duration.ofSeconds(1))
        .massLossProtection(lossShare, Duration.ofMinutes(5))
        .cache(folder);
  }

  /** With a state from the disk, the watch begins on the timer's thread. */
  private ScriptedBackend.Opened upstream() {
    timer.advance(Duration.ZERO);
    return backend.lastWatch();
  }

  private StateFolder states() {
    return new StateFolder(folder, ScriptedBackend.class.getName());
  }

  /** Leaves the file of a process that ended some time ago. */
  private void leave(Duration age, ServiceInstance... instances) throws Exception {
    StateFolder states = states();
    states.prepare();
    states.write(
        "orders",
        StateFile.write(
            states.store(),
            "orders",
            new StateFile.Kept(
                InstantSource.system().millis() - age.toMillis(),
                InstanceList.of(List.of(instances)))));
  }

  private static Freshness.Stale stale(ServiceView view) {
    assertThat(view.snapshot().freshness()).isInstanceOf(Freshness.Stale.class);
    return (Freshness.Stale) view.snapshot().freshness();
  }

  private void restart() {
    registry.close();
    registry = open();
  }

  @Test
  void view_beginsWithTheLastState_andIsLiveWhenTheStoreAnswers() {
    ServiceView before = registry.service("orders");
    upstream().load(A, B.withHealth(Health.CRITICAL));
    assertThat(before.instances()).containsExactly(A);
    restart();

    ServiceView view = registry.service("orders");
    assertThat(view.pick()).isEqualTo(A);
    assertThat(view.snapshot().all()).containsExactly(A, B.withHealth(Health.CRITICAL));
    assertThat(stale(view).cause())
        .hasMessage("kept on disk; the store has neither answered nor failed yet");
    upstream().load(A, C);
    assertThat(view.instances()).containsExactly(A, C);
    assertThat(view.snapshot().freshness()).isInstanceOf(Freshness.Live.class);
    assertThat(log.warnings()).isEmpty();
  }

  @Test
  void age_isThatOfTheState_andGoesOn() throws Exception {
    leave(Duration.ofHours(2), A);
    ServiceView view = registry.service("orders");
    assertThat(stale(view).age()).isBetween(Duration.ofHours(2), Duration.ofMinutes(125));
    Duration first = stale(view).age();
    timer.advance(Duration.ofSeconds(7));
    assertThat(stale(view).age()).isEqualTo(first.plusSeconds(7));
    upstream().sink.interrupted(down);
    assertThat(stale(view).age()).isEqualTo(first.plusSeconds(7));
    assertThat(stale(view).cause()).isSameAs(down);
  }

  @Test
  void listener_hearsTheKeptState_thenTheExactDifference() throws Exception {
    leave(Duration.ofHours(1), A, B);
    List<Change> changes = new CopyOnWriteArrayList<>();
    List<Freshness> told = new CopyOnWriteArrayList<>();
    registry
        .service("orders")
        .watch(
            new ServiceListener() {
              @Override
              public void changed(Change change) {
                changes.add(change);
              }

              @Override
              public void freshnessChanged(Freshness now) {
                told.add(now);
              }
            });
    await().until(() -> told.size() == 1);
    assertThat(changes).hasSize(1);
    assertThat(changes.get(0).added()).containsExactly(A, B);
    assertThat(changes.get(0).now().freshness()).isInstanceOf(Freshness.Stale.class);
    assertThat(told.get(0)).isInstanceOf(Freshness.Stale.class);

    ServiceInstance moved = Samples.instance("b", 9090);
    upstream().load(moved, C);
    await().until(() -> told.size() == 2);
    assertThat(told.get(1)).isInstanceOf(Freshness.Live.class);
    assertThat(changes).hasSize(2);
    Change difference = changes.get(1);
    assertThat(difference.before()).isEqualTo(changes.get(0).now());
    assertThat(difference.added()).containsExactly(C);
    assertThat(difference.removed()).containsExactly(A);
    assertThat(difference.updated()).containsExactly(moved);
  }

  @Test
  void firstState_isAwaitedFromTheStore_untilItIsKnownNotToAnswer() throws Exception {
    leave(Duration.ofHours(1), A);
    ServiceView view = registry.service("orders");
    CompletableFuture<Snapshot> ready = view.ready();
    assertThat(ready).isNotDone();
    assertThat(view.await(Duration.ZERO).instances()).as("for no longer").containsExactly(A);

    upstream().sink.interrupted(down);
    assertThat(ready.join().instances()).containsExactly(A);
    assertThat(ready.join().freshness()).isInstanceOf(Freshness.Stale.class);
    assertThat(view.await(Duration.ofMinutes(1)).instances()).containsExactly(A);
  }

  @Test
  void firstState_isTheLiveOne_whereTheStoreAnswers() throws Exception {
    leave(Duration.ofHours(1), A);
    CompletableFuture<Snapshot> ready = registry.service("orders").ready();
    upstream().load(B);
    assertThat(ready.join().instances()).containsExactly(B);
    assertThat(ready.join().freshness()).isInstanceOf(Freshness.Live.class);
  }

  @Test
  void status_saysNothingOfTheStoreThatOnlyTheDiskHasSaid() throws Exception {
    leave(Duration.ofHours(5), A);
    registry.service("orders");
    assertThat(registry.status().store()).isEqualTo(Reachability.UNKNOWN);
    assertThat(registry.status().services().get("orders")).isInstanceOf(Freshness.Stale.class);

    timer.advance(Duration.ofSeconds(3));
    upstream().sink.interrupted(down);
    assertThat(registry.status().store()).isEqualTo(Reachability.UNREACHABLE);
    assertThat(registry.status().outage())
        .hasValueSatisfying(
            outage -> {
              assertThat(outage.age()).isLessThan(Duration.ofMinutes(1));
              assertThat(outage.cause()).isSameAs(down);
            });
    upstream().load(A);
    assertThat(registry.status().store()).isEqualTo(Reachability.REACHABLE);
  }

  @Test
  void log_saysStale_sinceThereIsAState() throws Exception {
    leave(Duration.ofHours(5), A);
    registry.service("orders");
    upstream().sink.interrupted(down);
    assertThat(log.lines()).containsExactly("INFO stale: service orders: it is down");
  }

  @Test
  void restoredInstances_areEjectedAsOthers() throws Exception {
    leave(Duration.ofHours(1), A, B);
    ServiceView view = registry.service("orders");
    view.failed(A);
    for (int n = 0; n < 20; n++) {
      assertThat(view.pick()).isEqualTo(B);
    }
  }

  @Test
  void jumpFromDiskToLive_isUnderMassLossProtection() throws Exception {
    registry.close();
    leave(Duration.ofHours(1), A, B, C);
    registry = open(0.5);
    ServiceView view = registry.service("orders");
    upstream().load();

    // Nobody accepts connections at those addresses, so they go as soon as that is known.
    await().until(() -> view.snapshot().freshness() instanceof Freshness.Live);
    assertThat(view.snapshot().all()).isEmpty();
    assertThat(log.lines()).contains("INFO " + PROTECTED);
  }

  private static final String PROTECTED =
      "protected: service orders: too many are gone at once; those that accept connections stay";

  @Test
  void stateThatTheStoreHasNotConfirmed_isNotKeptAnew() throws Exception {
    leave(Duration.ofHours(1), A);
    byte[] kept = states().read("orders");
    registry.service("orders");
    upstream().sink.interrupted(down);
    restart();
    assertThat(states().read("orders")).isEqualTo(kept);

    registry.service("orders");
    upstream().load();
    restart();
    assertThat(registry.service("orders").snapshot().all()).isEmpty();
    assertThat(stale(registry.service("orders")).age()).isLessThan(Duration.ofMinutes(30));
  }

  @Test
  void interruptedClose_keepsTheLastStatesInTheBackground() throws Exception {
    registry.service("orders");
    upstream().load(A);
    Thread.currentThread().interrupt();
    registry.close();
    assertThat(Thread.interrupted()).isTrue();
    await().until(() -> states().read("orders") != null);
    assertThat(StateFile.read(states().read("orders"), states().store(), "orders").instances())
        .containsExactly(A);
  }

  @Test
  void viewOfAClosedRegistry_keepsWaitersInformed() throws Exception {
    leave(Duration.ofHours(1), A);
    ServiceView view = registry.service("orders");
    CompletableFuture<Snapshot> ready = view.ready();
    registry.close();
    assertThatThrownBy(ready::join).hasMessageContaining(Failures.CLOSED);
    assertThat(view.instances()).containsExactly(A);
    assertThat(stale(view).cause()).hasMessage(Failures.CLOSED);
  }

  @Test
  void watchThatHasNotBegunWhenTheRegistryCloses_doesNotBegin() throws Exception {
    leave(Duration.ofHours(1), A);
    registry.service("orders");
    assertThat(backend.watches).isEmpty();
    registry.close();
    timer.advance(Duration.ofMinutes(5));
    assertThat(backend.watches).isEmpty();
    assertThat(timer.pending()).isZero();
  }

  @Test
  void watchThatTheClassPathStops_isTriedAgain_whoeverHoldsTheView() throws Exception {
    leave(Duration.ofHours(1), A);
    AtomicInteger tried = new AtomicInteger();
    backend.onWatch =
        () -> {
          tried.incrementAndGet();
          throw new NoClassDefFoundError("no/such/Thing");
        };
    ServiceView view = registry.service("orders");
    timer.advance(Duration.ofMinutes(4));
    assertThat(stale(view).cause().kind()).isEqualTo(RegistryException.Kind.INVALID);
    assertThat(view.instances()).containsExactly(A);
    assertThat(tried.get()).as("from 1 s up to 1 min between two").isBetween(7, 12);
    assertThat(log.lines()).filteredOn(line -> line.startsWith("ERROR")).hasSize(1);

    backend.onWatch = () -> {};
    timer.advance(Duration.ofSeconds(72));
    backend.lastWatch().load(B);
    assertThat(view.instances()).containsExactly(B);
    assertThat(backend.watches).hasSize(1);
  }

  @Test
  void damagedFile_isAsNone() throws Exception {
    leave(Duration.ofHours(1), A);
    Files.writeString(states().file("orders"), "rollcall, but torn");
    ServiceView view = registry.service("orders");
    assertThatThrownBy(view::pick).isInstanceOf(NoInstanceException.class);
    assertThat(view.snapshot().freshness()).isInstanceOf(Freshness.Loading.class);
    assertThat(log.warnings()).hasSize(1);
  }

  @Test
  void stores_doNotMix_andATokenMakesNoOtherStore() throws Exception {
    registry.close();
    StateFolder first = new StateFolder(folder, "scripted://a,b/x");
    first.prepare();
    first.write(
        "orders",
        StateFile.write(
            first.store(),
            "orders",
            new StateFile.Kept(InstantSource.system().millis(), InstanceList.of(List.of(A)))));
    for (String same : List.of("scripted://a,b/x", "scripted://b,a/x?token=secret")) {
      try (Registry next = builder(Registry.builder(same), 1).build()) {
        assertThat(next.service("orders").instances()).as(same).containsExactly(A);
      }
    }
    for (String other : List.of("scripted://a/x", "scripted://a,b/y", "scripteds://a,b/x")) {
      try (Registry next = builder(Registry.builder(other), 1).build()) {
        assertThat(next.service("orders").instances()).as(other).isEmpty();
      }
    }
  }

  @Test
  void cacheThatCannotBe_isRefusedOrLogged_andInNobodysWay() throws Exception {
    RegistryBuilder of = Registry.builder(new ScriptedBackend());
    assertThatThrownBy(() -> of.cache(folder, Duration.ofDays(31)))
        .isInstanceOf(RegistryException.class)
        .hasMessage("maxAge: PT744H (expected: PT1S to PT720H)");
    assertThatThrownBy(() -> of.cache(null)).isInstanceOf(RegistryException.class);
    Path file = Files.writeString(folder.resolve("file"), "");
    ScriptedBackend other = new ScriptedBackend();
    try (Registry next = builder(Registry.builder(other), 1).cache(file).build()) {
      ServiceView view = next.service("orders");
      other.lastWatch().load(A);
      assertThat(view.pick()).isEqualTo(A);
    }
    assertThat(log.warnings()).hasSize(1);
  }

  @Test
  void thread_isADaemon_andEndsWithTheRegistry() {
    assertThat(threads()).isNotEmpty().allMatch(Thread::isDaemon);
    registry.close();
    await().until(() -> threads().isEmpty());
  }

  private static List<Thread> threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().equals("rollcall-cache"))
        .toList();
  }
}
