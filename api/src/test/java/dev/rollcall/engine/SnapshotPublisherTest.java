package dev.rollcall.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.rollcall.Filter;
import dev.rollcall.Freshness;
import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.Samples;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceView;
import dev.rollcall.Snapshot;
import dev.rollcall.spi.InstanceEvent;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import reactor.adapter.JdkFlowAdapter;
import reactor.core.publisher.Flux;

/**
 * The publisher of a view's states, by the rules of Reactive Streams 1.0.4 whose numbers its tests
 * bear.
 */
class SnapshotPublisherTest extends RegistryFixture {
  private final ServiceView view = registry.service("orders");

  /** Notes each signal, and finds two at once and those that must not come. */
  private static class Recorder implements Flow.Subscriber<Snapshot> {
    final List<Snapshot> states = new CopyOnWriteArrayList<>();
    final List<String> faults = new CopyOnWriteArrayList<>();
    final AtomicInteger subscribed = new AtomicInteger();
    final AtomicInteger completed = new AtomicInteger();
    final List<Throwable> errors = new CopyOnWriteArrayList<>();
    private final AtomicInteger inside = new AtomicInteger();
    volatile Flow.@Nullable Subscription subscription;

    Flow.Subscription subscription() {
      Flow.Subscription present = subscription;
      if (present == null) {
        throw new AssertionError("no onSubscribe");
      }
      return present;
    }

    private void signal(Runnable signal) {
      if (inside.getAndIncrement() != 0) {
        faults.add("two signals at once");
      }
      if (completed.get() + errors.size() > 0) {
        faults.add("a signal after the end");
      }
      signal.run();
      inside.getAndDecrement();
    }

    @Override
    public void onSubscribe(Flow.Subscription given) {
      signal(
          () -> {
            subscribed.incrementAndGet();
            subscription = given;
            begin();
          });
    }

    void begin() {}

    @Override
    public void onNext(Snapshot state) {
      signal(
          () -> {
            if (subscribed.get() != 1) {
              faults.add("not one onSubscribe before the first state");
            }
            states.add(state);
            next();
          });
    }

    void next() {}

    @Override
    public void onError(Throwable failed) {
      signal(() -> errors.add(failed));
    }

    @Override
    public void onComplete() {
      signal(completed::incrementAndGet);
    }

    void isRight() {
      assertThat(faults).isEmpty();
      assertThat(subscribed).hasValue(1);
    }
  }

  private <R extends Recorder> R subscribe(R recorder) {
    view.publisher().subscribe(recorder);
    assertThat(recorder.subscribed).hasValue(1);
    return recorder;
  }

  private void load(String... ids) {
    backend
        .lastWatch()
        .load(List.of(ids).stream().map(Samples::instance).toArray(n -> new ServiceInstance[n]));
  }

  private static List<List<String>> ids(Recorder recorder) {
    return recorder.states.stream()
        .map(state -> state.instances().stream().map(one -> one.id()).toList())
        .toList();
  }

  @Test
  void rule101_noStateWithoutDemand_andThenTheLatest() {
    Recorder recorder = subscribe(new Recorder());
    load("a");
    load("a", "b");
    load("b");
    assertThat(recorder.states).isEmpty();
    recorder.subscription().request(1);
    assertThat(ids(recorder)).containsExactly(List.of("b"));
    load("c");
    load("d");
    assertThat(recorder.states).hasSize(1);
    recorder.subscription().request(3);
    assertThat(ids(recorder)).containsExactly(List.of("b"), List.of("d"));
    load("e");
    load("f");
    load("g");
    assertThat(ids(recorder)).endsWith(List.of("e"), List.of("f")).hasSize(4);
    recorder.isRight();
  }

  @Test
  void rule104_nothingIsSignalledBeforeAFirstState_andAStoreThatIsDownIsNoError() {
    Recorder recorder = subscribe(new Recorder());
    recorder.subscription().request(Long.MAX_VALUE);
    backend.lastWatch().sink.interrupted(RegistryException.unavailable("down", null));
    assertThat(recorder.states).isEmpty();
    load("a");
    backend.lastWatch().sink.interrupted(RegistryException.unavailable("cut", null));
    backend.lastWatch().sink.interrupted(RegistryException.unavailable("still cut", null));
    backend.lastWatch().sink.synced();
    assertThat(recorder.states)
        .extracting(state -> state.freshness().getClass().getSimpleName())
        .containsExactly("Live", "Stale", "Live");
    assertThat(recorder.states.get(1).freshness()).isInstanceOf(Freshness.Stale.class);
    assertThat(recorder.errors).isEmpty();
    recorder.isRight();
  }

