package dev.rollcall.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Balancer;
import dev.rollcall.Samples;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceView;
import dev.rollcall.Snapshot;
import dev.rollcall.spi.InstanceEvent;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Readers beside a writer of 10,000 instances a second. The writer changes two instances as one, to
 * the same number, which only grows: so whoever sees two numbers in a pair has seen half a change,
 * and whoever sees a smaller number than before an old state after a newer one.
 */
class ReadWhileWrittenTest extends RegistryFixture {
  private static final int PAIRS = 800; // more than one chunk
  private static final int CHANGES_A_SECOND = 5_000; // of two instances each

  private static ServiceInstance half(int pair, char side, int number) {
    return Samples.instance("%05d%s".formatted(pair, side), 1000 + pair).toBuilder()
        .weight(number)
        .build();
  }

  @Test
  void readers_seeWholeStatesInOrder() throws Exception {
    run(2);
  }

  @Test
  @Tag("long")
  void readers_seeWholeStatesInOrder_forAMinute() throws Exception {
    run(60);
  }

  private void run(int seconds) throws Exception {
    ServiceView all = registry.service("orders");
    List<ServiceInstance> first = new ArrayList<>();
    for (int pair = 0; pair < PAIRS; pair++) {
      first.add(half(pair, 'a', 0));
      first.add(half(pair, 'b', 0));
    }
    backend.lastWatch().load(first.toArray(new ServiceInstance[0]));
    ServiceView weighted = all.balancedBy(Balancer.weighted());
    ServiceView right = all.where(instance -> instance.id().endsWith("b"));

    AtomicBoolean ended = new AtomicBoolean();
    ExecutorService threads = Executors.newFixedThreadPool(3);
    List<Future<Long>> readers =
        List.of(
            threads.submit(() -> read(all, true, ended)),
            threads.submit(() -> read(weighted, true, ended)),
            threads.submit(() -> read(right, false, ended)));
    int number;
    try {
      number = write(seconds);
    } finally {
      ended.set(true);
      threads.shutdown();
    }
    for (Future<Long> reader : readers) {
      assertThat(reader.get(1, TimeUnit.MINUTES)).isPositive();
    }
    assertThat(all.snapshot().revision()).isEqualTo(number);
  }

  /** Changes one pair after the other; returns the revision of the last change. */
  private int write(int seconds) {
    long begun = System.nanoTime();
    int number = 0;
    while (System.nanoTime() - begun < TimeUnit.SECONDS.toNanos(seconds)) {
      number++;
      int pair = (int) (number * 7919L % PAIRS);
      backend
          .lastWatch()
          .sink
          .apply(
              List.of(
                  new InstanceEvent.Put(half(pair, 'a', number)),
                  new InstanceEvent.Put(half(pair, 'b', number))),
              number);
      long due = begun + number * (TimeUnit.SECONDS.toNanos(1) / CHANGES_A_SECOND);
      while (due - System.nanoTime() > 0) {
        LockSupport.parkNanos(due - System.nanoTime());
      }
    }
    return number;
  }

  /** Reads until the end; returns how many states were looked at. */
  private static long read(ServiceView view, boolean both, AtomicBoolean ended) {
    int[] newest = new int[PAIRS];
    long version = 0;
    long states = 0;
    do {
      Snapshot now = view.snapshot();
      assertThat(now.version()).isGreaterThanOrEqualTo(version);
      version = now.version();
      List<ServiceInstance> instances = now.instances();
      HashSet<String> ids = new HashSet<>();
      int[] of = new int[PAIRS];
      for (ServiceInstance instance : instances) {
        int pair = instance.port() - 1000;
        assertThat(ids.add(instance.id())).as("%s twice", instance.id()).isTrue();
        if (both && instance.id().endsWith("b")) {
          assertThat(instance.weight()).as("half a change of pair %s", pair).isEqualTo(of[pair]);
        }
        of[pair] = instance.weight();
        if (instance.weight() < newest[pair]) {
          throw new AssertionError("an older state after a newer one, of pair " + pair);
        }
        newest[pair] = instance.weight();
      }
      assertThat(ids).hasSize(both ? 2 * PAIRS : PAIRS);
      assertThat(view.pick().service()).isEqualTo("orders");
      states++;
    } while (!ended.get());
    return states;
  }
}
