package dev.rollcall.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.rollcall.Absence;
import dev.rollcall.Balancer;
import dev.rollcall.Health;
import dev.rollcall.Liveness;
import dev.rollcall.NoInstanceException;
import dev.rollcall.Pick;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceView;
import dev.rollcall.Snapshot;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest.Claim;
import dev.rollcall.spi.RegistryBackend;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** L1 to L5. */
abstract class LookupClauses extends Clauses {
  private static final com.sun.management.ThreadMXBean THREADS =
      (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** What the lookups found, so that no compiler takes them away. */
  private int found;

  LookupClauses(RegistryContract store) {
    super(store);
  }

  @Test
  @DisplayName("L1 lookups allocate nothing: instances(), pick(), snapshot(), service(name)")
  @IfItFails("is there an iterator, a copy, a lambda or a boxed value on the path of a lookup?")
  void l1_lookups_allocateNothing() {
    RegistryBackend writer = client();
    for (int i = 0; i < 5; i++) {
      put(writer, instance("i" + i));
    }
    Registry registry = process();
    ServiceView view = registry.service(service);
    eventually(() -> assertThat(view.instances()).hasSize(5));
    String sameName = new String(service.toCharArray());

    assertThat(bytesOf(() -> found += view.instances().size())).as("instances()").isZero();
    assertThat(bytesOf(() -> found += view.pick().port())).as("pick()").isZero();
    assertThat(bytesOf(() -> found += view.snapshot().all().size())).as("snapshot()").isZero();
    assertThat(bytesOf(() -> found += registry.service(sameName).instances().size()))
        .as("service(name)")
        .isZero();
    assertThat(found).isPositive();
  }

  @Test
  @DisplayName("L1 lookups neither lock nor wait, while others read and write")
  @IfItFails("is there a lock that readers share, or a writer and a reader?")
  void l1_lookups_neverBlock() {
    RegistryBackend writer = client();
    put(writer, instance("a"));
    Registry registry = process();
    ServiceView view = registry.service(service);
    eventually(() -> assertThat(view.instances()).hasSize(1));
    // Classes are loaded and linked before anything counts.
    assertThat(await(async(() -> lookUp(registry, view, 20_000)))).isPositive();
    AtomicBoolean done = new AtomicBoolean();
    try (Stalls stalls = new Stalls()) {
      CompletableFuture<Boolean> writing = write(writer, done);
      List<CompletableFuture<Long>> reading =
          List.of(
              async(() -> lookUp(registry, view, 300_000)),
              async(() -> lookUp(registry, view, 300_000)));
      reading.forEach(reader -> assertThat(await(reader)).isPositive());
      done.set(true);
      await(writing);
      assertThat(stalls.below(LookupClauses.class, "lookUp")).as("waits in a lookup").isEmpty();
    }
  }

  @Test
  @DisplayName("L1 lookups never fail because the store is down, and say why there is nobody")
  @IfItFails("does a lookup ask the store, or an empty answer hide that nothing is known?")
  void l1_lookups_workWhileTheStoreIsDown() {
    put(client(), instance("a"));
    FlakyBackend line = new FlakyBackend(store.open(time.timer()));
    Registry registry = process(line);
    ServiceView known = registry.service(service);
    eventually(() -> assertThat(known.instances()).hasSize(1));

    line.cut();
    ServiceView unknown = registry.service(service + "-unknown");
    settle();
    assertThat(known.pick()).isEqualTo(instance("a"));
    assertThat(known.instances()).containsExactly(instance("a"));
    assertThat(known.snapshot().find("a")).contains(instance("a"));
    assertThat(unknown.instances()).isEmpty();
    assertThat(unknown.snapshot().all()).isEmpty();
    assertThatThrownBy(unknown::pick)
        .isInstanceOf(NoInstanceException.class)
        .hasMessageContaining(unknown.service());
    assertThat(registry.catalog().snapshot(service).service()).isEqualTo(service);
  }

  @Test
  @DisplayName("L2 only passing instances, unless asked otherwise")
  @IfItFails("are WARNING and CRITICAL left out of instances() and pick(), and kept in all()?")
  void l2_onlyPassing() {
    Registry owner = process();
    Registration a = await(owner.register(instance("a"), heartbeat()));
    await(owner.register(instance("b").withHealth(Health.WARNING), heartbeat()));
    await(owner.register(instance("c").withHealth(Health.CRITICAL), heartbeat()));
    ServiceView view = process().service(service);
    eventually(() -> assertThat(view.snapshot().all()).hasSize(3));

    assertThat(ids(view.instances())).containsExactly("a");
    assertThat(ids(view.snapshot().instances())).containsExactly("a");
    assertThat(ids(view.snapshot().all())).containsExactly("a", "b", "c");
    for (int i = 0; i < 50; i++) {
      assertThat(view.pick().id()).isEqualTo("a");
    }
    assertThat(ids(await(owner.snapshot(service)).instances())).containsExactly("a");

    await(a.health(Health.CRITICAL));
    eventually(() -> assertThat(view.instances()).isEmpty());
    assertThatThrownBy(view::pick)
        .isInstanceOf(NoInstanceException.class)
        .hasMessageContaining(service)
        .hasMessageContaining("3");
    await(a.health(Health.PASSING));
    eventually(() -> assertThat(ids(view.instances())).containsExactly("a"));
  }

  @Test
  @DisplayName("L2 pick gives each passing instance its chance")
  @IfItFails("can an index be computed that never reaches the first or the last instance?")
  void l2_pickReachesEverybody() {
    RegistryBackend writer = client();
    for (int i = 0; i < 5; i++) {
      put(writer, instance("i" + i));
    }
    ServiceView view = process().service(service);
    eventually(() -> assertThat(view.instances()).hasSize(5));
    Set<String> picked =
        IntStream.range(0, 2000).mapToObj(i -> view.pick().id()).collect(Collectors.toSet());
    assertThat(picked).hasSize(5); // missed by chance: less than once in 10^190 runs
  }

  @Test
  @DisplayName("L3 a list once returned never changes, and nobody can change it")
  @IfItFails("is the array that a list stands on ever written again?")
  void l3_listsNeverChange() {
    RegistryBackend writer = client();
    put(writer, instance("a", 0));
    put(writer, instance("b", 0));
    ServiceView view = process().service(service);
    eventually(() -> assertThat(view.instances()).hasSize(2));
    List<ServiceInstance> list = view.instances();
    Snapshot snapshot = view.snapshot();
    List<ServiceInstance> copy = new ArrayList<>(list);

    put(writer, instance("a", 1));
    remove(writer, "b");
    put(writer, instance("c", 0));
    eventually(() -> assertThat(ids(view.instances())).containsExactly("a", "c"));

    assertThat(list).isEqualTo(copy);
    assertThat(snapshot.all()).isEqualTo(copy);
    assertThat(snapshot.instances()).isEqualTo(copy);
    assertThatThrownBy(() -> list.add(instance("d")))
        .isInstanceOf(UnsupportedOperationException.class);
    assertThatThrownBy(() -> list.set(0, instance("d")))
        .isInstanceOf(UnsupportedOperationException.class);
    assertThatThrownBy(() -> list.remove(0)).isInstanceOf(UnsupportedOperationException.class);
    assertThatThrownBy(() -> snapshot.all().clear())
        .isInstanceOf(UnsupportedOperationException.class);
  }

  @Test
  @DisplayName("L4 a reader never sees half an update, nor an older state than before")
  @IfItFails("are the list, the passing ones and the version published in one write?")
  void l4_readersSeeWholeStatesInOrder() {
    RegistryBackend writer = client();
    Owner owner = owner();
    put(writer, instance("a", 0), owner);
    ServiceView view = process().service(service);
    eventually(() -> assertThat(view.instances()).hasSize(1));
    AtomicBoolean done = new AtomicBoolean();
    AtomicLong reads = new AtomicLong();
    List<CompletableFuture<String>> readers = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      readers.add(async(() -> readUntil(done, view, reads)));
    }
    int changes = 500;
    for (int n = 1; n <= changes; n++) {
      put(writer, instance("a", n), owner);
      if (n % 25 == 0) { // on a busy machine all is written before anybody has read
        long enough = reads.get() + 200;
        eventually(
            () ->
                assertThat(
                        reads.get() >= enough
                            || readers.stream().anyMatch(CompletableFuture::isDone))
                    .isTrue());
      }
    }
    eventually(() -> assertThat(view.instances()).containsExactly(instance("a", changes)));
    done.set(true);
    readers.forEach(reader -> assertThat(await(reader)).isEqualTo("nothing wrong"));
  }