  @Test
  void states_thatAreNoNews_areNotPublished() {
    Recorder recorder = subscribe(new Recorder());
    recorder.subscription().request(Long.MAX_VALUE);
    load("a", "b");
    load("a", "b");
    view.failed(Samples.instance("a")); // ejected: a matter of picks
    assertThat(ids(recorder)).containsExactly(List.of("a", "b"));
  }

  @Test
  void rule105_completesWhenTheRegistryCloses() {
    Recorder idle = subscribe(new Recorder());
    Recorder busy = subscribe(new Recorder());
    busy.subscription().request(5);
    load("a");
    registry.close();
    await().until(() -> idle.completed.get() == 1 && busy.completed.get() == 1);
    assertThat(busy.errors).isEmpty();
    busy.isRight();
    idle.isRight();
  }

  @Test
  void rule109_ofAClosedRegistry_isSubscribed_thenFails() {
    registry.close();
    Recorder recorder = subscribe(new Recorder());
    assertThat(recorder.errors).singleElement().isInstanceOf(IllegalStateException.class);
    recorder.isRight();
    Flow.Publisher<Snapshot> publisher = view.publisher();
    assertThatThrownBy(() -> publisher.subscribe(null)).isInstanceOf(NullPointerException.class);
  }

  @Test
  void rule111_anyNumberOfSubscribers_eachByItsOwnDemand() {
    Recorder one = subscribe(new Recorder());
    Recorder other = subscribe(new Recorder());
    one.subscription().request(1);
    load("a");
    other.subscription().request(1);
    load("b");
    assertThat(ids(one)).containsExactly(List.of("a"));
    assertThat(ids(other)).containsExactly(List.of("a"));
  }

  @Test
  void rule213_whoThrows_isCancelled_andHoldsUpNobody() {
    Recorder broken =
        subscribe(
            new Recorder() {
              @Override
              void next() {
                throw new IllegalStateException("of the test");
              }
            });
    Recorder right = subscribe(new Recorder());
    broken.subscription().request(9);
    right.subscription().request(9);
    load("a");
    load("b");
    assertThat(broken.states).hasSize(1);
    assertThat(ids(right)).containsExactly(List.of("a"), List.of("b"));
  }

  @Test
  void rule303_requestsFromWithinASignal_doNotRecurse() {
    AtomicInteger depth = new AtomicInteger();
    AtomicInteger deepest = new AtomicInteger();
    Recorder recorder =
        subscribe(
            new Recorder() {
              @Override
              void begin() {
                subscription().request(1);
              }

              @Override
              void next() {
                deepest.accumulateAndGet(depth.incrementAndGet(), Math::max);
                load("n" + states.size()); // there is a next one at once
                if (states.size() < 200) {
                  subscription().request(1);
                }
                depth.decrementAndGet();
              }
            });
    load("first");
    assertThat(recorder.states).hasSize(200);
    assertThat(deepest).hasValue(1);
    recorder.isRight();
  }

  @Test
  void rule306_cancelIsIdempotent_andRequestsAfterItAreNone() {
    Recorder recorder = subscribe(new Recorder());
    recorder.subscription().request(2);
    load("a");
    recorder.subscription().cancel();
    recorder.subscription().cancel();
    recorder.subscription().request(1);
    recorder.subscription().request(-1);
    load("b");
    registry.close();
    assertThat(ids(recorder)).containsExactly(List.of("a"));
    assertThat(recorder.errors).isEmpty();
    assertThat(recorder.completed).hasValue(0);
    recorder.isRight();
  }

  @Test
  void rule309_requestOfNothing_isAnError() {
    for (long n : new long[] {0, -1, Long.MIN_VALUE}) {
      Recorder recorder = subscribe(new Recorder());
      recorder.subscription().request(n);
      assertThat(recorder.errors)
          .singleElement()
          .isInstanceOf(IllegalArgumentException.class)
          .extracting(Throwable::getMessage)
          .isEqualTo("request: " + n + " (expected: 1 or more)");
      load("a" + n);
      assertThat(recorder.states).isEmpty();
      recorder.isRight();
    }
  }

  @Test
  void rule312_cancelledWithinASignal_hearsNothingMore() {
    Recorder recorder =
        subscribe(
            new Recorder() {
              @Override
              void begin() {
                subscription().request(Long.MAX_VALUE);
              }

              @Override
              void next() {
                subscription().cancel();
              }
            });
    load("a");
    load("b");
    assertThat(ids(recorder)).containsExactly(List.of("a"));
    recorder.isRight();
  }

