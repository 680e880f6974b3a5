package dev.rollcall.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Catalog;
import dev.rollcall.CatalogChange;
import dev.rollcall.Change;
import dev.rollcall.Freshness;
import dev.rollcall.Health;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceView;
import dev.rollcall.Snapshot;
import dev.rollcall.spi.InstanceEvent;
import dev.rollcall.spi.InstanceEvent.Departure;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.WatchSink;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What a listener is given: through the registry, engine and backend together. */
abstract class WatchClauses extends Clauses {
  private static final List<Health> HEALTHS =
      List.of(Health.PASSING, Health.WARNING, Health.CRITICAL);

  WatchClauses(RegistryContract store) {
    super(store);
  }

  @Test
  @DisplayName("W1 initial state: the first change brings it, also where it is empty")
  @IfItFails("does an empty first state count as no change, so that nobody hears of it?")
  void w1_initialState_isTheFirstChange() {
    Registry registry = process();
    ServiceView view = registry.service(service);
    ChangeChecker early = watch(view);
    eventually(() -> assertThat(early.changes()).hasSize(1));
    assertThat(early.instances()).isEmpty();

    RegistryBackend writer = client();
    put(writer, instance("a"));
    put(writer, instance("b"));
    eventually(() -> assertThat(ids(early.instances())).containsExactly("a", "b"));
    ChangeChecker late = watch(view);
    eventually(() -> assertThat(late.changes()).hasSize(1));
    Change first = late.changes().get(0);
    assertThat(ids(first.added())).containsExactly("a", "b");
    assertThat(ids(first.now())).containsExactly("a", "b");
    assertThat(early.violations()).isEmpty();
    assertThat(late.violations()).isEmpty();
  }

  @Test
  @DisplayName("W2 order, W3 exact diff, W4 nothing lost: through a random history")
  @IfItFails("from what is before taken: from what was given, or from what was published?")
  void w3_exactDiff_throughARandomHistory() {
    long seed = new Random().nextLong();
    reporter.publishEntry("seed", Long.toString(seed));
    Random random = new Random(seed);
    ServiceView view = process().service(service);
    ChangeChecker checker = watch(view);
    ChangeChecker slow = new ChangeChecker();
    closing(
        view.watch(
            change -> {
              Thread.onSpinWait();
              slow.changed(change);
            }));
    RegistryBackend writer = client();
    for (int n = 0; n < 150; n++) {
      String id = "i" + random.nextInt(6);
      switch (random.nextInt(4)) {
        case 0 -> remove(writer, id);
        case 1 -> put(writer, instance(id, n).withHealth(HEALTHS.get(n % 3)));
        default -> put(writer, instance(id, random.nextInt(3)));
      }
      if (n % 10 == 9) { // often enough that more than the first and the last state are given
        List<ServiceInstance> soFar = stored(writer);
        eventually(() -> assertThat(checker.instances()).as("seed %s", seed).isEqualTo(soFar));
      }
    }
    List<ServiceInstance> last = stored(writer);
    for (ChangeChecker each : List.of(checker, slow)) {
      eventually(() -> assertThat(each.instances()).as("seed %s", seed).isEqualTo(last));
      assertThat(each.violations()).as("seed %s", seed).isEmpty();
      assertThat(each.changes().stream().map(change -> change.now().version())).isSorted();
    }
    assertThat(view.snapshot().all()).isEqualTo(last);
  }

  @Test
  @DisplayName("W3 exact diff: a listener that was away skips states and still sees the difference")
  @IfItFails("is the diff that a conflated listener is given made against its own last state?")
  void w3_exactDiff_afterConflation() {
    ServiceView view = process().service(service);
    RegistryBackend writer = client();
    put(writer, instance("stays", 0));
    put(writer, instance("goes", 0));
    put(writer, instance("changes", 0));
    eventually(() -> assertThat(view.snapshot().all()).hasSize(3));
    ChangeChecker checker = new ChangeChecker();
    CountDownLatch release = new CountDownLatch(1);
    closing(
        view.watch(
            change -> {
              checker.changed(change);
              block(release);
            }));
    eventually(() -> assertThat(checker.changes()).hasSize(1));

    put(writer, instance("comes and goes", 0));
    put(writer, instance("changes", 1));
    put(writer, instance("changes", 2));
    put(writer, instance("comes", 0));
    remove(writer, "comes and goes");
    remove(writer, "goes");
    put(writer, instance("stays", 1));
    put(writer, instance("stays", 0));
    List<ServiceInstance> last = stored(writer);
    eventually(() -> assertThat(view.snapshot().all()).isEqualTo(last));
    release.countDown();
    eventually(() -> assertThat(checker.instances()).isEqualTo(last));

    assertThat(checker.violations()).isEmpty();
    Change change = checker.changes().get(1);
    assertThat(change.added()).containsExactly(instance("comes", 0));
    assertThat(change.updated()).containsExactly(instance("changes", 2));
    assertThat(change.removed()).containsExactly(instance("goes", 0));
    assertThat(checker.changes()).hasSize(2);
  }

