package dev.rollcall.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.rollcall.InstanceKey;
import dev.rollcall.Liveness;
import dev.rollcall.NoInstanceException;
import dev.rollcall.Pick;
import dev.rollcall.Registration;
import dev.rollcall.Registration.State;
import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.RegistryException.Kind;
import dev.rollcall.RegistryObserver;
import dev.rollcall.Samples;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceView;
import dev.rollcall.spi.LeaseListener.LeaseEnd;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What an observer is told, of each thing that a registry does, and what it cannot break. */
class RegistryObserverTest {
  private static final Liveness HEARTBEAT = Liveness.heartbeat(ScriptedBackend.TTL);
  private static final ServiceInstance A = Samples.instance("a");
  private static final ServiceInstance B = Samples.instance("b");
  private static final InstanceKey KEY = A.key();

  private final ManualTimer timer = new ManualTimer();
  private final ScriptedBackend backend = new ScriptedBackend();
  private final RecordingObserver observer = new RecordingObserver();
  private final RegistryException down = RegistryException.unavailable("it is down", null);
  private final List<Registry> opened = new ArrayList<>();
  private final Registry registry = open(observer, Runnable::run);

  private Registry open(RegistryObserver told, Executor executor) {
    Registry one =
        Registry.builder(backend)
            .timer(timer)
            .listenerExecutor(executor)
            .deadline(Duration.ofSeconds(1))
            .massLossProtection(1, Duration.ofMinutes(5))
            .observer(told)
            .build();
    opened.add(one);
    return one;
  }

  @AfterEach
  void close() {
    backend.onDeregister = ScriptedBackend.Deregister::accept;
    opened.forEach(Registry::close);
  }

  @Test
  void registration_isToldFromItsBeginningToItsEnd() {
    backend.onRegister = call -> {};
    Registration registration = registry.announce(A, HEARTBEAT);
    timer.advance(Duration.ofMillis(300));
    backend.lastRegister().accept();
    assertThat(observer.taken())
        .containsExactly(
            "orders/a opened",
            "REGISTER of orders took PT0.3S",
            "orders/a: PENDING -> ACTIVE after PT0.3S");

    backend.lastRegister().listener.ended(LeaseEnd.EXPIRED);
    timer.advance(Duration.ofSeconds(2));
    backend.lastRegister().accept();
    assertThat(observer.taken())
        .containsExactly(
            "orders/a: ACTIVE -> LOST after PT0S, its lease has expired",
            "REGISTER of orders took PT2S",
            "orders/a: LOST -> ACTIVE after PT2S");

    registration.close();
    assertThat(observer.taken())
        .containsExactly(
            "orders/a: ACTIVE -> CLOSED after PT0S",
            "DEREGISTER of orders took PT0S",
            "orders/a deregistered");
  }

  @Test
  void fenced_isTold() {
    registry.register(A, HEARTBEAT).join();
    observer.taken();
    backend.lastRegister().listener.ended(LeaseEnd.SUPERSEDED);

    assertThat(observer.taken()).containsExactly("orders/a: ACTIVE -> FENCED after PT0S");
  }

  @Test
  void renewal_isToldWithItsLatency_andItsFailure() {
    registry.register(A, HEARTBEAT).join();
    observer.taken();
    backend.lastRegister().onRenew =
        renewal -> timer.schedule(() -> renewal.complete(null), Duration.ofMillis(40));
    timer.advance(Duration.ofSeconds(4));
    assertThat(observer.taken()).containsExactly("RENEW of orders took PT0.04S");

    backend.lastRegister().onRenew = renewal -> renewal.completeExceptionally(down);
    timer.advance(Duration.ofSeconds(3));
    assertThat(observer.taken()).containsExactly("RENEW of orders took PT0S, UNAVAILABLE");
  }

  @Test
  void callsOfOneTime_areTold_withTheirOutcome() {
    registry.snapshot("orders").join();
    registry.deregister(KEY).join();
    backend.onRegister = call -> call.refuse(Kind.DENIED);
    assertThat(registry.register(A, HEARTBEAT)).isCompletedExceptionally();

    assertThat(observer.taken())
        .containsExactly(
            "SNAPSHOT of orders took PT0S",
            "DEREGISTER of orders took PT0S",
            "orders/a opened",
            "REGISTER of orders took PT0S, DENIED",
            "orders/a: PENDING -> CLOSED after PT0S");
  }

