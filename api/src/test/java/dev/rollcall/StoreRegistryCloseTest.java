package dev.rollcall;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.rollcall.RegistryException.Kind;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
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
    assertThat(answer.isCompletedExceptionally()).isTrue();
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
  void close_endsTheThreads() {
    try (Registry own = Registry.builder(backend).build()) {
      CountDownLatch heard = new CountDownLatch(1);
      own.service("orders").watch(change -> heard.countDown());
      backend.lastWatch().load(Samples.instance("a"));
      MailboxTest.join(heard);
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
