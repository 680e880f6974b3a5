package dev.rollcall.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.rollcall.spi.Timer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is due is not lost whatever the timer, the executor, or a worker does. */
class DispatcherOwnershipTest {
  private static final Duration LOOK = Duration.ofMillis(3);
  private static final Duration A_SECOND = Duration.ofMillis(1200);

  /** A timer that a test stalls, or lets fail, while somebody schedules. */
  private static final class StallingTimer implements Timer {
    final ManualTimer time = new ManualTimer();
    final AtomicReference<Runnable> stall = new AtomicReference<>(() -> {});

    @Override
    public long nanoTime() {
      return time.nanoTime();
    }

    @Override
    public Scheduled schedule(Runnable task, Duration delay) {
      Scheduled scheduled = time.schedule(task, delay);
      stall.getAndSet(() -> {}).run();
      return scheduled;
    }

    @Override
    public void close() {
      time.close();
    }
  }

  private final StallingTimer timer = new StallingTimer();
  private final CountDownLatch until = new CountDownLatch(1);

  @AfterEach
  void letGo() {
    until.countDown();
  }

  private static ConditionFactory soon() {
    return await().atMost(Duration.ofMinutes(1));
  }

  private static SubscriberTest.Counting subscriber(Dispatcher dispatcher) {
    return new SubscriberTest.Counting(dispatcher, () -> {});
  }

  private SubscriberTest.Counting blocking(Dispatcher dispatcher) {
    return new SubscriberTest.Counting(dispatcher, () -> SubscriberTest.join(until));
  }

  private static void heard(SubscriberTest.Counting subscriber) {
    soon().untilAsserted(() -> assertThat(subscriber.delivered).hasPositiveValue());
  }

