package dev.rollcall.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.rollcall.Freshness;
import dev.rollcall.Registry;
import dev.rollcall.RegistryBuilder;
import dev.rollcall.RegistryException;
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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import reactor.adapter.JdkFlowAdapter;
import reactor.core.publisher.Flux;

/**
 * A publisher of states, by the rules of Reactive Streams 1.0.4 whose numbers its tests bear.
 *
 * @param <S> what is published
 */
abstract class PublisherRules<S> {
  /** What is published, of something that a test feeds. */
  interface Published<S> extends AutoCloseable {
    Flow.Publisher<S> publisher();

    /** Shows a complete state that has just these. */
    void load(String... ids);

    void interrupted(RegistryException cause);

    void synced();

    List<String> ids(S state);

    Freshness freshness(S state);

    @Override
    void close();
  }

  static final Duration IDLE = Duration.ofMinutes(1);

  final ManualTimer timer = new ManualTimer();
  final Published<S> published = open(false);

  /**
   * Opens one.
   *
   * @param onThreads whether in real time and on threads of its own, else by {@link #timer} and on
   *     the thread that changes something
   */
  abstract Published<S> open(boolean onThreads);

  /** Opens a registry, in which nothing is protected. */
  final Registry registry(ScriptedBackend backend, boolean onThreads) {
    RegistryBuilder builder =
        Registry.builder(backend)
            .dropIdleViewsAfter(IDLE)
            .massLossProtection(1, Duration.ofMinutes(5));
    return onThreads
        ? builder.build()
        : builder.timer(timer).listenerExecutor(Runnable::run).build();
  }

  @AfterEach
  void closePublished() {
    published.close();
  }