  @Test
  @DisplayName(
      "W4 nothing lost: after a burst every listener of every process ends at the last state")
  @IfItFails("can a listener's subscriber go to sleep with a state that was published meanwhile?")
  void w4_nothingLost_afterABurst() {
    Registry near = process();
    List<ChangeChecker> checkers = new ArrayList<>();
    for (Registry registry : List.of(near, process())) {
      for (int i = 0; i < 5; i++) {
        checkers.add(watch(registry.service(service)));
      }
    }
    Registration registration = await(near.register(instance("a", 0), heartbeat()));
    for (int burst = 0; burst < 20; burst++) {
      CompletableFuture<Void> last = new CompletableFuture<>();
      for (int n = 1; n <= 20; n++) {
        last = registration.update(instance("a", burst * 20 + n));
      }
      await(last);
      ServiceInstance end = instance("a", burst * 20 + 20);
      for (ChangeChecker checker : checkers) {
        eventually(() -> assertThat(checker.instances()).containsExactly(end));
      }
    }
    checkers.forEach(checker -> assertThat(checker.violations()).isEmpty());
  }

  @Test
  @DisplayName("W5 nothing invented: the same instance put again is no change")
  @IfItFails("are states compared by value before they are published?")
  void w5_nothingInvented_equalStatesAreNotDelivered() {
    RegistryBackend writer = client();
    Owner owner = owner();
    put(writer, instance("a"), owner);
    ChangeChecker checker = watch(process().service(service));
    eventually(() -> assertThat(checker.changes()).hasSize(1));

    for (int i = 0; i < 10; i++) {
      put(writer, instance("a"), i % 2 == 0 ? owner : owner());
    }
    put(writer, instance("b"));
    eventually(() -> assertThat(checker.instances()).hasSize(2));
    settle();

    assertThat(checker.changes()).hasSize(2);
    assertThat(checker.violations()).isEmpty();
  }

  @Test
  @DisplayName("W5 nothing invented: each state that a listener is given was one of the store's")
  @IfItFails("is a state published between two parts of one change?")
  void w5_nothingInvented_onlyRealStates() {
    ChangeChecker checker = watch(process().service(service));
    RegistryBackend writer = client();
    List<List<ServiceInstance>> path = new ArrayList<>();
    path.add(List.of());
    for (int n = 0; n < 40; n++) {
      if (n % 5 == 4) {
        remove(writer, "i" + (n - 2) % 8);
      } else {
        put(writer, instance("i" + n % 8, n));
      }
      path.add(stored(writer));
    }
    eventually(() -> assertThat(checker.instances()).isEqualTo(path.get(path.size() - 1)));

    int at = 0;
    for (Change change : checker.changes()) {
      int found = path.subList(at, path.size()).indexOf(change.now().all());
      assertThat(found).as("the place on the path of %s", change.now()).isNotNegative();
      at += found;
    }
    assertThat(checker.violations()).isEmpty();
  }

