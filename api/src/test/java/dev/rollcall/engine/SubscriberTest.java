package dev.rollcall.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.rollcall.spi.Timer;
import dev.rollcall.spi.support.SystemTimer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SubscriberTest {
  /** Counts, and calls what a test gives it. */
  static final class Counting extends Subscriber {
    final AtomicInteger delivered = new AtomicInteger();
    final AtomicInteger detached = new AtomicInteger();
    private final Runnable listener;

    Counting(Dispatcher dispatcher, Runnable listener) {
      super(dispatcher);
      this.listener = listener;
    }

    @Override
    void deliver() {
      delivered.incrementAndGet();
      listener.run();
    }

    @Override
    String what() {
      return "a test";
    }

    @Override
    void detach() {
      detached.incrementAndGet();
    }
  }

  private final Timer timer = SystemTimer.named("test-timer");
  private final Dispatcher pooled =
      new Dispatcher(timer, RealMachine.INSTANCE.listenerPool(), null);
  private final Queue<Runnable> tasks = new ArrayDeque<>();
  private final Dispatcher stepped =
      new Dispatcher(new ManualTimer(), RealMachine.INSTANCE.listenerPool(), tasks::add);

  @AfterEach
  void close() {
    pooled.close();
    stepped.close();
    timer.close();
  }

  private void runTasks() {
    for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
      task.run();
    }
  }

  @Test
  void interruptFlag_ofOneListener_isNotSeenByTheNext() {
    List<Boolean> seen = new ArrayList<>();
    Runnable listener =
        () -> {
          seen.add(Thread.currentThread().isInterrupted());
          Thread.currentThread().interrupt();
        };
    List<Counting> both = List.of(new Counting(stepped, listener), new Counting(stepped, listener));
    new SubscriberGroup(stepped, both).signal();
    runTasks();
    both.forEach(Subscriber::signal);
    runTasks();
    assertThat(seen).containsExactly(false, false, false, false);
    assertThat(Thread.interrupted()).isFalse();
  }

  @Test
  void interruptFlag_ofAThreadThatRunsListenersItself_stays() {
    List<Boolean> seen = new ArrayList<>();
    Dispatcher direct =
        new Dispatcher(new ManualTimer(), RealMachine.INSTANCE.listenerPool(), Runnable::run);
    Counting subscriber =
        new Counting(direct, () -> seen.add(Thread.currentThread().isInterrupted()));
    Thread.currentThread().interrupt();
    subscriber.signal();
    assertThat(Thread.interrupted()).isTrue();
    assertThat(seen).containsExactly(false);
    direct.close();
  }

  @Test
  void signal_whileQueued_deliversOnce() {
    Counting subscriber = new Counting(stepped, () -> {});
    subscriber.signal();
    subscriber.signal();
    subscriber.signal();
    assertThat(tasks).hasSize(1);
    runTasks();
    assertThat(subscriber.delivered).hasValue(1);
  }

  @Test
  void signal_fromWithinDeliver_deliversAgain() {
    Counting[] subscriber = new Counting[1];
    subscriber[0] =
        new Counting(
            stepped,
            () -> {
              if (subscriber[0].delivered.get() < 3) {
                subscriber[0].signal();
                subscriber[0].signal();
              }
            });
    subscriber[0].signal();
    runTasks();
    assertThat(subscriber[0].delivered).hasValue(3);
  }

  @Test
  void close_beforeDelivery_deliversNothing() {
    Counting subscriber = new Counting(stepped, () -> {});
    subscriber.signal();
    subscriber.close();
    runTasks();
    subscriber.signal();
    runTasks();
    assertThat(subscriber.delivered).hasValue(0);
    assertThat(subscriber.detached.get()).isPositive();
    assertThat(subscriber.isClosed()).isTrue();
  }

  @Test
  void close_withinItsOwnCallback_returnsAndIsTheLast() {
    Counting[] subscriber = new Counting[1];
    subscriber[0] =
        new Counting(
            stepped,
            () -> {
              subscriber[0].signal();
              subscriber[0].close();
            });
    subscriber[0].signal();
    runTasks();
    subscriber[0].signal();
    runTasks();
    assertThat(subscriber[0].delivered).hasValue(1);
  }

  @Test
  void close_whileACallbackRuns_waitsForIt() throws InterruptedException {
    CountDownLatch running = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    AtomicBoolean ended = new AtomicBoolean();
    AtomicBoolean endedBeforeClose = new AtomicBoolean();
    Counting subscriber =
        new Counting(
            pooled,
            () -> {
              running.countDown();
              join(goOn);
              ended.set(true);
            });
    subscriber.signal();
    running.await();
    Thread closer =
        new Thread(
            () -> {
              subscriber.close();
              endedBeforeClose.set(ended.get());
            });
    closer.start();
    await().until(() -> closer.getState() == Thread.State.TIMED_WAITING);
    goOn.countDown();
    closer.join();
    assertThat(endedBeforeClose).isTrue();
  }

  @Test
  void close_whenTheCloserIsInterrupted_returnsAndStaysInterrupted() throws InterruptedException {
    CountDownLatch running = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    AtomicBoolean interrupted = new AtomicBoolean();
    Counting subscriber =
        new Counting(
            pooled,
            () -> {
              running.countDown();
              join(goOn);
            });
    subscriber.signal();
    running.await();
    Thread closer =
        new Thread(
            () -> {
              subscriber.close();
              interrupted.set(Thread.currentThread().isInterrupted());
            });
    closer.start();
    closer.interrupt();
    closer.join();
    goOn.countDown();
    assertThat(interrupted).isTrue();
  }

  @Test
  void deliver_underConcurrentSignals_isSerialAndLosesNone() throws InterruptedException {
    AtomicInteger value = new AtomicInteger();
    AtomicInteger inside = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    AtomicInteger seen = new AtomicInteger();
    List<Counting> subscribers = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      subscribers.add(new Counting(pooled, () -> {}));
    }
    Counting checked =
        new Counting(
            pooled,
            () -> {
              most.accumulateAndGet(inside.incrementAndGet(), Math::max);
              seen.set(value.get());
              inside.decrementAndGet();
            });
    List<Thread> threads = new ArrayList<>();
    for (int t = 0; t < 4; t++) {
      Thread thread =
          new Thread(
              () -> {
                for (int i = 0; i < 20_000; i++) {
                  value.incrementAndGet();
                  checked.signal();
                  subscribers.get(i % 3).signal();
                }
              });
      thread.start();
      threads.add(thread);
    }
    for (Thread thread : threads) {
      thread.join();
    }
    await().untilAsserted(() -> assertThat(seen).hasValue(80_000));
    assertThat(most).hasValue(1);
  }

  @Test
  void deliver_thatThrows_staysSubscribedAndIsLogged() {
    for (Throwable thrown :
        new Throwable[] {new IllegalStateException("x"), new StackOverflowError()}) {
      try (RecordedLog log = new RecordedLog()) {
        Counting subscriber = new Counting(stepped, () -> sneak(thrown));
        subscriber.signal();
        runTasks();
        subscriber.signal();
        runTasks();
        assertThat(subscriber.delivered).hasValue(2);
        assertThat(log.warnings())
            .containsOnly("a listener of a test has thrown; it stays subscribed")
            .hasSize(2);
      }
    }
  }

  @Test
  void deliver_thatThrowsWhatCannotBeLogged_staysSubscribed() {
    Counting subscriber =
        new Counting(
            stepped,
            () -> {
              throw new IllegalStateException() {
                private static final long serialVersionUID = 1L;

                @Override
                public String getMessage() {
                  throw new IllegalStateException("no message");
                }
              };
            });
    for (int i = 0; i < 2; i++) {
      subscriber.signal();
      try {
        runTasks();
      } catch (IllegalStateException escaped) {
        assertThat(escaped).hasMessage("no message");
      }
    }
    assertThat(subscriber.delivered).hasValue(2);
  }

  @SuppressWarnings("unchecked")
  private static <T extends Throwable> void sneak(Throwable thrown) throws T {
    throw (T) thrown;
  }

  static void join(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
    }
  }
}
