package dev.rollcall.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Change;
import dev.rollcall.Registration;
import dev.rollcall.Registration.State;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceListener;
import dev.rollcall.ServiceView;
import dev.rollcall.Subscription;
import dev.rollcall.spi.RegistryBackend;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** W8 to W10, through the registry. */
abstract class ListenerClauses extends Clauses {
  ListenerClauses(RegistryContract store) {
    super(store);
  }

  @Test
  @DisplayName(
      "W8 isolation: listeners that throw, Errors included, stay subscribed and harm nobody")
  @IfItFails("is Throwable caught around each callback, and the subscriber put back to idle?")
  void w8_isolation_ofThrowingListeners() {
    ServiceView view = process().service(service);
    List<Throwing> throwing =
        List.of(
            new Throwing(() -> new IllegalStateException("on purpose")),
            new Throwing(() -> new AssertionError("on purpose")),
            new Throwing(() -> new StackOverflowError("on purpose")));
    throwing.forEach(listener -> closing(view.watch(listener)));
    ChangeChecker checker = new ChangeChecker();
    closing(view.watch(checker));
    Registration registration = await(process().register(instance("a", 0), heartbeat()));
    for (int n = 1; n <= 5; n++) {
      await(registration.update(instance("a", n)));
      ServiceInstance now = instance("a", n);
      eventually(() -> assertThat(checker.instances()).containsExactly(now));
      throwing.forEach(
          listener ->
              eventually(() -> assertThat(listener.heard.instances()).containsExactly(now)));
    }
    assertThat(checker.violations()).isEmpty();
    throwing.forEach(listener -> assertThat(listener.heard.violations()).isEmpty());
    assertThat(registration.state()).isEqualTo(State.ACTIVE);
  }

  @Test
  @DisplayName("W8 isolation: listeners that block delay no other, no reader, no renewal")
  @IfItFails("do listeners share a thread with each other, the watch, or the heartbeats?")
  void w8_isolation_ofBlockingListeners() {
    Registry registry = process();
    ServiceView view = registry.service(service);
    CountDownLatch release = new CountDownLatch(1);
    AtomicInteger blocked = new AtomicInteger();
    List<ChangeChecker> heard = new ArrayList<>();
    try {
      for (int i = 0; i < 8; i++) {
        ChangeChecker checker = new ChangeChecker();
        heard.add(checker);
        closing(
            view.watch(
                change -> {
                  checker.changed(change);
                  blocked.incrementAndGet();
                  block(release);
                }));
      }
      eventually(() -> assertThat(blocked).hasValue(8));
      ChangeChecker free = new ChangeChecker();
      closing(view.watch(free));
      Registration registration = await(registry.register(instance("a", 0), heartbeat()));
      for (int n = 1; n <= 5; n++) {
        await(registration.update(instance("a", n)));
        ServiceInstance now = instance("a", n);
        within(Duration.ofSeconds(5), () -> assertThat(free.instances()).containsExactly(now));
        assertThat(view.instances()).containsExactly(now);
      }
      time.pass(store.ttl().multipliedBy(3));
      assertThat(passing(client())).containsExactly(instance("a", 5));
      assertThat(registration.state()).isEqualTo(State.ACTIVE);
      assertThat(free.violations()).isEmpty();
    } finally {
      release.countDown();
    }
    heard.forEach(
        checker -> {
          eventually(() -> assertThat(checker.instances()).containsExactly(instance("a", 5)));
          assertThat(checker.violations()).isEmpty();
          // The first state, and then the last one: what lay in between was conflated.
          assertThat(checker.changes()).hasSize(2);
        });
  }

  @Test
  @DisplayName("W8 isolation: a blocked listener of one service does not touch another service")
  @IfItFails("is there a lock or a thread that all services share?")
  void w8_isolation_ofServices() {
    Registry registry = process();
    RegistryBackend writer = client();
    CountDownLatch release = new CountDownLatch(1);
    CountDownLatch inside = new CountDownLatch(1);
    try {
      closing(
          registry
              .service(service)
              .watch(
                  change -> {
                    inside.countDown();
                    block(release);
                  }));
      eventually(() -> assertThat(inside.getCount()).isZero());
      String blockedService = service;
      service = freshName();
      ChangeChecker checker = new ChangeChecker();
      closing(registry.service(service).watch(checker));
      put(writer, instance("a"));
      within(
          Duration.ofSeconds(5),
          () -> assertThat(checker.instances()).containsExactly(instance("a")));
      CompletableFuture<ServiceView> again = async(() -> registry.service(blockedService));
      within(Duration.ofSeconds(2), () -> assertThat(again).isCompleted());
    } finally {
      release.countDown();
    }
  }

  @Test
  @DisplayName("W9 close: after close() returns the listener hears nothing, whatever is under way")
  @IfItFails("does close() wait for the callback that runs, and stop the one that is queued?")
  void w9_close_isFinal() {
    ServiceView view = process().service(service);
    Registration registration = await(process().register(instance("a", 0), heartbeat()));
    eventually(() -> assertThat(view.instances()).hasSize(1));
    List<ChangeChecker> checkers = new ArrayList<>();
    for (int round = 1; round <= 100; round++) {
      ChangeChecker checker = new ChangeChecker();
      checkers.add(checker);
      Subscription subscription = view.watch(checker);
      CompletableFuture<Void> update = registration.update(instance("a", round));
      if (round % 3 == 0) {
        eventually(() -> assertThat(checker.changes()).isNotEmpty());
      }
      subscription.close();
      checker.closed();
      subscription.close();
      await(update);
    }
    settle();
    checkers.forEach(checker -> assertThat(checker.violations()).isEmpty());
  }

