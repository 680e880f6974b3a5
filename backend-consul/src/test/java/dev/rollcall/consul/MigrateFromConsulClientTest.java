package dev.rollcall.consul;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.orbitz.consul.Consul;
import com.orbitz.consul.NotRegisteredException;
import com.orbitz.consul.cache.KVCache;
import com.orbitz.consul.cache.ServiceHealthCache;
import com.orbitz.consul.model.health.ServiceHealth;
import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceView;
import dev.rollcall.kv.KeyValue;
import dev.rollcall.kv.KeyValueStore;
import dev.rollcall.kv.KeyValueView;
import dev.rollcall.kv.Keys;
import dev.rollcall.testkit.server.ConsulExtension;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * The code of {@code docs/migrate-from-consul-client.md}: an application with the client of others,
 * used by hand, and one with Rollcall, at the same time on one Consul.
 */
class MigrateFromConsulClientTest {
  @RegisterExtension static final ConsulExtension consul = ConsulExtension.create();

  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private final Map<String, Integer> seen = new ConcurrentHashMap<>();

  /** As it was written by hand. */
  private static final class Before implements AutoCloseable {
    private final Consul client;
    private final ScheduledExecutorService heart = Executors.newSingleThreadScheduledExecutor();

    Before(String url) {
      client = Consul.builder().withUrl(url).withReadTimeoutMillis(20_000).build();
    }

    void register(int port) {
      client.agentClient().register(port, 10L, "orders", "orders-1", List.of("v1"), Map.of());
      heart.scheduleAtFixedRate(this::pass, 0, 3, TimeUnit.SECONDS);
    }

    private void pass() {
      try {
        client.agentClient().pass("orders-1");
      } catch (NotRegisteredException gone) {
        System.err.println("not registered any more, and nobody mends it: " + gone);
      }
    }

    List<String> find() {
      List<ServiceHealth> healthy =
          client.healthClient().getHealthyServiceInstances("orders").getResponse();
      return healthy.stream().map(Before::address).sorted().toList();
    }

    private static String address(ServiceHealth found) {
      String own = found.getService().getAddress();
      String host = own.isEmpty() ? found.getNode().getAddress() : own;
      return host + ":" + found.getService().getPort();
    }

    ServiceHealthCache follow(Map<String, Integer> seen) {
      ServiceHealthCache cache = ServiceHealthCache.newCache(client.healthClient(), "orders");
      cache.addListener(now -> seen.put("orders", now.size()));
      cache.start();
      return cache;
    }

    String pool() {
      return client.keyValueClient().getValueAsString("config/orders/db/pool").orElse("10");
    }

    KVCache followKeys(Map<String, Integer> seen) {
      KVCache cache = KVCache.newCache(client.keyValueClient(), "config/orders");
      cache.addListener(now -> seen.put("keys", now.size()));
      cache.start();
      return cache;
    }

    void leave() {
      heart.shutdownNow();
      client.agentClient().deregister("orders-1");
    }

    @Override
    public void close() {
      heart.shutdownNow();
      client.destroy();
    }
  }

  private static ServiceInstance instance(int port) {
    return ServiceInstance.builder("orders").address("127.0.0.1", port).tag("v2").build();
  }

  private static List<String> addresses(ServiceView view) {
    return view.instances().stream().map(ServiceInstance::authority).sorted().toList();
  }

  @Test
  void eachFindsTheOther_andTheRollOutLeavesNoGap() {
    String consulUri = "consul://127.0.0.1:" + consul.port();
    try (Before before = new Before(consul.endpoint());
        Registry registry = Registry.open(consulUri)) {
      ServiceView orders = registry.service("orders");
      before.register(8001);
      await().atMost(PATIENCE).until(() -> addresses(orders).equals(List.of("127.0.0.1:8001")));
      assertThat(orders.pick().tags()).containsExactly("v1");

      ServiceHealthCache following = before.follow(seen);
      Registration registration =
          registry.register(instance(8002), Liveness.heartbeat(Duration.ofSeconds(10))).join();
      List<String> both = List.of("127.0.0.1:8001", "127.0.0.1:8002");
      await().atMost(PATIENCE).until(() -> before.find().equals(both));
      await().atMost(PATIENCE).until(() -> Integer.valueOf(2).equals(seen.get("orders")));
      await().atMost(PATIENCE).until(() -> orders.instances().size() == 2);

      before.leave();
      assertThat(before.find()).as("somebody is there").containsExactly("127.0.0.1:8002");
      await().atMost(PATIENCE).until(() -> addresses(orders).equals(List.of("127.0.0.1:8002")));

      // The way back: the old one first, and then the new one leaves.
      before
          .client
          .agentClient()
          .register(8001, 10L, "orders", "orders-1", List.of("v1"), Map.of());
      before.pass();
      await().atMost(PATIENCE).until(() -> orders.instances().size() == 2);
      registration.drain(Duration.ofMillis(100)).join();
      assertThat(before.find()).containsExactly("127.0.0.1:8001");
      before.leave();
      following.stop();
    }
  }

  @Test
  void theSameId_isTakenOver_andComesBackAfterALateDeregistration() {
    try (Before before = new Before(consul.endpoint());
        Registry registry = Registry.open("consul://127.0.0.1:" + consul.port())) {
      before.client.agentClient().register(8003, 10L, "billing", "billing-1", List.of(), Map.of());
      ServiceInstance self =
          ServiceInstance.builder("billing").id("billing-1").address("127.0.0.1", 8004).build();
      Registration registration =
          registry.register(self, Liveness.heartbeat(Duration.ofSeconds(10))).join();
      ServiceView billing = registry.service("billing");
      await().atMost(PATIENCE).until(() -> addresses(billing).equals(List.of("127.0.0.1:8004")));

      before.client.agentClient().deregister("billing-1"); // of the old process, which ends late
      await().atMost(PATIENCE).until(() -> before.client.agentClient().isRegistered("billing-1"));
      await().atMost(PATIENCE).until(() -> addresses(billing).equals(List.of("127.0.0.1:8004")));
      registration.deregister().join();
    }
  }

  @Test
  void bothReadTheSameKeys() {
    String consulUri = "consul://127.0.0.1:" + consul.port();
    try (Before before = new Before(consul.endpoint());
        KeyValueStore config = KeyValueStore.open(consulUri + "/config/orders")) {
      KeyValueView<String> view = config.view(Keys.prefix("db/"), KeyValue::text);
      KVCache following = before.followKeys(seen);
      before.client.keyValueClient().putValue("config/orders/db/pool", "20");
      await().atMost(PATIENCE).until(() -> view.get("db/pool").orElse("10").equals("20"));
      assertThat(before.pool()).isEqualTo("20");

      config.put("db/pool", "30").join();
      assertThat(before.pool()).isEqualTo("30");
      config.put("db/name", "orders").join();
      await().atMost(PATIENCE).until(() -> Integer.valueOf(2).equals(seen.get("keys")));
      following.stop();
    }
  }
}
