package dev.rollcall.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.rollcall.Catalog;
import dev.rollcall.Change;
import dev.rollcall.Filter;
import dev.rollcall.Freshness;
import dev.rollcall.InstanceKey;
import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.RegistryException.Kind;
import dev.rollcall.Samples;
import dev.rollcall.ServiceListener;
import dev.rollcall.ServiceView;
import dev.rollcall.Snapshot;
import dev.rollcall.spi.InstanceEvent;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class StoreRegistryCloseTest extends RegistryFixture {
  private static final Liveness HEARTBEAT = Liveness.heartbeat(ScriptedBackend.TTL);

  @Override
  Duration deadline() {
    return Duration.ofMinutes(1); // close() waits in real time, and a test's threads may be slow
  }

  @Test
  void close_deregistersAllInParallelAndClosesWatches() {
    for (int i = 0; i < 3; i++) {
      registry.register(Samples.instance("i" + i), HEARTBEAT).join();
    }
    registry.service("orders");
    registry.catalog();
    CountDownLatch allSent = new CountDownLatch(3);
    List<ScriptedBackend.Deregister> waiting = new ArrayList<>();
    backend.onDeregister =
        call -> {
          waiting.add(call);
          allSent.countDown();
          if (allSent.getCount() == 0) {
            waiting.forEach(ScriptedBackend.Deregister::accept);
          }
        };
    registry.close();
    assertThat(backend.deregisters).hasSize(3);
    assertThat(backend.watches).allMatch(watch -> watch.closed.get() > 0);
    assertThat(backend.closed).hasValue(1);
  }

  @Test
  void close_again_doesNothing() {
    registry.close();
    registry.close();
    assertThat(backend.closed).hasValue(1);
  }

  @Test
  void close_fromSeveralThreads_closesOnceAndAllWait() throws InterruptedException {
    registry.register(Samples.instance("a"), HEARTBEAT).join();
    backend.onDeregister = call -> {};
    List<Thread> closers = Stream.generate(() -> new Thread(registry::close)).limit(4).toList();
    closers.forEach(Thread::start);
    await().until(() -> !backend.deregisters.isEmpty());
    await().until(() -> closers.stream().allMatch(c -> c.getState() == Thread.State.TIMED_WAITING));
    assertThat(backend.closed).hasValue(0);
    backend.lastDeregister().accept();
    for (Thread closer : closers) {
      closer.join();
    }
    assertThat(backend.closed).hasValue(1);
    assertThat(backend.deregisters).hasSize(1);
  }

  @Test
  void close_insideAListener_returns() {
    List<Change> heard = new ArrayList<>();
    registry
        .service("orders")
        .watch(
            change -> {
              heard.add(change);
              registry.close();
            });
    backend.lastWatch().load(Samples.instance("a"));
    assertThat(backend.closed).hasValue(1);
    backend.lastWatch().sink.put(Samples.instance("b"), 2);
    assertThat(heard).hasSize(1);
  }

  @Test
  void close_whileTheStoreIsDown_endsAtTheDeadlineAndSaysSo() {
    Registry impatient =
        Registry.builder(backend).timer(timer).deadline(Duration.ofMillis(100)).build();
    impatient.register(Samples.instance("a"), HEARTBEAT).join();
    backend.onDeregister = call -> call.refuse(Kind.UNAVAILABLE);
    try (RecordedLog log = new RecordedLog()) {
      impatient.close();
      assertThat(log.warnings())
          .containsExactly(
              "closing: 1 of 1 registrations were not confirmed gone; they go when their leases run"
                  + " out");
    }
    assertThat(backend.closed).hasValue(1);
  }

  @Test
  void close_onAnInterruptedThread_owesTheStoreTheSame() {
    registry.register(Samples.instance("a"), Liveness.permanent()).join();
    AtomicBoolean sawTheFlag = new AtomicBoolean();
    backend.onDeregister = call -> sawTheFlag.set(Thread.currentThread().isInterrupted());
    Thread.currentThread().interrupt();
    registry.close();
    assertThat(Thread.interrupted()).isTrue();
    assertThat(backend.deregisters).hasSize(1);
    assertThat(sawTheFlag).isFalse();
    assertThat(backend.closed).hasValue(0);
    backend.lastDeregister().accept();
    await().untilAsserted(() -> assertThat(backend.closed).hasValue(1));
  }

  @Test
  void close_interruptedWhileItWaits_goesOnInTheBackground() throws InterruptedException {
    registry.register(Samples.instance("a"), HEARTBEAT).join();
    backend.onDeregister = call -> {};
    AtomicBoolean kept = new AtomicBoolean();
    Thread closer =
        new Thread(
            () -> {
              registry.close();
              kept.set(Thread.currentThread().isInterrupted());
            });
    closer.start();
    await().until(() -> closer.getState() == Thread.State.TIMED_WAITING);
    closer.interrupt();
    closer.join();
    assertThat(kept).isTrue();
    assertThat(backend.closed).hasValue(0);
    backend.lastDeregister().refuse(Kind.UNAVAILABLE);
    backend.onDeregister = ScriptedBackend.Deregister::accept;
    timer.advance(Duration.ofSeconds(2));
    await().untilAsserted(() -> assertThat(backend.closed).hasValue(1));
    assertThat(backend.deregisters).hasSize(2);
  }

  @Test
  void close_onAnInterruptedThreadWithNothingOwed_isDoneWhenItReturns() {
    registry.register(Samples.instance("a"), HEARTBEAT).join();
    Thread.currentThread().interrupt();
    registry.close();
    assertThat(Thread.interrupted()).isTrue();
    assertThat(backend.closed).hasValue(1);
  }

  @Test
  void close_onAnInterruptedThreadWhileAnotherCloses_returns() throws InterruptedException {
    registry.register(Samples.instance("a"), HEARTBEAT).join();
    backend.onDeregister = call -> {};
    Thread closer = new Thread(registry::close);
    closer.start();
    await().until(() -> closer.getState() == Thread.State.TIMED_WAITING);
    Thread.currentThread().interrupt();
    registry.close();
    assertThat(Thread.interrupted()).isTrue();
    backend.lastDeregister().accept();
    closer.join();
    assertThat(backend.closed).hasValue(1);
  }

  @Test
  void close_whereTheStoreIsKnownToBeDown_doesNotWaitForWhatLeavesByItself() {
    backend.onRegister = call -> call.refuse(Kind.UNAVAILABLE);
    registry.announce(Samples.instance("a"), HEARTBEAT);
    backend.onDeregister = call -> {};
    Thread closer = new Thread(registry::close);
    closer.start();
    await().untilAsserted(() -> assertThat(backend.closed).hasValue(1)); // of a minute's deadline
    assertThat(backend.deregisters).hasSize(1);
  }

  @Test
  void close_whereTheStoreIsKnownToBeDown_waitsForWhatWouldStayForEver() {
    backend.onRegister = call -> call.refuse(Kind.UNAVAILABLE);
    registry.announce(Samples.instance("a"), Liveness.permanent());
    backend.onDeregister = call -> call.refuse(Kind.UNAVAILABLE);
    new Thread(registry::close).start();
    await()
        .during(Duration.ofSeconds(3))
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(() -> assertThat(backend.closed).hasValue(0));
    backend.onDeregister = ScriptedBackend.Deregister::accept;
    timer.advance(Duration.ofSeconds(2));
    await().untilAsserted(() -> assertThat(backend.closed).hasValue(1));
  }

  @Test
  void close_whileADeregistrationWaitsForItsNextAttempt_makesItAtOnce() {
    Registration registration = registry.register(Samples.instance("a"), HEARTBEAT).join();
    backend.onDeregister = call -> call.refuse(Kind.UNAVAILABLE);
    registration.deregister();
    backend.onDeregister = ScriptedBackend.Deregister::accept;
    registry.close(); // the timer stands still
    assertThat(backend.deregisters).hasSize(2);
    assertThat(backend.closed).hasValue(1);
  }

  @Test
  void close_failsWhatIsStillWaitedFor() {
    Registry impatient =
        Registry.builder(backend).timer(timer).deadline(Duration.ofMillis(100)).build();
    Registration registration = impatient.register(Samples.instance("a"), HEARTBEAT).join();
    backend.onDeregister = call -> {};
    CompletableFuture<Void> gone = registration.deregister();
    CompletableFuture<Void> drained = registration.drain(Duration.ofSeconds(5));
    impatient.close();
    for (CompletableFuture<Void> future : List.of(gone, drained)) {
      assertThatThrownBy(future::join)
          .hasCauseInstanceOf(RegistryException.class)
          .hasMessageContaining("orders/a: the registry was closed before the store confirmed");
    }
  }

  @Test
  void close_endsADrainThatOnlyWaits() {
    Registration registration = registry.register(Samples.instance("a"), HEARTBEAT).join();
    CompletableFuture<Void> drained = registration.drain(Duration.ofSeconds(5));
    assertThat(drained).isNotDone();
    registry.close();
    assertThat(drained).succeedsWithin(Duration.ofSeconds(30));
  }

  @Test
  void close_whileARegistrationIsUnderWay_deregistersItAfterItsAnswer()
      throws InterruptedException {
    backend.onRegister = call -> {};
    CompletableFuture<Registration> answer = registry.register(Samples.instance("a"), HEARTBEAT);
    Thread closer = new Thread(registry::close);
    closer.start();
    await().until(() -> closer.getState() == Thread.State.TIMED_WAITING);
    backend.lastRegister().accept();
    closer.join();
    assertThat(backend.deregisters).hasSize(1);
    assertThat(answer).failsWithin(Duration.ofSeconds(30));
  }

  @Test
  void views_afterClose_keepTheLastState() {
    ServiceView view = registry.service("orders");
    backend.lastWatch().load(Samples.instance("a"));
    registry.close();
    assertThat(view.instances()).containsExactly(Samples.instance("a"));
    assertThat(view.pick()).isEqualTo(Samples.instance("a"));
  }

  @Test
  void views_afterClose_areStaleAndSayWhy() {
    ServiceView view = registry.service("orders");
    ServiceView narrower = view.where(Filter.tag("none"));
    Catalog catalog = registry.catalog();
    backend.watches.forEach(watch -> watch.load(Samples.instance("a")));
    registry.close();
    timer.advance(Duration.ofSeconds(3));
    for (Freshness freshness :
        List.of(
            view.snapshot().freshness(),
            narrower.snapshot().freshness(),
            catalog.freshness(),
            catalog.snapshot("orders").freshness(),
            catalog.snapshot("unknown").freshness())) {
      assertThat(freshness).isInstanceOf(Freshness.Stale.class);
      Freshness.Stale stale = (Freshness.Stale) freshness;
      assertThat(stale.cause()).hasMessageContaining("the registry is closed");
      assertThat(stale.age()).isEqualTo(Duration.ofSeconds(3));
    }
    assertThat(view.await(Duration.ZERO).instances()).hasSize(1);
  }

  @Test
  void views_afterClose_stayStaleWhateverTheBackendStillSays() {
    ServiceView view = registry.service("orders");
    Catalog catalog = registry.catalog();
    backend.watches.forEach(watch -> watch.load(Samples.instance("a")));
    registry.close();
    for (ScriptedBackend.Opened watch : backend.watches) {
      watch.sink.interrupted(RegistryException.unavailable("late", null));
      watch.load(Samples.instance("a"), Samples.instance("b"));
    }
    for (Freshness freshness :
        List.of(view.snapshot().freshness(), catalog.snapshot("orders").freshness())) {
      assertThat(freshness.toString()).contains("the registry is closed");
    }
  }

  @Test
  void views_afterClose_dropWhatTheBackendStillSays() {
    ServiceView view = registry.service("orders");
    Catalog catalog = registry.catalog();
    backend.watches.forEach(watch -> watch.load(Samples.instance("a")));
    registry.close();
    Snapshot shown = view.snapshot();
    Snapshot shownByCatalog = catalog.snapshot("orders");
    for (ScriptedBackend.Opened watch : backend.watches) {
      watch.sink.put(Samples.instance("b"), 2);
      watch.sink.apply(List.of(new InstanceEvent.Put(Samples.instance("c"))), 3);
      watch.sink.withholding("orders", "late");
      watch.sink.interrupted(RegistryException.unavailable("late", null));
      watch.load(Samples.instance("d"));
    }
    assertThat(view.snapshot()).isSameAs(shown);
    assertThat(catalog.snapshot("orders")).isSameAs(shownByCatalog);
    assertThat(catalog.services()).containsExactly("orders");
  }

  @Test
  void await_ofWhatWasNotLoaded_endsWithTheRegistry() {
    ServiceView view = registry.service("orders");
    Catalog catalog = registry.catalog();
    CompletableFuture<?> early =
        CompletableFuture.supplyAsync(() -> view.await(Duration.ofHours(1)));
    registry.close();
    CompletableFuture<?> late =
        CompletableFuture.supplyAsync(() -> catalog.await(Duration.ofHours(1)));
    for (CompletableFuture<?> waiting : List.of(early, late)) {
      assertThat(waiting)
          .failsWithin(Duration.ofMinutes(1))
          .withThrowableOfType(ExecutionException.class)
          .withCauseInstanceOf(RegistryException.class)
          .withMessageContaining("the registry is closed");
    }
    assertThatThrownBy(view::pick).hasMessageContaining("the registry is closed");
  }

  @Test
  void watch_afterClose_isRefused() {
    ServiceView view = registry.service("orders");
    ServiceView narrower = view.where(Filter.tag("none"));
    Catalog catalog = registry.catalog();
    backend.watches.forEach(watch -> watch.load(Samples.instance("a")));
    registry.close();
    for (ThrowingCallable call :
        List.<ThrowingCallable>of(
            () -> view.watch(change -> {}),
            () -> narrower.watch(change -> {}),
            () -> catalog.watch(change -> {}))) {
      assertThatThrownBy(call)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("the registry is closed");
    }
  }

  @Test
  void close_tellsNoListenerThatTheViewIsStale() {
    List<Freshness> heard = new ArrayList<>();
    ServiceListener listener =
        new ServiceListener() {
          @Override
          public void changed(Change change) {}

          @Override
          public void freshnessChanged(Freshness freshness) {
            heard.add(freshness);
          }
        };
    registry.service("orders").watch(listener);
    backend.lastWatch().load(Samples.instance("a"));
    heard.clear();
    registry.close();
    assertThat(heard).isEmpty();
  }

  @Test
  void methods_afterClose_throwIllegalState() {
    registry.close();
    List<ThrowingCallable> calls =
        List.of(
            () -> registry.service("orders"),
            () -> registry.catalog(),
            () -> registry.snapshot("orders"),
            () -> registry.deregister(new InstanceKey("orders", "a")),
            () -> registry.register(Samples.instance("a"), HEARTBEAT),
            () -> registry.registerExclusive(Samples.instance("a"), HEARTBEAT),
            () -> registry.announce(Samples.instance("a"), HEARTBEAT));
    for (ThrowingCallable call : calls) {
      assertThatThrownBy(call)
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("the registry is closed");
    }
  }

  @Test
  void service_afterCloseWhereItsViewWasResolvedBefore_throwsIllegalState() {
    registry.service("orders");
    registry.close();
    assertThatThrownBy(() -> registry.service("orders")).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void close_whenReturned_callsNoListenerAnyMore() {
    Queue<Runnable> tasks = new ArrayDeque<>();
    Registry stepped = Registry.builder(backend).timer(timer).listenerExecutor(tasks::add).build();
    List<Object> heard = new ArrayList<>();
    stepped.service("orders").watch(heard::add);
    backend.lastWatch().load(Samples.instance("a"));
    stepped.close();
    tasks.forEach(Runnable::run);
    assertThat(heard).isEmpty();
  }

  @Test
  void close_whenReturned_callsNoStateListenerAnyMore() {
    Queue<Runnable> tasks = new ArrayDeque<>();
    Registry stepped = Registry.builder(backend).timer(timer).listenerExecutor(tasks::add).build();
    List<Object> heard = new ArrayList<>();
    stepped.register(Samples.instance("a"), HEARTBEAT).join().onState(heard::add);
    stepped.close();
    tasks.forEach(Runnable::run);
    assertThat(heard).isEmpty();
  }

  @Test
  void close_whenReturned_callsNoStateListenerOfARegistrationThatEndedBefore() {
    Queue<Runnable> tasks = new ArrayDeque<>();
    Registry stepped = Registry.builder(backend).timer(timer).listenerExecutor(tasks::add).build();
    List<Object> heard = new ArrayList<>();
    Registration ended = stepped.register(Samples.instance("a"), HEARTBEAT).join();
    ended.onState(heard::add);
    ended.deregister().join();
    stepped.close();
    tasks.forEach(Runnable::run);
    assertThat(heard).isEmpty();
  }

  @Test
  void close_endsTheThreads() {
    try (Registry own = Registry.builder(backend).build()) {
      CountDownLatch heard = new CountDownLatch(1);
      own.service("orders").watch(change -> heard.countDown());
      backend.lastWatch().load(Samples.instance("a"));
      SubscriberTest.join(heard);
      assertThat(threads()).isNotEmpty().allMatch(Thread::isDaemon);
    }
    await().until(() -> threads().isEmpty());
  }

  private static List<Thread> threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("rollcall-"))
        .toList();
  }
}