  @Test
  @DisplayName("L5 the first lookup can be awaited, with a deadline")
  @IfItFails("is await() woken by the first state, and ended by the deadline with the reason?")
  void l5_theFirstLookupCanBeAwaited() {
    put(client(), instance("a"));
    FlakyBackend line = new FlakyBackend(store.open(time.timer()));
    Registry registry = process(line);
    line.hold();
    ServiceView view = registry.service(service);
    CompletableFuture<Snapshot> early = async(() -> view.await(Duration.ofMinutes(1)));
    CompletableFuture<Snapshot> late = async(() -> view.await(Duration.ofMillis(300)));
    realPause(Duration.ofMillis(500)); // whoever blocks a thread may do so by the real clock
    within(Duration.ofSeconds(4), () -> assertThat(late).isDone());
    assertThat(refused(late).kind()).isEqualTo(UNAVAILABLE);
    assertThat(early).isNotDone();

    line.heal();
    assertThat(await(early).instances()).containsExactly(instance("a"));
    assertThat(await(async(() -> view.await(Duration.ZERO))).instances()).hasSize(1);
    line.cut();
    settle();
    assertThat(await(async(() -> view.await(Duration.ofSeconds(1)))).instances()).hasSize(1);
  }

  @Test
  @DisplayName("L5 an awaited lookup that is refused says denied; an empty service is no failure")
  @IfItFails("does await() report the cause of the loading state, and count empty as read?")
  void l5_awaitingSaysWhy() {
    FlakyBackend line = new FlakyBackend(store.open(time.timer()));
    Registry registry = process(line);
    line.deny();
    ServiceView view = registry.service(service);
    CompletableFuture<Snapshot> waiting = async(() -> view.await(Duration.ofMillis(300)));
    RegistryException refusal = refused(waiting);
    assertThat(refusal.kind()).isEqualTo(DENIED);
    line.heal();
    assertThat(await(async(() -> view.await(Duration.ofSeconds(30)))).all()).isEmpty();
    assertThat(await(async(() -> registry.catalog().await(Duration.ofSeconds(30))))).isNotNull();
  }