  @Test
  void rule313_cancelled_isForgotten_andItsServiceWithIt() {
    WeakReference<Recorder> forgotten = cancelled();
    await()
        .until(
            () -> {
              System.gc();
              return forgotten.get() == null;
            });
  }

  private WeakReference<Recorder> cancelled() {
    Recorder recorder = subscribe(new Recorder());
    load("a");
    recorder.subscription().cancel();
    return new WeakReference<>(recorder);
  }

  @Test
  void subscribed_keepsTheWatch_cancelledFreesIt() {
    Recorder recorder = new Recorder();
    registry.service("billing").publisher().subscribe(recorder);
    for (int n = 0; n < 4; n++) {
      System.gc();
      timer.advance(IDLE);
    }
    assertThat(backend.lastWatch().closed).hasValue(0);
    recorder.subscription().cancel();
    await()
        .until(
            () -> {
              System.gc();
              timer.advance(IDLE);
              return backend.lastWatch().closed.get() == 1;
            });
  }

  @Test
  void rule317_demandHasNoEnd() {
    Recorder recorder = subscribe(new Recorder());
    recorder.subscription().request(Long.MAX_VALUE);
    recorder.subscription().request(Long.MAX_VALUE);
    recorder.subscription().request(1);
    for (int n = 0; n < 10; n++) {
      load("n" + n);
    }
    assertThat(recorder.states).hasSize(10);
  }

  @Test
  void filteredView_publishesItsOwnStates() {
    Recorder recorder = new Recorder();
    view.where(Filter.metadata("k", "v")).publisher().subscribe(recorder);
    recorder.subscription().request(9);
    load("a");
    backend
        .lastWatch()
        .sink
        .apply(
            List.of(
                new InstanceEvent.Put(
                    Samples.instance("b").toBuilder().metadata("k", "v").build())),
            2);
    assertThat(ids(recorder)).containsExactly(List.of(), List.of("b"));
  }

  @Test
  void reactiveLibrary_readsIt_toItsEnd() {
    Flux<Snapshot> states = JdkFlowAdapter.flowPublisherToFlux(view.publisher());
    CompletableFuture<List<Integer>> three =
        states.map(state -> state.instances().size()).take(3).collectList().toFuture();
    CompletableFuture<Long> count = states.count().toFuture();
    load("a");
    load("a", "b");
    load("a", "b", "c");
    assertThat(three.orTimeout(1, TimeUnit.MINUTES).join()).containsExactly(1, 2, 3);
    registry.close();
    assertThat(count.orTimeout(1, TimeUnit.MINUTES).join()).isEqualTo(3);
  }

  /** Rules 1.1 and 1.3 where all happens at once, on threads. */
  @RepeatedTest(5)
  void rule103_underConcurrentRequestsAndChanges_signalsAreSerial_andTheLastStateArrives()
      throws InterruptedException {
    long seed = new Random().nextLong();
    try (Registry threaded =
        Registry.builder(backend).massLossProtection(1, Duration.ofMinutes(5)).build()) {
      ServiceView orders = threaded.service("orders");
      List<Recorder> recorders = new ArrayList<>();
      for (int n = 0; n < 4; n++) {
        Recorder recorder = new Recorder();
        orders.publisher().subscribe(recorder);
        recorders.add(recorder);
      }
      await().until(() -> recorders.stream().allMatch(one -> one.subscription != null));
      CountDownLatch changed = new CountDownLatch(1);
      List<Thread> asking = new ArrayList<>();
      List<AtomicInteger> asked = new ArrayList<>();
      for (Recorder recorder : recorders) {
        AtomicInteger times = new AtomicInteger();
        asked.add(times);
        for (int n = 0; n < 2; n++) {
          Thread thread =
              new Thread(
                  () -> {
                    while (changed.getCount() > 0) {
                      times.incrementAndGet();
                      recorder.subscription().request(1);
                      Thread.onSpinWait();
                    }
                  });
          thread.start();
          asking.add(thread);
        }
      }
      Random random = new Random(seed);
      for (int n = 0; n < 2_000; n++) {
        load("i" + random.nextInt(5), "n" + n);
      }
      load("last");
      changed.countDown();
      for (Thread thread : asking) {
        thread.join();
      }
      for (int n = 0; n < recorders.size(); n++) {
        Recorder recorder = recorders.get(n);
        recorder.subscription().request(1);
        await()
            .untilAsserted(
                () -> assertThat(ids(recorder)).as("seed %s", seed).endsWith(List.of("last")));
        assertThat(recorder.states.size()).isLessThanOrEqualTo(asked.get(n).get() + 1);
        assertThat(recorder.states).extracting(Snapshot::version).isSorted();
        recorder.isRight();
      }
    }
  }
}