  @Test
  void watch_isToldFromItsBeginningToItsEnd() {
    ServiceView view = registry.service("orders");
    timer.advance(Duration.ofSeconds(1));
    backend.lastWatch().load(A);
    assertThat(observer.taken())
        .containsExactly("watch of orders opened", "watch of orders: LOADING -> LIVE after PT1S");

    backend.lastWatch().sink.interrupted(down);
    backend.lastWatch().sink.interrupted(down);
    timer.advance(Duration.ofSeconds(7));
    backend.lastWatch().sink.synced();
    assertThat(view.instances()).containsExactly(A);
    registry.close();
    assertThat(observer.taken())
        .containsExactly(
            "watch of orders: LIVE -> INTERRUPTED after PT0S, it is down",
            "watch of orders: INTERRUPTED -> LIVE after PT7S",
            "watch of orders: LIVE -> CLOSED after PT0S");
  }

  @Test
  void watchOfTheCatalog_hasANameThatNoServiceHas() {
    assertThat(registry.catalog().freshness()).isNotNull();
    assertThat(observer.taken()).containsExactly("watch of /catalog opened");
    assertThatThrownBy(() -> registry.service(RegistryObserver.CATALOG))
        .isInstanceOf(RegistryException.class);
  }

  @Test
  void watchThatCannotBeOpened_isToldClosed() {
    backend.onWatch =
        () -> {
          throw new NoClassDefFoundError("missing");
        };
    assertThatThrownBy(() -> registry.service("orders")).isInstanceOf(RegistryException.class);

    assertThat(observer.taken()).hasSize(2).first().isEqualTo("watch of orders opened");
  }

  @Test
  void change_isToldWithItsLag_andHowManyWereConflated() {
    Queue<Runnable> tasks = new ArrayDeque<>();
    Registry slow = open(observer, tasks::add);
    slow.service("orders").watch(change -> {});
    backend.lastWatch().load(A);
    runAll(tasks);
    observer.taken();

    backend.lastWatch().sink.put(Samples.instance("a", 1), 2);
    timer.advance(Duration.ofMillis(200));
    backend.lastWatch().sink.put(Samples.instance("a", 2), 3);
    backend.lastWatch().sink.put(Samples.instance("a", 3), 4);
    timer.advance(Duration.ofMillis(100));
    runAll(tasks);

    assertThat(observer.taken())
        .containsExactly(
            "change of orders: lag PT0.1S, conflated 2", "listener of orders returned after PT0S");
  }

  @Test
  void firstState_isNoChange_andAnEjectionIsNoConflation() {
    ServiceView view = registry.service("orders");
    backend.lastWatch().load(A, B);
    observer.taken();
    view.watch(change -> {});
    assertThat(observer.taken()).containsExactly("listener of orders returned after PT0S");

    view.failed(A);
    assertThat(observer.taken())
        .hasSize(1)
        .first()
        .asString()
        .startsWith("orders/a ejected for PT");
    backend.lastWatch().sink.put(Samples.instance("b", 1), 2);
    assertThat(observer.taken()).contains("change of orders: lag PT0S, conflated 0");
  }

  @Test
  void changeOfTheCatalog_countsTheServicesThatChangedMoreThanOnce() {
    Queue<Runnable> tasks = new ArrayDeque<>();
    Registry slow = open(observer, tasks::add);
    slow.catalog().watch(change -> {});
    backend.lastWatch().load(A);
    runAll(tasks);
    observer.taken();

    backend.lastWatch().sink.put(Samples.instance("a", 1), 2);
    backend.lastWatch().sink.put(Samples.instance("a", 2), 3);
    backend.lastWatch().sink.put(Samples.instanceOf("payments", "a"), 4);
    timer.advance(Duration.ofMillis(100));
    runAll(tasks);

    assertThat(observer.taken())
        .containsExactly(
            "change of /catalog: lag PT0.1S, conflated 1",
            "listener of /catalog returned after PT0S");
  }