  @Test
  @DisplayName("L6 a retry is given another instance, and hears why there is none")
  @IfItFails("is an instance told from another by its id, and does the store show each once?")
  void l6_retriesAvoidWhatWasTried() {
    RegistryBackend writer = client();
    for (String id : List.of("a", "b", "c")) {
      put(writer, instance(id));
    }
    put(writer, instance("ill").withHealth(Health.CRITICAL));
    ServiceView view = process().service(service);
    eventually(() -> assertThat(view.snapshot().all()).hasSize(4));
    for (ServiceView each : List.of(view, view.balancedBy(Balancer.roundRobin()))) {
      for (int n = 0; n < 50; n++) {
        List<ServiceInstance> asked = new ArrayList<>();
        for (Pick attempt : each.attempts(5)) {
          try (attempt) {
            asked.add(attempt.instance());
            attempt.failed();
          }
        }
        assertThat(ids(asked)).containsExactlyInAnyOrder("a", "b", "c");
        assertThatThrownBy(() -> each.acquire(asked))
            .isInstanceOfSatisfying(
                NoInstanceException.class,
                none -> assertThat(none.why().reason()).isEqualTo(Absence.Reason.TRIED));
      }
    }
    List.of("a", "b", "c").forEach(id -> remove(writer, id));
    eventually(() -> assertThat(view.snapshot().instances()).isEmpty());
    assertThat(view.snapshot().explain().orElseThrow().reason())
        .isEqualTo(Absence.Reason.NONE_PASSING);
  }

