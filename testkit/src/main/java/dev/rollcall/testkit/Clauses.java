package dev.rollcall.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Health;
import dev.rollcall.InstanceKey;
import dev.rollcall.Liveness;
import dev.rollcall.Registry;
import dev.rollcall.RegistryBuilder;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.Snapshot;
import dev.rollcall.spi.Lease;
import dev.rollcall.spi.LeaseListener;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest;
import dev.rollcall.spi.RegisterRequest.Claim;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Selector;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * What every group of clauses has: a fresh service name, clients of the store that are closed in
 * the end, and ways to wait that suit both manual and real time.
 */
@ExtendWith(IfItFails.Hints.class)
@Timeout(value = 5, unit = TimeUnit.MINUTES)
abstract class Clauses {
  static final RegistryException.Kind UNAVAILABLE = RegistryException.Kind.UNAVAILABLE;
  static final RegistryException.Kind DENIED = RegistryException.Kind.DENIED;
  static final RegistryException.Kind INVALID = RegistryException.Kind.INVALID;
  static final RegistryException.Kind CONFLICT = RegistryException.Kind.CONFLICT;

  /** Nobody listens there, so that a connect probe is refused at once. */
  static final int CLOSED_PORT = 9;

  /** How many calls a test sends before it waits for the first: a busy store has its deadlines. */
  static final int UNDER_WAY = 32;

  final RegistryContract store;
  ContractTime time;
  TestReporter reporter;

  /** A service that nobody else uses. */
  String service;

  private ExecutorService threads;
  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private final Set<InstanceKey> put = ConcurrentHashMap.newKeySet();

  Clauses(RegistryContract store) {
    this.store = store;
  }

  @BeforeEach
  final void begin(TestReporter testReporter) {
    reporter = testReporter;
    service = freshName();
    time = store.time();
    threads =
        Executors.newCachedThreadPool(
            task -> {
              Thread thread = new Thread(task, "contract");
              thread.setDaemon(true);
              return thread;
            });
  }

  @AfterEach
  final void end() {
    store.faults().heal();
    List<Throwable> failures = new ArrayList<>();
    closeAll(failures);
    RegistryBackend sweeper = store.open(time.timer());
    Deque<CompletionStage<Void>> swept = new ArrayDeque<>();
    for (InstanceKey key : put) {
      swept.add(sweeper.deregister(key, Owner.ANY));
      if (swept.size() == UNDER_WAY) {
        swept(swept.pop(), failures);
      }
    }
    swept.forEach(one -> swept(one, failures));
    put.clear();
    sweeper.close();
    threads.shutdownNow();
    time.close();
    assertThat(failures).as("closing what the test opened").isEmpty();
  }

  private void swept(CompletionStage<Void> one, List<Throwable> failures) {
    try {
      await(one);
    } catch (Throwable failure) {
      failures.add(failure);
    }
  }

  private void closeAll(List<Throwable> failures) {
    while (!open.isEmpty()) {
      AutoCloseable last = open.pop();
      try {
        await(
            async(
                () -> {
                  last.close();
                  return true;
                }));
      } catch (Throwable failure) {
        failures.add(failure);
      }
    }
  }

  /**
   * Runs a test on a thread of a group of its own. A thread begins in the group of the one that
   * starts it, so the group holds what the test brings about, and nothing of the tests beside it.
   */
  static void inThreadGroup(Consumer<ThreadGroup> test) {
    ThreadGroup group = new ThreadGroup("counted");
    CompletableFuture<Boolean> end = new CompletableFuture<>();
    Thread thread =
        new Thread(
            group,
            () -> {
              try {
                test.accept(group);
                end.complete(true);
              } catch (RuntimeException | Error failed) {
                end.completeExceptionally(failed);
              }
            },
            "contract-counted");
    thread.setDaemon(true);
    thread.start();
    try {
      end.get();
    } catch (ExecutionException failed) {
      if (failed.getCause() instanceof Error error) {
        throw error;
      }
      throw (RuntimeException) failed.getCause();
    } catch (InterruptedException stop) {
      throw new AssertionError("interrupted", stop);
    }
  }

  static String freshName() {
    return "t" + UUID.randomUUID().toString().substring(0, 13);
  }

  // ---- clients and registries

  /** Opens a client of the store: another process. */
  RegistryBackend client() {
    return closing(store.open(time.timer()));
  }

  /** Opens a registry on a client of its own: another process. */
  Registry process() {
    return process(store.open(time.timer()));
  }