  /** Signals on another thread, which a listener may block. */
  private static Thread signal(Dispatchable due) {
    Thread thread = new Thread(due::signal);
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  private static void awaitBlocked(Thread thread) {
    soon().until(() -> thread.getState() == Thread.State.WAITING);
  }

  @Test
  void fanout_whenItsWorkerStallsInTheTimer_isDelivered() {
    try (Dispatcher dispatcher =
        new Dispatcher(timer, RealMachine.INSTANCE.listenerPool(), Runnable::run)) {
      List<SubscriberTest.Counting> both = List.of(subscriber(dispatcher), subscriber(dispatcher));
      timer.stall.set(() -> timer.time.advance(LOOK.multipliedBy(3)));
      new SubscriberGroup(dispatcher, both).signal();
      both.forEach(DispatcherOwnershipTest::heard);
    }
  }

  @Test
  void fanout_whenItsWorkerStallsInTheTimerAgainAndAgain_isDeliveredEachTime() {
    try (Dispatcher dispatcher =
        new Dispatcher(timer, RealMachine.INSTANCE.listenerPool(), Runnable::run)) {
      AtomicInteger state = new AtomicInteger();
      List<AtomicInteger> seen = List.of(new AtomicInteger(), new AtomicInteger());
      List<SubscriberTest.Counting> both = new ArrayList<>();
      for (AtomicInteger last : seen) {
        both.add(new SubscriberTest.Counting(dispatcher, () -> last.set(state.get())));
      }
      SubscriberGroup fanout = new SubscriberGroup(dispatcher, both);
      for (int i = 1; i <= 200; i++) {
        int change = i;
        state.set(change);
        timer.stall.set(() -> timer.time.advance(LOOK.multipliedBy(3)));
        fanout.signal();
        soon().untilAsserted(() -> assertThat(seen).allMatch(last -> last.get() == change));
        timer.time.advance(A_SECOND);
      }
    }
  }

  @Test
  void fanout_whenTheSubscriberThatBlocksIsTakenOff_reachesTheLastOne() {
    try (Dispatcher dispatcher =
        new Dispatcher(timer, RealMachine.INSTANCE.listenerPool(), Runnable::run)) {
      List<SubscriberTest.Counting> subscribers = new CopyOnWriteArrayList<>();
      subscribers.add(blocking(dispatcher));
      subscribers.add(subscriber(dispatcher));
      SubscriberTest.Counting last = subscribers.get(1);
      awaitBlocked(signal(new SubscriberGroup(dispatcher, subscribers)));
      subscribers.remove(0);
      timer.time.advance(LOOK.multipliedBy(3));
      heard(last);
    }
  }

  @Test
  void worker_thatTheExecutorDrops_isReplaced() {
    try (Dispatcher dispatcher =
        new Dispatcher(timer, RealMachine.INSTANCE.listenerPool(), task -> {})) {
      SubscriberTest.Counting subscriber = subscriber(dispatcher);
      subscriber.signal();
      timer.time.advance(A_SECOND);
      heard(subscriber);
    }
  }

  @Test
  void worker_thatTheExecutorRunsTooLateAndTwice_runsOnce() {
    Queue<Runnable> kept = new ArrayDeque<>();
    try (Dispatcher dispatcher =
        new Dispatcher(timer, RealMachine.INSTANCE.listenerPool(), kept::add)) {
      SubscriberTest.Counting subscriber = subscriber(dispatcher);
      subscriber.signal();
      timer.time.advance(A_SECOND);
      heard(subscriber);
      Runnable late = kept.remove();
      late.run();
      late.run();
      assertThat(subscriber.delivered).hasValue(1);
      subscriber.signal();
      soon().until(() -> !kept.isEmpty() || subscriber.delivered.get() == 2);
      kept.forEach(Runnable::run);
      soon().untilAsserted(() -> assertThat(subscriber.delivered).hasValue(2));
    }
  }

  @Test
  void worker_whoseExecutorThrowsAnything_runsOnThePool() {
    try (RecordedLog log = new RecordedLog();
        Dispatcher dispatcher =
            new Dispatcher(
                timer,
                RealMachine.INSTANCE.listenerPool(),
                task -> {
                  throw new IllegalStateException("broken");
                })) {
      SubscriberTest.Counting subscriber = subscriber(dispatcher);
      subscriber.signal();
      heard(subscriber);
      assertThat(log.warnings())
          .containsExactly("the listener executor has thrown; listeners are called on another");
    }
  }

  @Test
  void worker_whenTheTimerThrows_delivers() {
    timer.stall.set(
        () -> {
          throw new IllegalStateException("broken");
        });
    try (RecordedLog log = new RecordedLog();
        Dispatcher dispatcher =
            new Dispatcher(timer, RealMachine.INSTANCE.listenerPool(), Runnable::run)) {
      List<SubscriberTest.Counting> both = List.of(subscriber(dispatcher), subscriber(dispatcher));
      new SubscriberGroup(dispatcher, both).signal();
      both.forEach(DispatcherOwnershipTest::heard);
      assertThat(log.warnings())
          .containsExactly("the timer has thrown; a listener that blocks may delay others");

      awaitBlocked(signal(blocking(dispatcher)));
      SubscriberTest.Counting other = subscriber(dispatcher);
      other.signal();
      timer.time.advance(LOOK.multipliedBy(3));
      heard(other);
    }
  }

  @Test
  void worker_thatBreaksInADelivery_leavesNothingBehind() {
    AtomicInteger runs = new AtomicInteger();
    try (RecordedLog log = new RecordedLog();
        Dispatcher dispatcher =
            new Dispatcher(timer, RealMachine.INSTANCE.listenerPool(), Runnable::run)) {
      Dispatchable breaking =
          new Dispatchable(dispatcher) {
            @Override
            void deliver(Dispatcher.Worker worker) {
              if (runs.incrementAndGet() == 1) {
                throw new StackOverflowError();
              }
            }

            @Override
            int subscribers() {
              return 1;
            }
          };
      try {
        breaking.signal();
      } catch (StackOverflowError expected) {
        assertThat(runs).hasValue(1);
      }
      SubscriberTest.Counting other = subscriber(dispatcher);
      other.signal();
      timer.time.advance(A_SECOND);
      heard(other);
      soon().untilAsserted(() -> assertThat(runs).hasValue(2));
      assertThat(log.warnings()).hasSizeLessThanOrEqualTo(1);
    }
  }

  @Test
  void executor_afterAListenerHasBlockedIt_isUsedAgain() {
    List<String> names = new CopyOnWriteArrayList<>();
    ExecutorService single = Executors.newSingleThreadExecutor(task -> new Thread(task, "given"));
    try (Dispatcher dispatcher =
        new Dispatcher(timer, RealMachine.INSTANCE.listenerPool(), single)) {
      SubscriberTest.Counting blocking = blocking(dispatcher);
      blocking.signal();
      heard(blocking);
      SubscriberTest.Counting other =
          new SubscriberTest.Counting(
              dispatcher, () -> names.add(Thread.currentThread().getName()));
      other.signal();
      timer.time.advance(LOOK.multipliedBy(3));
      heard(other);
      until.countDown();
      soon()
          .untilAsserted(
              () -> {
                other.signal();
                assertThat(names).contains("given");
              });
    } finally {
      single.shutdownNow();
    }
    assertThat(names.get(0)).startsWith("rollcall-listener-");
  }

  @Test
  void watchdog_afterClose_ends() {
    Dispatcher dispatcher =
        new Dispatcher(
            timer,
            RealMachine.INSTANCE.listenerPool(),
            task -> {
              throw new RejectedExecutionException("full");
            });
    awaitBlocked(
        signal(
            blocking(new Dispatcher(timer, RealMachine.INSTANCE.listenerPool(), Runnable::run))));
    dispatcher.close();
    List<SubscriberTest.Counting> both = List.of(subscriber(dispatcher), subscriber(dispatcher));
    new SubscriberGroup(dispatcher, both).signal();
    timer.time.advance(A_SECOND);
    assertThat(timer.time.pending()).isZero();
  }
}