  @Test
  @DisplayName("L7 the first state comes as a future, and the states as a stream")
  @IfItFails("is synced() called, on whatever thread, once the first state is complete?")
  void l7_theFirstStateComesAsAFuture() {
    RegistryBackend writer = client();
    put(writer, instance("a"));
    FlakyBackend line = new FlakyBackend(store.open(time.timer()));
    Registry registry = process(line);
    line.hold();
    ServiceView view = registry.service(service);
    CompletableFuture<Snapshot> ready = view.ready();
    CompletableFuture<String> thread = ready.thenApply(first -> Thread.currentThread().getName());
    CompletableFuture<?> catalog = registry.catalog().ready();
    List<Snapshot> states = new CopyOnWriteArrayList<>();
    CompletableFuture<Void> end = new CompletableFuture<>();
    view.publisher().subscribe(new Collecting(states, end));
    settle();
    assertThat(ready).isNotDone();
    assertThat(catalog).isNotDone();
    assertThat(states).isEmpty();

    line.heal();
    assertThat(await(ready).instances()).containsExactly(instance("a"));
    assertThat(await(thread)).startsWith("rollcall-answer");
    await(catalog);
    assertThat(await(view.ready()).instances()).hasSize(1);
    eventually(() -> assertThat(states).isNotEmpty());
    put(writer, instance("b"));
    eventually(
        () -> assertThat(ids(states.get(states.size() - 1).instances())).containsExactly("a", "b"));
    assertThat(states).extracting(Snapshot::version).isSorted().doesNotHaveDuplicates();
    CompletableFuture<Snapshot> never = registry.service(service + "-other").ready();
    line.cut();
    settle();
    assertThat(end).isNotDone();
    await(registry.closeAsync());
    await(end);
    eventually(() -> assertThat(never).isDone());
  }

  /** Asks for all states there are. */
  private record Collecting(List<Snapshot> states, CompletableFuture<Void> end)
      implements Flow.Subscriber<Snapshot> {
    @Override
    public void onSubscribe(Flow.Subscription given) {
      given.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(Snapshot state) {
      states.add(state);
    }

    @Override
    public void onError(Throwable failed) {
      end.completeExceptionally(failed);
    }

    @Override
    public void onComplete() {
      end.complete(null);
    }
  }

  private long lookUp(Registry registry, ServiceView view, int times) {
    long seen = 0;
    for (int i = 0; i < times; i++) {
      seen += view.instances().size();
      seen += view.pick().port();
      seen += registry.service(service).snapshot().all().size();
    }
    return seen;
  }

  private CompletableFuture<Boolean> write(RegistryBackend writer, AtomicBoolean done) {
    Owner owner = owner();
    return async(
        () -> {
          for (int n = 0; n < 20_000 && !done.get(); n++) {
            register(
                    writer,
                    instance("a", n % 100),
                    Liveness.permanent(),
                    owner,
                    Claim.TAKE_OVER,
                    end -> {})
                .toCompletableFuture()
                .get();
          }
          return true;
        });
  }

  private String readUntil(AtomicBoolean done, ServiceView view, AtomicLong reads) {
    long version = 0;
    int number = 0;
    do {
      Snapshot snapshot = view.snapshot();
      List<ServiceInstance> list = view.instances();
      if (snapshot.version() < version) {
        return "version " + snapshot.version() + " after " + version;
      }
      if (snapshot.all().size() != 1 || list.size() != 1) {
        return "not one instance: " + snapshot + ", " + list;
      }
      ServiceInstance is = snapshot.all().get(0);
      if (!is.equals(instance("a", is.weight() - 1)) || !snapshot.instances().equals(List.of(is))) {
        return "half an update: " + snapshot;
      }
      if (is.weight() < number || list.get(0).weight() < is.weight()) {
        return list + " and " + is + " after number " + number;
      }
      number = is.weight();
      version = snapshot.version();
      reads.incrementAndGet();
    } while (!done.get());
    return "nothing wrong";
  }

  /**
   * Bytes allocated by a thousand calls, in the best of many rounds: compilers allocate as well.
   */
  private static long bytesOf(Runnable lookup) {
    long least = Long.MAX_VALUE;
    long thread = Thread.currentThread().getId();
    for (int round = 0; round < 200 && least > 0; round++) {
      long before = THREADS.getThreadAllocatedBytes(thread);
      for (int i = 0; i < 1000; i++) {
        lookup.run();
      }
      least = Math.min(least, THREADS.getThreadAllocatedBytes(thread) - before);
    }
    return least;
  }
}
