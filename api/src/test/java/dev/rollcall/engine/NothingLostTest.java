package dev.rollcall.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Change;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceView;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * W4 beside threads that take every core: after each burst of changes all listeners end at the last
 * one. A burst is as short as one change, since a loss is made good by the next change.
 */
class NothingLostTest {
  private static final long PATIENCE_MINUTES = 5;

  /** The last change of a burst, and who has still to hear it. */
  private record Burst(int last, CountDownLatch unheard) {}

  private volatile Burst burst = new Burst(0, new CountDownLatch(0));

  private void hear(Change change) {
    Burst now = burst;
    if (change.now().all().get(0).weight() == now.last) {
      now.unheard.countDown(); // once a listener: no state is delivered twice
    }
  }

  private void publish(int listeners, int changes, int longestBurst) throws InterruptedException {
    long seed = System.nanoTime();
    System.out.println("NothingLostTest seed " + seed);
    Random random = new Random(seed);
    AtomicBoolean done = new AtomicBoolean();
    ScriptedBackend backend = new ScriptedBackend();
    try (Registry registry =
        Registry.builder(backend).massLossProtection(1, Duration.ofMinutes(5)).build()) {
      for (int i = 0; i < Runtime.getRuntime().availableProcessors(); i++) {
        Thread busy =
            new Thread(
                () -> {
                  while (!done.get()) {
                    Thread.onSpinWait();
                  }
                });
        busy.setDaemon(true);
        busy.start();
      }
      ServiceView view = registry.service("orders");
      ServiceInstance[] states = new ServiceInstance[1000];
      for (int i = 0; i < states.length; i++) {
        states[i] =
            ServiceInstance.builder("orders")
                .id("a")
                .address("127.0.0.1", 8080)
                .weight(i + 1)
                .build();
      }
      burst = new Burst(states[0].weight(), new CountDownLatch(listeners));
      for (int i = 0; i < listeners; i++) {
        view.watch(this::hear);
      }
      backend.lastWatch().load(states[0]);
      int published = 0;
      awaitAll(published);
      while (published < changes) {
        int length = Math.min(changes - published, 1 + random.nextInt(longestBurst));
        int last = published + length;
        burst = new Burst(states[last % states.length].weight(), new CountDownLatch(listeners));
        while (published < last) {
          published++;
          backend.lastWatch().sink.put(states[published % states.length], published + 1);
        }
        awaitAll(published);
      }
    } finally {
      done.set(true);
    }
  }

  private void awaitAll(int published) throws InterruptedException {
    assertThat(burst.unheard.await(PATIENCE_MINUTES, TimeUnit.MINUTES))
        .as("all have heard change %s, but %s", published, burst.unheard.getCount())
        .isTrue();
  }

  @Test
  void twoListeners_hearTheLastChangeOfEachBurst() throws InterruptedException {
    publish(2, 20_000, 40);
  }

  @Test
  void aThousandListeners_hearTheLastChangeOfEachBurst() throws InterruptedException {
    publish(1000, 5_000, 40);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 1000})
  @Tag("long")
  void tenMillionChanges_areHeard(int listeners) throws InterruptedException {
    publish(listeners, 10_000_000, 200);
  }
}
