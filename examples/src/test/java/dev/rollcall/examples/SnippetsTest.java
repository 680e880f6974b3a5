package dev.rollcall.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Freshness;
import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceView;
import dev.rollcall.Snapshot;
import dev.rollcall.Subscription;
import dev.rollcall.kv.KeyValueStore;
import dev.rollcall.kv.Keys;
import dev.rollcall.testkit.server.ConsulExtension;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** How it reads to use, as code that runs. */
class SnippetsTest {
  @RegisterExtension static final ConsulExtension consul = ConsulExtension.create();

  @Test
  void beThereAndFindSomebody() throws Exception {
    try (Registry registry = Registry.open("memory:")) {
      Registration self =
          registry
              .register(
                  ServiceInstance.builder("orders")
                      .address("10.0.0.7", 8080)
                      .tag("v2")
                      .zone("eu-1a")
                      .build(),
                  Liveness.heartbeat(Duration.ofSeconds(10)))
              .join();

      ServiceView orders = registry.service("orders");
      orders.await(Duration.ofSeconds(30));
      ServiceInstance target = orders.pick();
      List<ServiceInstance> all = orders.instances();
      assertThat(all).containsExactly(target);

      CountDownLatch told = new CountDownLatch(1);
      Subscription watching =
          orders.watch(
              change -> {
                if (change.added().contains(target)) {
                  told.countDown();
                }
              });
      assertThat(told.await(30, TimeUnit.SECONDS)).isTrue();
      watching.close();

      Snapshot now = orders.snapshot();
      if (now.freshness() instanceof Freshness.Stale stale) {
        throw new AssertionError("as of " + stale.age() + " ago: " + stale.cause());
      }
      self.drain(Duration.ofMillis(1)).join();
      assertThat(registry.snapshot("orders").join().all()).isEmpty();
    }
  }

  /**
   * Its hook runs at the end of the tests; the registry is closed before, as a hook may find it.
   */
  @Test
  void leaveInAHookOfOnesOwn() {
    Runnable stopServing = () -> {};
    Registry registry = Registry.open("memory:");
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  stopServing.run();
                  registry.close();
                }));
    registry.close();
  }

  @Test
  void configurationOnTheSameStore() throws Exception {
    BlockingQueue<String> told = new ArrayBlockingQueue<>(10);
    try (KeyValueStore config =
        KeyValueStore.open("consul://127.0.0.1:" + consul.port() + "/app/config")) {
      config.put("db/pool", "20").join();
      config.watch(
          Keys.prefix("db/"),
          change -> told.add(change.now().values().stream().map(it -> it.text()).toList() + ""));
      assertThat(told.poll(30, TimeUnit.SECONDS)).isEqualTo("[20]");
      config.delete("db/pool").join();
      assertThat(told.poll(30, TimeUnit.SECONDS)).isEqualTo("[]");
    }
  }
}
