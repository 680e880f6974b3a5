package dev.rollcall.spi.support;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class SerialDeliveryTest {
  private final List<Runnable> left = new ArrayList<>();
  private final List<String> called = new ArrayList<>();

  /** A mailbox that keeps all. */
  private static final class Mailbox extends SerialDelivery {
    private final ArrayDeque<Runnable> calls = new ArrayDeque<>();
    private final List<Throwable> thrown = new ArrayList<>();

    Mailbox(int maxCalls, List<Runnable> left) {
      super(maxCalls, left::add);
    }

    void add(Runnable call) {
      boolean mine;
      synchronized (this) {
        if (isShut()) {
          return;
        }
        calls.add(call);
        mine = claim();
      }
      if (mine) {
        deliver();
      }
    }

    synchronized void close() {
      shut();
    }

    @Override
    protected @Nullable Runnable next() {
      return calls.poll();
    }

    @Override
    protected void failed(Throwable failure) {
      thrown.add(failure);
    }
  }

  @Test
  void add_fromWithinACall_comesAfterIt() {
    Mailbox mailbox = new Mailbox(10, left);
    mailbox.add(
        () -> {
          mailbox.add(() -> called.add("inner"));
          called.add("outer");
        });
    assertThat(called).containsExactly("outer", "inner");
  }

  @Test
  void add_aCallThatThrows_isTold_andTheNextIsMade() {
    Mailbox mailbox = new Mailbox(10, left);
    IllegalStateException failure = new IllegalStateException("thrown");
    mailbox.add(
        () -> {
          mailbox.add(() -> called.add("next"));
          throw failure;
        });
    assertThat(called).containsExactly("next");
    assertThat(mailbox.thrown).containsExactly(failure);
  }

  @Test
  void deliver_afterManyCalls_leavesTheRestToOthers_inOrder() {
    Mailbox mailbox = new Mailbox(2, left);
    mailbox.add(
        () -> {
          called.add("1");
          List.of("2", "3", "4", "5").forEach(word -> mailbox.add(() -> called.add(word)));
        });
    assertThat(called).containsExactly("1", "2");
    mailbox.add(() -> called.add("6"));
    assertThat(called).containsExactly("1", "2");
    while (!left.isEmpty()) {
      left.remove(0).run();
    }
    assertThat(called).containsExactly("1", "2", "3", "4", "5", "6");
  }

  @Test
  void shut_beginsNoFurtherCall() {
    Mailbox mailbox = new Mailbox(10, left);
    mailbox.add(
        () -> {
          mailbox.add(() -> called.add("late"));
          mailbox.close();
        });
    mailbox.add(() -> called.add("later"));
    assertThat(called).isEmpty();
  }

  @Test
  void add_byManyThreads_isCalledOneAtATime_andAllOfIt() throws InterruptedException {
    Mailbox mailbox = new Mailbox(Integer.MAX_VALUE, left);
    AtomicInteger inside = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    AtomicInteger all = new AtomicInteger();
    CountDownLatch done = new CountDownLatch(4 * 2_000);
    List<Thread> threads = new ArrayList<>();
    for (int t = 0; t < 4; t++) {
      Thread thread =
          new Thread(
              () -> {
                for (int i = 0; i < 2_000; i++) {
                  mailbox.add(
                      () -> {
                        most.accumulateAndGet(inside.incrementAndGet(), Math::max);
                        all.incrementAndGet();
                        inside.decrementAndGet();
                        done.countDown();
                      });
                }
              },
              "adder-" + t);
      threads.add(thread);
      thread.start();
    }
    assertThat(done.await(1, TimeUnit.MINUTES)).isTrue();
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(most).hasValue(1);
    assertThat(all).hasValue(4 * 2_000);
  }
}