  Registry process(RegistryBackend backend) {
    return process(backend, settings -> settings);
  }

  /** Opens a registry without mass-loss protection, which only its own clause asks for. */
  Registry process(RegistryBackend backend, UnaryOperator<RegistryBuilder> settings) {
    return closing(
        store.registry(
            backend,
            builder ->
                settings.apply(
                    builder.timer(time.timer()).massLossProtection(1, Duration.ofMinutes(5)))));
  }

  final <T extends AutoCloseable> T closing(T opened) {
    open.push(opened);
    return opened;
  }

  // ---- instances

  ServiceInstance instance(String id) {
    return instance(id, 0);
  }

  /** Returns an instance of which every field says the same number. */
  ServiceInstance instance(String id, int number) {
    return ServiceInstance.builder(service)
        .id(id)
        .address("127.0.0.1", CLOSED_PORT + number)
        .tag("tag" + number)
        .metadata("number", Integer.toString(number))
        .weight(number + 1)
        .zone("zone" + number)
        .build();
  }

  /** Returns instances of which each differs from the one before in one field and no other. */
  List<ServiceInstance> fieldByField(String id) {
    List<UnaryOperator<ServiceInstance.Builder>> steps =
        List.of(
            b -> b.metadata("number", "changed"),
            b -> b.metadata("more", ""),
            b -> b.metadata(Map.of("more", "")),
            b -> b.tag("more"),
            b -> b.tags(List.of("more", "tag0")),
            b -> b.weight(7),
            b -> b.weight(0),
            b -> b.zone("elsewhere"),
            b -> b.zone(""),
            b -> b.address("10.1.2.3", CLOSED_PORT),
            b -> b.address("10.1.2.3", CLOSED_PORT + 1),
            b -> b.scheme("grpc"),
            b -> b.address("wan", "wan.example", 7),
            b -> b.address("wan", "wan.example", 8),
            b -> b.health(Health.WARNING),
            b -> b.health(Health.CRITICAL),
            b -> b.health(Health.PASSING));
    List<ServiceInstance> all = new ArrayList<>();
    all.add(instance(id));
    for (UnaryOperator<ServiceInstance.Builder> step : steps) {
      all.add(step.apply(all.get(all.size() - 1).toBuilder()).build());
    }
    return all;
  }

  /** Ids that are good, and that a store may have a use of its own for. */
  static List<String> unusualIds() {
    return List.of(".a", "_a", ":a", "-a", "a:b:c", "a.b", "a", "a_b", "@a", "~a", "%3Aa", "#a");
  }

  /** Services that are good and have unusual names, this test's alone. */
  List<String> unusualServices() {
    return List.of("." + service, "_" + service, service + ":x", ":" + service, "-" + service);
  }

