package dev.rollcall.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.rollcall.spi.Timer;
import dev.rollcall.spi.support.SystemTimer;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class DispatcherTest {
  private final Timer timer = SystemTimer.named("test-timer");

  @AfterEach
  void close() {
    timer.close();
  }

  private static SubscriberTest.Counting blocking(Dispatcher dispatcher, CountDownLatch until) {
    return new SubscriberTest.Counting(dispatcher, () -> SubscriberTest.join(until));
  }

  @Test
  void enqueue_withBlockingListeners_delaysNoOther() {
    CountDownLatch until = new CountDownLatch(1);
    try (Dispatcher dispatcher = new Dispatcher(timer, RealMachine.INSTANCE.listenerPool(), null)) {
      for (int i = 0; i < 5; i++) {
        blocking(dispatcher, until).signal();
      }
      SubscriberTest.Counting other = new SubscriberTest.Counting(dispatcher, () -> {});
      other.signal();
      await().untilAsserted(() -> assertThat(other.delivered).hasValue(1));
      other.signal();
      await().untilAsserted(() -> assertThat(other.delivered).hasValue(2));
      until.countDown();
    }
  }

  @Test
  void enqueue_withABlockedGivenThread_delaysNoOther() {
    CountDownLatch until = new CountDownLatch(1);
    ExecutorService single = Executors.newSingleThreadExecutor();
    try (Dispatcher dispatcher =
        new Dispatcher(timer, RealMachine.INSTANCE.listenerPool(), single)) {
      blocking(dispatcher, until).signal();
      SubscriberTest.Counting other = new SubscriberTest.Counting(dispatcher, () -> {});
      other.signal();
      await().untilAsserted(() -> assertThat(other.delivered).hasValue(1));
      until.countDown();
    } finally {
      single.shutdownNow();
    }
  }

  @Test
  void enqueue_withADirectExecutor_runsOnTheCallersThread() {
    List<Thread> threads = new CopyOnWriteArrayList<>();
    try (Dispatcher dispatcher =
        new Dispatcher(new ManualTimer(), RealMachine.INSTANCE.listenerPool(), Runnable::run)) {
      SubscriberTest.Counting subscriber =
          new SubscriberTest.Counting(dispatcher, () -> threads.add(Thread.currentThread()));
      subscriber.signal();
      subscriber.signal();
    }
    assertThat(threads).containsExactly(Thread.currentThread(), Thread.currentThread());
  }

  @Test
  void enqueue_withADirectExecutorThatIsStuck_runsOthersOnAnotherThreadThanTheTimers() {
    CountDownLatch until = new CountDownLatch(1);
    List<String> names = new CopyOnWriteArrayList<>();
    try (Dispatcher dispatcher =
        new Dispatcher(timer, RealMachine.INSTANCE.listenerPool(), Runnable::run)) {
      Thread stuck = new Thread(() -> blocking(dispatcher, until).signal());
      stuck.start();
      await().until(() -> stuck.getState() == Thread.State.WAITING);
      SubscriberTest.Counting other =
          new SubscriberTest.Counting(
              dispatcher, () -> names.add(Thread.currentThread().getName()));
      other.signal();
      await().untilAsserted(() -> assertThat(other.delivered).hasValue(1));
      until.countDown();
    }
    assertThat(names).allMatch(name -> name.startsWith("rollcall-listener-"));
  }

  @Test
  void enqueue_whenTheExecutorRejects_runsOnTheOwnPool() {
    AtomicInteger rejected = new AtomicInteger();
    try (Dispatcher dispatcher =
        new Dispatcher(
            timer,
            RealMachine.INSTANCE.listenerPool(),
            task -> {
              rejected.incrementAndGet();
              throw new RejectedExecutionException("full");
            })) {
      SubscriberTest.Counting subscriber = new SubscriberTest.Counting(dispatcher, () -> {});
      subscriber.signal();
      await().untilAsserted(() -> assertThat(subscriber.delivered).hasValue(1));
      assertThat(rejected).hasValue(1);
    }
  }

  @Test
  void threads_areNamedDaemonsAndEndWithTheDispatcher() {
    List<Thread> threads = new CopyOnWriteArrayList<>();
    CountDownLatch all = new CountDownLatch(3);
    try (Dispatcher dispatcher = new Dispatcher(timer, RealMachine.INSTANCE.listenerPool(), null)) {
      for (int i = 0; i < 3; i++) {
        new SubscriberTest.Counting(
                dispatcher,
                () -> {
                  threads.add(Thread.currentThread());
                  all.countDown();
                  SubscriberTest.join(all);
                })
            .signal();
      }
      SubscriberTest.join(all);
    }
    assertThat(threads)
        .hasSize(3)
        .allMatch(Thread::isDaemon)
        .allMatch(thread -> thread.getName().startsWith("rollcall-listener-"));
    await().until(() -> threads.stream().noneMatch(Thread::isAlive));
  }

  @Test
  void enqueue_afterClose_runsNothing() {
    Dispatcher dispatcher = new Dispatcher(timer, RealMachine.INSTANCE.listenerPool(), null);
    dispatcher.close();
    SubscriberTest.Counting subscriber = new SubscriberTest.Counting(dispatcher, () -> {});
    subscriber.signal();
    dispatcher.run(() -> subscriber.deliver());
    assertThat(subscriber.delivered).hasValue(0);
  }

  @Test
  void enqueue_ofManySubscribers_takesFewThreads() {
    List<String> names = new CopyOnWriteArrayList<>();
    AtomicInteger delivered = new AtomicInteger();
    try (Dispatcher dispatcher =
        new Dispatcher(
            new ManualTimer(),
            RealMachine.INSTANCE.listenerPool(),
            task -> {
              names.add("started");
              new Thread(task).start();
            })) {
      CountDownLatch start = new CountDownLatch(1);
      blocking(dispatcher, start).signal();
      for (int i = 0; i < 1000; i++) {
        new SubscriberTest.Counting(dispatcher, delivered::incrementAndGet).signal();
      }
      start.countDown();
      await().untilAsserted(() -> assertThat(delivered).hasValue(1000));
    }
    assertThat(names).hasSize(1);
  }

  @Test
  void fanout_withAListenerThatBlocks_reachesAllOthersAndThatOneLater() {
    CountDownLatch until = new CountDownLatch(1);
    List<SubscriberTest.Counting> subscribers = new CopyOnWriteArrayList<>();
    try (Dispatcher dispatcher = new Dispatcher(timer, RealMachine.INSTANCE.listenerPool(), null)) {
      for (int i = 0; i < 20; i++) {
        subscribers.add(
            i == 5
                ? blocking(dispatcher, until)
                : new SubscriberTest.Counting(dispatcher, () -> {}));
      }
      SubscriberGroup fanout = new SubscriberGroup(dispatcher, subscribers);
      fanout.signal();
      await()
          .untilAsserted(
              () -> assertThat(subscribers).allMatch(subscriber -> subscriber.delivered.get() > 0));
      int before = subscribers.get(19).delivered.get();
      fanout.signal();
      await()
          .untilAsserted(
              () -> assertThat(subscribers.get(19).delivered).hasValueGreaterThan(before));
      assertThat(subscribers.get(5).delivered).hasValue(1);
      until.countDown();
      await().untilAsserted(() -> assertThat(subscribers.get(5).delivered).hasValue(2));
    }
  }

  @Test
  void fanout_signalledOftenBeforeItRuns_runsOnceOnOneTask() {
    List<Runnable> tasks = new CopyOnWriteArrayList<>();
    List<SubscriberTest.Counting> subscribers = new CopyOnWriteArrayList<>();
    try (Dispatcher dispatcher =
        new Dispatcher(new ManualTimer(), RealMachine.INSTANCE.listenerPool(), tasks::add)) {
      for (int i = 0; i < 100; i++) {
        subscribers.add(new SubscriberTest.Counting(dispatcher, () -> {}));
      }
      SubscriberGroup fanout = new SubscriberGroup(dispatcher, subscribers);
      fanout.signal();
      fanout.signal();
      assertThat(tasks).hasSize(1);
      tasks.get(0).run();
      assertThat(subscribers).allMatch(subscriber -> subscriber.delivered.get() == 1);
      fanout.signal();
      assertThat(tasks).hasSize(2);
    }
  }

  @Test
  void fanout_withListenersThatAllBlock_callsEachOfThem() {
    CountDownLatch until = new CountDownLatch(1);
    List<SubscriberTest.Counting> subscribers = new CopyOnWriteArrayList<>();
    try (Dispatcher dispatcher = new Dispatcher(timer, RealMachine.INSTANCE.listenerPool(), null)) {
      for (int i = 0; i < 8; i++) {
        subscribers.add(blocking(dispatcher, until));
      }
      new SubscriberGroup(dispatcher, subscribers).signal();
      await()
          .untilAsserted(
              () ->
                  assertThat(subscribers).allMatch(subscriber -> subscriber.delivered.get() == 1));
      until.countDown();
    }
  }
}