  private static void runAll(Queue<Runnable> tasks) {
    for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
      task.run();
    }
  }

  @Test
  void lookup_isToldWhereItFindsNothing_andOnlyThere() {
    ServiceView view = registry.service("orders");
    observer.taken();
    assertThatThrownBy(view::pick).isInstanceOf(NoInstanceException.class);
    backend.lastWatch().load();
    observer.taken();
    assertThatThrownBy(view::acquire).isInstanceOf(NoInstanceException.class);
    assertThatThrownBy(() -> view.where(instance -> true).pick())
        .isInstanceOf(NoInstanceException.class);
    assertThatThrownBy(() -> view.attempts(2).iterator().next())
        .isInstanceOf(NoInstanceException.class);
    assertThat(observer.taken())
        .containsExactly(
            "none of orders: NOT_REGISTERED",
            "none of orders: NOT_REGISTERED",
            "none of orders: NOT_REGISTERED");

    backend.lastWatch().sink.put(A, 2);
    assertThat(view.pick()).isEqualTo(A);
    try (Pick pick = view.acquire()) {
      assertThat(pick.instance()).isEqualTo(A);
    }
    assertThat(view.instances()).containsExactly(A);
    assertThat(observer.taken()).isEmpty();
  }

  @Test
  void listener_isToldWithItsDuration_andWhatItThrows() {
    AtomicReference<Runnable> next =
        new AtomicReference<>(() -> timer.advance(Duration.ofMillis(70)));
    registry.service("orders").watch(change -> next.get().run());
    observer.taken();
    backend.lastWatch().load(A);
    assertThat(observer.taken()).contains("listener of orders returned after PT0.07S");

    next.set(
        () -> {
          throw new IllegalStateException("no");
        });
    backend.lastWatch().sink.put(B, 2);
    assertThat(observer.taken()).contains("listener of orders threw no after PT0S");
  }

  @Test
  void listenerOfAState_isToldAsItsService() {
    Registration registration = registry.announce(A, HEARTBEAT);
    observer.taken();
    registration.onState(
        state -> {
          throw new IllegalStateException("at " + state);
        });

    assertThat(observer.taken())
        .containsExactly("listener of orders threw at " + State.ACTIVE + " after PT0S");
  }

  @Test
  void listenerThatDoesNotReturn_isToldSlow() {
    CountDownLatch end = new CountDownLatch(1);
    try (Registry own = Registry.builder(backend).observer(observer).build()) {
      ServiceView view = own.service("orders");
      view.watch(change -> awaitEnd(end));
      view.watch(change -> {});
      backend.lastWatch().load(A);

      await().until(() -> observer.told().contains("listener of orders is slow"));
      end.countDown();
    }
  }

  @Test
  void observerThatBlocks_delaysNoListener_andNoHeartbeat() {
    CountDownLatch end = new CountDownLatch(1);
    RegistryObserver blocking =
        new RegistryObserver() {
          @Override
          public void watchOpened(String service) {
            awaitEnd(end);
          }
        };
    AtomicInteger heard = new AtomicInteger();
    try (Registry own = Registry.builder(backend).observer(blocking).build()) {
      own.service("orders").watch(change -> heard.incrementAndGet());
      backend.lastWatch().load(A);
      own.register(A, HEARTBEAT).join();

      await().until(() -> heard.get() == 1);
      await().until(() -> !backend.lastRegister().renewals.isEmpty());
      assertThat(end.getCount()).isEqualTo(1);
      end.countDown();
    }
  }

  private static void awaitEnd(CountDownLatch end) {
    try {
      end.await();
    } catch (InterruptedException stop) {
      throw new IllegalStateException(stop);
    }
  }

  @Test
  void observerThatThrows_isToldOn_andTheLogSaysSoOnce() {
    List<String> told = new ArrayList<>();
    RegistryObserver throwing =
        new RegistryObserver() {
          @Override
          public void lookupFailed(String service, dev.rollcall.Absence.Reason reason) {
            told.add(service);
            throw new AssertionError("no");
          }
        };
    try (RecordedLog log = new RecordedLog()) {
      ServiceView view = open(throwing, Runnable::run).service("orders");
      for (int i = 0; i < 3; i++) {
        assertThatThrownBy(view::pick).isInstanceOf(NoInstanceException.class);
      }
      assertThat(told).hasSize(3);
      assertThat(log.warnings())
          .containsExactly("the observer has thrown; it goes on being told (said once)");
    }
  }

  @Test
  void whatNobodyTakes_isCounted_andNotKept() {
    Queue<Runnable> tasks = new ArrayDeque<>();
    ServiceView view = open(observer, tasks::add).service("orders");
    runAll(tasks);
    observer.taken();
    for (int i = 0; i < ObserverSubscriber.MAX_WAITING + 25; i++) {
      assertThatThrownBy(view::pick).isInstanceOf(NoInstanceException.class);
    }
    runAll(tasks);

    List<String> told = observer.taken();
    assertThat(told).hasSize(ObserverSubscriber.MAX_WAITING + 1).contains("missed 25");
    assertThatThrownBy(view::pick).isInstanceOf(NoInstanceException.class);
    runAll(tasks);
    assertThat(observer.taken()).containsExactly("none of orders: NOT_LOADED");
  }

  @Test
  void protection_isToldWithItsLength() {
    FakeChecker checker = new FakeChecker();
    Dispatcher dispatcher =
        new Dispatcher(timer, RealMachine.INSTANCE.listenerPool(), Runnable::run, observer);
    LossGuard guard =
        new LossGuard(timer, checker, 0.5, Duration.ofMinutes(5), dispatcher.observation());
    InstanceCache cache = new InstanceCache("orders", timer, guard.window());
    cache.replace(List.of(A, B), 1);
    cache.synced();
    cache.replace(List.of(), 2);
    guard.ask(cache.takeNewlyHeld(), cache, InstanceCache::release);
    checker.accepting = address -> false;
    timer.advance(Duration.ofSeconds(10));
    dispatcher.close();

    assertThat(observer.taken())
        .containsExactly("orders protected", "orders unprotected after PT10S");
  }
}