  /** Returns as many instances as are asked for, in the order of their ids. */
  List<ServiceInstance> many(int count, int number) {
    List<ServiceInstance> all = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      all.add(instance("i" + (10_000 + i), number));
    }
    return all;
  }

  /** Puts many instances, a good number of them under way at once. */
  void putAll(RegistryBackend backend, List<ServiceInstance> instances, Owner owner) {
    Deque<CompletionStage<Lease>> sent = new ArrayDeque<>();
    for (ServiceInstance instance : instances) {
      sent.add(
          register(backend, instance, Liveness.permanent(), owner, Claim.TAKE_OVER, end -> {}));
      if (sent.size() == UNDER_WAY) {
        await(sent.pop());
      }
    }
    sent.forEach(this::await);
  }

  InstanceKey key(String id) {
    return new InstanceKey(service, id);
  }

  Liveness.Heartbeat heartbeat() {
    return Liveness.heartbeat(store.ttl()).deregisterAfter(store.deregisterAfter());
  }

  static Owner owner() {
    return new Owner(UUID.randomUUID().toString(), 1);
  }

  // ---- the raw SPI

  /** Puts an instance past the engine, to stay until it is taken out. */
  Lease put(RegistryBackend backend, ServiceInstance instance) {
    return put(backend, instance, owner());
  }

  Lease put(RegistryBackend backend, ServiceInstance instance, Owner owner) {
    return put(backend, instance, Liveness.permanent(), owner, Claim.TAKE_OVER, end -> {});
  }

  Lease put(
      RegistryBackend backend,
      ServiceInstance instance,
      Liveness liveness,
      Owner owner,
      Claim claim,
      LeaseListener listener) {
    return await(register(backend, instance, liveness, owner, claim, listener));
  }

  CompletionStage<Lease> register(
      RegistryBackend backend,
      ServiceInstance instance,
      Liveness liveness,
      Owner owner,
      Claim claim,
      LeaseListener listener) {
    put.add(instance.key());
    return backend.register(new RegisterRequest(instance, liveness, owner, claim), listener);
  }

  void remove(RegistryBackend backend, String id) {
    await(backend.deregister(key(id), Owner.ANY));
  }

  /** Watches this test's service past the engine. */
  RecordingSink record(RegistryBackend backend) {
    return record(backend, Selector.service(service));
  }

  RecordingSink record(RegistryBackend backend, Selector selector) {
    RecordingSink sink = new RecordingSink(selector);
    closing(backend.watch(selector, sink));
    return sink;
  }

  /** What the store holds of this test's service, in the order of the ids. */
  List<ServiceInstance> stored(RegistryBackend backend) {
    return sorted(await(backend.snapshot(Selector.service(service))).instances());
  }

  List<ServiceInstance> passing(RegistryBackend backend) {
    return stored(backend).stream()
        .filter(instance -> instance.health() == Health.PASSING)
        .toList();
  }

  /** Of what a watch of everything shows, that which is this test's. */
  List<ServiceInstance> mine(List<ServiceInstance> all) {
    return all.stream().filter(i -> i.service().contains(service)).toList();
  }

  static List<ServiceInstance> sorted(List<ServiceInstance> instances) {
    return instances.stream().sorted((a, b) -> a.key().compareTo(b.key())).toList();
  }

  static List<String> ids(List<ServiceInstance> instances) {
    return instances.stream().map(ServiceInstance::id).toList();
  }

  static List<String> ids(Snapshot snapshot) {
    return ids(snapshot.instances());
  }

  // ---- waiting

  /** Returns what a stage completes with, or throws the failure itself. */
  <T> T await(CompletionStage<T> stage) {
    CompletableFuture<T> future = stage.toCompletableFuture();
    if (!time.until(store.patience(), future::isDone)) {
      throw new AssertionError("not completed within " + store.patience());
    }
    try {
      return future.join();
    } catch (CompletionException failed) {
      if (failed.getCause() instanceof RegistryException known) {
        throw known;
      }
      throw new AssertionError("completed with no RegistryException: " + failed.getCause(), failed);
    }
  }

  /** Returns the failure that a stage completes with. */
  RegistryException refused(CompletionStage<?> stage) {
    try {
      Object got = await(stage);
      throw new AssertionError("completed normally, with " + got);
    } catch (RegistryException expected) {
      return expected;
    }
  }

  /** What a listener does that does not return until the test lets it. */
  static void block(CountDownLatch release) {
    try {
      if (!release.await(60, TimeUnit.SECONDS)) {
        throw new IllegalStateException("never released");
      }
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
    }
  }

  /** Runs on another thread what may block until time passes. */
  <T> CompletableFuture<T> async(Callable<T> call) {
    CompletableFuture<T> result = new CompletableFuture<>();
    threads.execute(
        () -> {
          try {
            result.complete(call.call());
          } catch (Throwable thrown) {
            result.completeExceptionally(thrown);
          }
        });
    return result;
  }

  /** Lets time pass until an assertion holds. */
  void eventually(Runnable assertion) {
    within(store.patience(), assertion);
  }

  void within(Duration most, Runnable assertion) {
    AssertionError[] last = new AssertionError[1];
    boolean held =
        time.until(
            most,
            () -> {
              try {
                assertion.run();
                return true;
              } catch (AssertionError notYet) {
                last[0] = notYet;
                return false;
              }
            });
    if (!held) {
      throw new AssertionError("not within " + most + ": " + last[0].getMessage(), last[0]);
    }
  }

  /** Lets time pass, all of it, while an assertion holds. */
  void always(Duration during, Runnable assertion) {
    AssertionError[] broken = new AssertionError[1];
    boolean failed =
        time.untilOver(
            during,
            () -> {
              try {
                assertion.run();
                return false;
              } catch (AssertionError failure) {
                broken[0] = failure;
                return true;
              }
            });
    if (failed) {
      throw broken[0];
    }
  }

  /** Waits by the real clock, whatever the test's time is. */
  static void realPause(Duration length) {
    try (ContractTime wall = ContractTime.real()) {
      wall.pass(length);
    }
  }

  /** A while in which something that should not happen would have happened. */
  void settle() {
    time.pass(Duration.ofMillis(300));
  }
}