  /** Notes each signal, and finds two at once and those that must not come. */
  static class Recorder<S> implements Flow.Subscriber<S> {
    final List<S> states = new CopyOnWriteArrayList<>();
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
    public void onNext(S state) {
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

  <R extends Recorder<S>> R subscribe(R recorder) {
    published.publisher().subscribe(recorder);
    assertThat(recorder.subscribed).hasValue(1);
    return recorder;
  }

  void load(String... ids) {
    published.load(ids);
  }

  List<List<String>> ids(Recorder<S> recorder) {
    return recorder.states.stream().map(published::ids).toList();
  }

  @Test
  void rule101_noStateWithoutDemand_andThenTheLatest() {
    Recorder<S> recorder = subscribe(new Recorder<S>());
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
    Recorder<S> recorder = subscribe(new Recorder<S>());
    recorder.subscription().request(Long.MAX_VALUE);
    published.interrupted(RegistryException.unavailable("down", null));
    assertThat(recorder.states).isEmpty();
    load("a");
    published.interrupted(RegistryException.unavailable("cut", null));
    published.interrupted(RegistryException.unavailable("still cut", null));
    published.synced();
    assertThat(recorder.states)
        .extracting(state -> published.freshness(state).getClass().getSimpleName())
        .containsExactly("Live", "Stale", "Live");
    assertThat(recorder.errors).isEmpty();
    recorder.isRight();
  }

  @Test
  void states_thatAreNoNews_areNotPublished() {
    Recorder<S> recorder = subscribe(new Recorder<S>());
    recorder.subscription().request(Long.MAX_VALUE);
    load("a", "b");
    load("a", "b");
    assertThat(ids(recorder)).containsExactly(List.of("a", "b"));
  }

  @Test
  void rule105_completesWhenTheEndComes() {
    Recorder<S> idle = subscribe(new Recorder<S>());
    Recorder<S> busy = subscribe(new Recorder<S>());
    busy.subscription().request(5);
    load("a");
    published.close();
    await().until(() -> idle.completed.get() == 1 && busy.completed.get() == 1);
    assertThat(busy.errors).isEmpty();
    busy.isRight();
    idle.isRight();
  }

  @Test
  void rule109_afterTheEnd_isSubscribed_thenFails() {
    published.close();
    Recorder<S> recorder = subscribe(new Recorder<S>());
    assertThat(recorder.errors).singleElement().isInstanceOf(IllegalStateException.class);
    recorder.isRight();
    Flow.Publisher<S> publisher = published.publisher();
    assertThatThrownBy(() -> publisher.subscribe(null)).isInstanceOf(NullPointerException.class);
  }

  @Test
  void rule111_anyNumberOfSubscribers_eachByItsOwnDemand() {
    Recorder<S> one = subscribe(new Recorder<S>());
    Recorder<S> other = subscribe(new Recorder<S>());
    one.subscription().request(1);
    load("a");
    other.subscription().request(1);
    load("b");
    assertThat(ids(one)).containsExactly(List.of("a"));
    assertThat(ids(other)).containsExactly(List.of("a"));
  }

  @Test
  void rule213_whoThrows_isCancelled_andHoldsUpNobody() {
    Recorder<S> broken =
        subscribe(
            new Recorder<S>() {
              @Override
              void next() {
                throw new IllegalStateException("of the test");
              }
            });
    Recorder<S> right = subscribe(new Recorder<S>());
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
    Recorder<S> recorder =
        subscribe(
            new Recorder<S>() {
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
    Recorder<S> recorder = subscribe(new Recorder<S>());
    recorder.subscription().request(2);
    load("a");
    recorder.subscription().cancel();
    recorder.subscription().cancel();
    recorder.subscription().request(1);
    recorder.subscription().request(-1);
    load("b");
    published.close();
    assertThat(ids(recorder)).containsExactly(List.of("a"));
    assertThat(recorder.errors).isEmpty();
    assertThat(recorder.completed).hasValue(0);
    recorder.isRight();
  }

  @Test
  void rule309_requestOfNothing_isAnError() {
    for (long n : new long[] {0, -1, Long.MIN_VALUE}) {
      Recorder<S> recorder = subscribe(new Recorder<S>());
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
    Recorder<S> recorder =
        subscribe(
            new Recorder<S>() {
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
  void rule313_cancelled_isForgotten() {
    WeakReference<Recorder<S>> forgotten = cancelled();
    await()
        .until(
            () -> {
              System.gc();
              return forgotten.get() == null;
            });
  }

  private WeakReference<Recorder<S>> cancelled() {
    Recorder<S> recorder = subscribe(new Recorder<S>());
    load("a");
    recorder.subscription().cancel();
    return new WeakReference<>(recorder);
  }

  @Test
  void rule317_demandHasNoEnd() {
    Recorder<S> recorder = subscribe(new Recorder<S>());
    recorder.subscription().request(Long.MAX_VALUE);
    recorder.subscription().request(Long.MAX_VALUE);
    recorder.subscription().request(1);
    for (int n = 0; n < 10; n++) {
      load("n" + n);
    }
    assertThat(recorder.states).hasSize(10);
  }

  @Test
  void reactiveLibrary_readsIt_toItsEnd() {
    Flux<S> states = JdkFlowAdapter.flowPublisherToFlux(published.publisher());
    CompletableFuture<List<Integer>> three =
        states.map(state -> published.ids(state).size()).take(3).collectList().toFuture();
    CompletableFuture<Long> count = states.count().toFuture();
    load("a");
    load("a", "b");
    load("a", "b", "c");
    assertThat(three.orTimeout(1, TimeUnit.MINUTES).join()).containsExactly(1, 2, 3);
    published.close();
    assertThat(count.orTimeout(1, TimeUnit.MINUTES).join()).isEqualTo(3);
  }

  /** Rules 1.1 and 1.3 where all happens at once, on threads. */
  @RepeatedTest(5)
  void rule103_underConcurrentRequestsAndChanges_signalsAreSerial_andTheLastStateArrives()
      throws InterruptedException {
    long seed = new Random().nextLong();
    try (Published<S> threaded = open(true)) {
      List<Recorder<S>> recorders = new ArrayList<>();
      for (int n = 0; n < 4; n++) {
        Recorder<S> recorder = new Recorder<S>();
        threaded.publisher().subscribe(recorder);
        recorders.add(recorder);
      }
      await().until(() -> recorders.stream().allMatch(one -> one.subscription != null));
      CountDownLatch changed = new CountDownLatch(1);
      List<Thread> asking = new ArrayList<>();
      List<AtomicInteger> asked = new ArrayList<>();
      for (Recorder<S> recorder : recorders) {
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
        threaded.load("i" + random.nextInt(5), "n" + n);
      }
      threaded.load("last");
      changed.countDown();
      for (Thread thread : asking) {
        thread.join();
      }
      for (int n = 0; n < recorders.size(); n++) {
        Recorder<S> recorder = recorders.get(n);
        recorder.subscription().request(1);
        await()
            .untilAsserted(
                () -> assertThat(ids(recorder)).as("seed %s", seed).endsWith(List.of("last")));
        assertThat(recorder.states.size()).isLessThanOrEqualTo(asked.get(n).get() + 1);
        assertThat(ids(recorder).stream().flatMap(List::stream).filter(id -> id.startsWith("n")))
            .extracting(id -> Integer.valueOf(id.substring(1)))
            .isSorted()
            .doesNotHaveDuplicates();
        recorder.isRight();
      }
    }
  }
}