  @Test
  @DisplayName("W9 close: waits for a callback that runs")
  @IfItFails("does close() return while the listener is still inside its callback?")
  void w9_close_waitsForTheRunningCallback() {
    ServiceView view = process().service(service);
    CountDownLatch release = new CountDownLatch(1);
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch left = new CountDownLatch(1);
    Subscription subscription =
        view.watch(
            change -> {
              inside.countDown();
              block(release);
              left.countDown();
            });
    eventually(() -> assertThat(inside.getCount()).isZero());
    CountDownLatch closing = new CountDownLatch(1);
    CompletableFuture<Long> closed =
        async(
            () -> {
              closing.countDown();
              subscription.close();
              return left.getCount();
            });
    block(closing);
    settle();
    assertThat(closed).as("close() while the callback runs").isNotDone();
    release.countDown();
    assertThat(await(closed)).as("callbacks that had not returned").isZero();
  }

  @Test
  @DisplayName("W9 close: from within its own callback, that callback is the last")
  @IfItFails("does close() wait for itself, or is one more change delivered afterwards?")
  void w9_close_fromTheOwnCallback() {
    ServiceView view = process().service(service);
    RegistryBackend writer = client();
    ChangeChecker checker = new ChangeChecker();
    CompletableFuture<Subscription> own = new CompletableFuture<>();
    CountDownLatch returned = new CountDownLatch(1);
    own.complete(
        view.watch(
            change -> {
              checker.changed(change);
              own.join().close();
              checker.closed();
              returned.countDown();
            }));
    eventually(() -> assertThat(returned.getCount()).isZero());

    for (int n = 0; n < 3; n++) {
      put(writer, instance("a", n));
    }
    eventually(() -> assertThat(view.instances()).containsExactly(instance("a", 2)));
    settle();
    assertThat(checker.changes()).hasSize(1);
    assertThat(checker.violations()).isEmpty();
  }

  @Test
  @DisplayName("W9 close: the last one frees the upstream watch")
  @IfItFails("who still holds the view, and does dropIdleViewsAfter close the backend's watch?")
  void w9_close_freesTheUpstreamWatch() {
    CountingBackend counted = new CountingBackend(store.open(time.timer()));
    Registry registry =
        process(counted, settings -> settings.dropIdleViewsAfter(Duration.ofMillis(200)));
    List<Subscription> subscriptions = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      ChangeChecker checker = new ChangeChecker();
      subscriptions.add(registry.service(service).watch(checker));
      eventually(() -> assertThat(checker.changes()).hasSize(1));
    }
    subscriptions.subList(1, 5).forEach(Subscription::close);
    time.pass(Duration.ofSeconds(2));
    System.gc();
    time.pass(Duration.ofSeconds(2));
    assertThat(counted.openWatches()).as("one listener is left").isEqualTo(1);

    subscriptions.get(0).close();
    eventually(
        () -> {
          System.gc();
          assertThat(counted.openWatches()).isZero();
        });
    ChangeChecker again = new ChangeChecker();
    closing(registry.service(service).watch(again));
    eventually(() -> assertThat(again.changes()).hasSize(1));
    assertThat(counted.openWatches()).isEqualTo(1);
  }

  @Test
  @DisplayName("W10 shared: a thousand listeners of one service cost the store one watch")
  @IfItFails("does each listener or view open a watch of its own?")
  void w10_shared_byAThousandListeners() {
    CountingBackend counted = new CountingBackend(store.open(time.timer()));
    Registry registry = process(counted);
    AtomicInteger atLast = new AtomicInteger();
    ServiceListener listener =
        change -> {
          if (ids(change.now()).equals(List.of("a"))) {
            atLast.incrementAndGet();
          }
        };
    List<Subscription> subscriptions = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      subscriptions.add(registry.service(service).watch(listener));
    }
    put(client(), instance("a"));
    eventually(() -> assertThat(atLast).hasValue(1000));
    assertThat(registry.service(service)).isSameAs(registry.service(service));
    assertThat(counted.watches()).isEqualTo(1);
    assertThat(counted.snapshots()).isZero();
    subscriptions.forEach(Subscription::close);
  }

  @Test
  @DisplayName("W10 shared: threads do not grow with the services that are watched")
  @IfItFails("does each watch or registration have a thread that only waits?")
  void w10_shared_threads() {
    inThreadGroup(
        group -> {
          Registry registry = process();
          ChangeChecker first = new ChangeChecker();
          closing(registry.service(service).watch(first));
          eventually(() -> assertThat(first.changes()).hasSize(1));
          int before = group.activeCount();
          List<ChangeChecker> checkers = new ArrayList<>();
          for (int i = 0; i < 50; i++) {
            ChangeChecker checker = new ChangeChecker();
            checkers.add(checker);
            closing(registry.service(service + i).watch(checker));
          }
          checkers.forEach(checker -> eventually(() -> assertThat(checker.changes()).hasSize(1)));
          assertThat(group.activeCount() - before).isLessThan(20);
        });
  }

  private static final class Throwing implements ServiceListener {
    final ChangeChecker heard = new ChangeChecker();
    private final Supplier<Throwable> what;

    Throwing(Supplier<Throwable> what) {
      this.what = what;
    }

    @Override
    public void changed(Change change) {
      heard.changed(change);
      Throwable thrown = what.get();
      if (thrown instanceof Error error) {
        throw error;
      }
      throw (RuntimeException) thrown;
    }
  }
}