  @Test
  @DisplayName("W11 everything: the catalog sees services appear, change and vanish")
  @IfItFails("is a service told as vanished when its last instance goes, and dropped from the set?")
  void w11_everything_inTheCatalog() {
    RegistryBackend writer = client();
    put(writer, instance("a", 0));
    Registry registry = process();
    List<CatalogChange> changes = new CopyOnWriteArrayList<>();
    String other = service + "-other";
    ChangeChecker ofService = new ChangeChecker();
    ChangeChecker ofOther = new ChangeChecker();
    Map<String, ChangeChecker> checkers = Map.of(service, ofService, other, ofOther);
    closing(
        registry
            .catalog()
            .watch(
                change -> {
                  changes.add(change);
                  checkers.forEach(
                      (name, checker) ->
                          Optional.ofNullable(change.changes().get(name))
                              .ifPresent(checker::changed));
                }));
    eventually(() -> assertThat(ofService.changes()).isNotEmpty());
    assertThat(registry.catalog().services()).contains(service);
    assertThat(changes.get(0).appeared()).contains(service);

    ServiceInstance first = ServiceInstance.builder(other).id("x").address("127.0.0.1", 9).build();
    put(writer, first);
    put(writer, instance("a", 1));
    put(writer, instance("b", 0));
    eventually(() -> assertThat(registry.catalog().services()).contains(other));
    eventually(() -> assertThat(ofOther.instances()).containsExactly(first));
    eventually(
        () ->
            assertThat(registry.catalog().snapshot(service).all())
                .containsExactly(instance("a", 1), instance("b", 0)));
    await(writer.deregister(first.key(), Owner.ANY));
    remove(writer, "a");
    eventually(() -> assertThat(registry.catalog().services()).doesNotContain(other));
    eventually(() -> assertThat(ids(ofService.instances())).containsExactly("b"));
    eventually(() -> assertThat(changes).anySatisfy(c -> assertThat(c.vanished()).contains(other)));

    assertThat(ofOther.instances()).isEmpty();
    assertThat(registry.catalog().snapshot(other).all()).isEmpty();
    assertThat(registry.catalog().freshness()).isInstanceOf(Freshness.Live.class);
    assertThat(ofService.violations()).isEmpty();
    assertThat(ofOther.violations()).isEmpty();
  }

  @Test
  @DisplayName(
      "W11 everything, W4 nothing lost: each change of a service that does not rest is told")
  @IfItFails("does a service that changes while changes are gathered overwrite what was gathered?")
  void w11_everything_noChangeIsLeftOut() {
    ScriptedBackend scripted = new ScriptedBackend(store.open(time.timer()));
    Catalog catalog = process(scripted, settings -> settings).catalog();
    Map<String, ChangeChecker> told = new ConcurrentHashMap<>();
    closing(
        catalog.watch(
            change ->
                change
                    .changes()
                    .forEach(
                        (name, each) ->
                            told.computeIfAbsent(name, any -> new ChangeChecker(1))
                                .changed(each))));
    eventually(() -> assertThat(scripted.sink).isPresent());
    WatchSink sink = scripted.sink.orElseThrow();
    sink.replace(Selector.everything(), List.of(), 1);
    sink.synced();
    Map<String, ServiceInstance> last = new HashMap<>();
    for (int n = 0; n < 100_000; n++) {
      String name = service + "-" + n % 500;
      ServiceInstance next =
          ServiceInstance.builder(name).id("a").address("127.0.0.1", 1 + n % 65_000).build();
      sink.apply(List.of(new InstanceEvent.Put(next)), n + 2);
      last.put(name, next);
      if (n % 25_000 == 24_999) { // so that each service is told of often, however busy the machine
        last.forEach(
            (each, end) ->
                eventually(
                    () ->
                        assertThat(told)
                            .hasEntrySatisfying(
                                each,
                                checker -> assertThat(checker.instances()).containsExactly(end))));
      }
    }
    told.forEach((name, checker) -> assertThat(checker.violations()).as(name).isEmpty());
  }

  @Test
  @DisplayName("W15 atomic: what a backend applies as one is shown as one")
  @IfItFails("does the engine publish after each event of one apply?")
  void w15_atomic_oneApplyIsOneState() {
    ScriptedBackend scripted = new ScriptedBackend(store.open(time.timer()));
    ServiceView view =
        process(scripted, settings -> settings.listenerExecutor(Runnable::run)).service(service);
    ChangeChecker checker = watch(view);
    List<List<ServiceInstance>> torn = new CopyOnWriteArrayList<>();
    closing(
        view.watch(
            change -> {
              if (change.now().all().size() != 1) {
                torn.add(change.now().all());
              }
            }));
    eventually(() -> assertThat(scripted.sink).isPresent());
    WatchSink sink = scripted.sink.orElseThrow();
    sink.replace(Selector.service(service), List.of(instance("a0")), 1);
    sink.synced();
    for (int n = 1; n <= 300; n++) {
      sink.apply(
          List.of(
              new InstanceEvent.Remove(key("a" + (n - 1)), Departure.DEREGISTERED),
              new InstanceEvent.Put(instance("a" + n))),
          n + 1);
      Snapshot seen = view.snapshot();
      if (seen.all().size() != 1) {
        torn.add(seen.all());
      }
    }
    eventually(() -> assertThat(ids(checker.instances())).containsExactly("a300"));
    assertThat(torn).isEmpty();
    assertThat(checker.violations()).isEmpty();
  }

  private ChangeChecker watch(ServiceView view) {
    ChangeChecker checker = new ChangeChecker();
    closing(view.watch(checker));
    return checker;
  }
}
