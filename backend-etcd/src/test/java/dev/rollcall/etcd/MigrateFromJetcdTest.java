package dev.rollcall.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceView;
import dev.rollcall.kv.KeyValue;
import dev.rollcall.kv.KeyValueStore;
import dev.rollcall.kv.KeyValueView;
import dev.rollcall.kv.Keys;
import dev.rollcall.testkit.server.EtcdExtension;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.Watch;
import io.etcd.jetcd.lease.LeaseKeepAliveResponse;
import io.etcd.jetcd.options.GetOption;
import io.etcd.jetcd.options.PutOption;
import io.etcd.jetcd.options.WatchOption;
import io.grpc.stub.StreamObserver;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * The code of {@code docs/migrate-from-jetcd.md}: an application that writes its keys by hand, and
 * one with Rollcall, at the same time on one etcd.
 */
class MigrateFromJetcdTest {
  @RegisterExtension static final EtcdExtension etcd = EtcdExtension.version("3.5");

  private static final Duration PATIENCE = Duration.ofMinutes(1);

  /** As it was written by hand: what is told of the lease nobody reads. */
  private static final class Before implements AutoCloseable {
    private final Client client;
    private long lease;

    Before(String endpoint) {
      client = Client.builder().endpoints(endpoint).build();
    }

    void register(String key, String value) throws Exception {
      lease = client.getLeaseClient().grant(10).get().getID();
      PutOption onLease = PutOption.builder().withLeaseId(lease).build();
      client.getKVClient().put(bytes(key), bytes(value), onLease).get();
      client.getLeaseClient().keepAlive(lease, NOBODY_LISTENS);
    }

    Map<String, String> find(String prefix) throws Exception {
      GetOption all = GetOption.builder().isPrefix(true).build();
      Map<String, String> found = new TreeMap<>();
      client
          .getKVClient()
          .get(bytes(prefix), all)
          .get()
          .getKvs()
          .forEach(each -> found.put(text(each.getKey()), text(each.getValue())));
      return found;
    }

    Watch.Watcher follow(String prefix, Runnable changed) {
      WatchOption all = WatchOption.builder().isPrefix(true).build();
      return client.getWatchClient().watch(bytes(prefix), all, events -> changed.run());
    }

    void put(String key, String value) throws Exception {
      client.getKVClient().put(bytes(key), bytes(value)).get();
    }

    void leave() throws Exception {
      client.getLeaseClient().revoke(lease).get();
    }

    @Override
    public void close() {
      client.close();
    }
  }

  private static final StreamObserver<LeaseKeepAliveResponse> NOBODY_LISTENS =
      new StreamObserver<>() {
        @Override
        public void onNext(LeaseKeepAliveResponse renewed) {}

        @Override
        public void onError(Throwable failed) {}

        @Override
        public void onCompleted() {}
      };

  /** Shows in a registry what stands in another place, as long as this is open. */
  private static final class Mirror implements AutoCloseable {
    private static final Liveness ALIVE = Liveness.heartbeat(Duration.ofSeconds(30));

    private final Registry registry;
    private final Map<String, CompletableFuture<Registration>> shown = new HashMap<>();

    Mirror(Registry registry) {
      this.registry = registry;
    }

    /**
     * Takes the complete state, by id, again and again. Leaves alone whoever has registered there
     * by himself: an exclusive registration gives way to him.
     */
    synchronized void show(Map<String, ServiceInstance> now) {
      now.forEach(
          (id, instance) -> {
            CompletableFuture<Registration> known = shown.get(id);
            if (known == null || known.isCompletedExceptionally()) {
              shown.put(id, registry.registerExclusive(instance, ALIVE));
            } else {
              known.thenAccept(registration -> update(registration, instance));
            }
          });
      shown.entrySet().removeIf(each -> !now.containsKey(each.getKey()) && leave(each.getValue()));
    }

    private static void update(Registration known, ServiceInstance now) {
      if (!known.instance().equals(now)) {
        known.update(now);
      }
    }

    private static boolean leave(CompletableFuture<Registration> gone) {
      gone.thenCompose(Registration::deregister);
      return true;
    }

    @Override
    public synchronized void close() {
      shown.values().forEach(Mirror::leave);
      shown.clear();
    }
  }

  private static ByteSequence bytes(String text) {
    return ByteSequence.from(text, StandardCharsets.UTF_8);
  }

  private static String text(ByteSequence bytes) {
    return bytes.toString(StandardCharsets.UTF_8);
  }

  private static List<String> addresses(ServiceView view) {
    return view.instances().stream().map(ServiceInstance::authority).sorted().toList();
  }

  private static String uri(String pathAndOptions) {
    return "etcd://127.0.0.1:" + etcd.port() + pathAndOptions;
  }

  private static ServiceInstance orders2() {
    return ServiceInstance.builder("orders").id("orders-2").address("127.0.0.1", 8002).build();
  }

  @Test
  void hostAndPort_bothSidesReadAndWriteTheSameKeys() throws Exception {
    String store = uri("/services?format=plain");
    try (Before before = new Before(etcd.endpoint());
        Registry registry = Registry.open(store)) {
      before.register("/services/orders/orders-1", "127.0.0.1:8001");
      ServiceView orders = registry.service("orders");
      await().atMost(PATIENCE).until(() -> addresses(orders).equals(List.of("127.0.0.1:8001")));
      AtomicInteger changes = new AtomicInteger();
      Watch.Watcher following = before.follow("/services/orders/", changes::incrementAndGet);

      Registration registration =
          registry.register(orders2(), Liveness.heartbeat(Duration.ofSeconds(10))).join();
      assertThat(before.find("/services/orders/"))
          .isEqualTo(
              Map.of(
                  "/services/orders/orders-1", "127.0.0.1:8001",
                  "/services/orders/orders-2", "127.0.0.1:8002"));
      await().atMost(PATIENCE).until(() -> changes.get() > 0);
      await().atMost(PATIENCE).until(() -> orders.instances().size() == 2);

      before.leave();
      await().atMost(PATIENCE).until(() -> addresses(orders).equals(List.of("127.0.0.1:8002")));
      assertThat(before.find("/services/orders/")).containsOnlyKeys("/services/orders/orders-2");

      // The way back.
      before.register("/services/orders/orders-1", "127.0.0.1:8001");
      registration.drain(Duration.ofMillis(100)).join();
      assertThat(before.find("/services/orders/")).containsOnlyKeys("/services/orders/orders-1");
      following.close();
    }
  }

  @Test
  void formatOfTheEnd_isReadBesideThatOfTheMove() {
    try (Registry moving = Registry.open(uri("/end?format=plain"));
        Registry done = Registry.open(uri("/end"))) {
      moving.register(orders2(), Liveness.heartbeat(Duration.ofSeconds(10))).join();
      ServiceInstance third =
          ServiceInstance.builder("orders")
              .id("3")
              .address("127.0.0.1", 8003)
              .zone("eu-1a")
              .build();
      done.register(third, Liveness.heartbeat(Duration.ofSeconds(10))).join();
      List<String> both = List.of("127.0.0.1:8002", "127.0.0.1:8003");
      await().atMost(PATIENCE).until(() -> addresses(moving.service("orders")).equals(both));
      await().atMost(PATIENCE).until(() -> addresses(done.service("orders")).equals(both));
    }
  }

  @Test
  void jsonWithHostAndPort_isTheUsualFormat() throws Exception {
    try (Before before = new Before(etcd.endpoint());
        Registry registry = Registry.open(uri("/json"))) {
      before.register(
          "/json/orders/orders-1", "{\"host\":\"127.0.0.1\",\"port\":8001,\"version\":\"7\"}");
      ServiceView orders = registry.service("orders");
      await().atMost(PATIENCE).until(() -> addresses(orders).equals(List.of("127.0.0.1:8001")));

      registry.register(orders2(), Liveness.heartbeat(Duration.ofSeconds(10))).join();
      assertThat(before.find("/json/orders/").get("/json/orders/orders-2"))
          .startsWith("{\"host\":\"127.0.0.1\",\"port\":8002,");
    }
  }

  /**
   * Keys of no form that Rollcall knows: {@code /app/instances/ID} is {@code SERVICE@HOST|PORT}.
   */
  private static Map<String, ServiceInstance> instances(Map<String, String> keys) {
    Map<String, ServiceInstance> instances = new HashMap<>();
    keys.forEach(
        (key, value) -> {
          String id = key.substring("/app/instances/".length());
          String service = value.substring(0, value.indexOf('@'));
          String host = value.substring(value.indexOf('@') + 1, value.indexOf('|'));
          int port = Integer.parseInt(value.substring(value.indexOf('|') + 1));
          instances.put(id, ServiceInstance.builder(service).id(id).address(host, port).build());
        });
    return instances;
  }

  @Test
  void anyOtherLayout_isMirrored_andTheNewOnesKeepWritingTheOldKey() throws Exception {
    ScheduledExecutorService worker = Executors.newSingleThreadScheduledExecutor();
    try (Before before = new Before(etcd.endpoint());
        Before kept = new Before(etcd.endpoint());
        Registry bridge = Registry.open(uri("/mirrored"));
        Registry registry = Registry.open(uri("/mirrored"));
        Mirror mirror = new Mirror(bridge)) {
      ServiceView orders = registry.service("orders");
      before.register("/app/instances/orders-1", "orders@127.0.0.1|8001");
      worker.scheduleWithFixedDelay(() -> look(before, mirror), 0, 1, TimeUnit.SECONDS);
      await().atMost(PATIENCE).until(() -> addresses(orders).equals(List.of("127.0.0.1:8001")));

      // A new one: registered by Rollcall, and its old key for those that look for that.
      Registration self =
          registry.register(orders2(), Liveness.heartbeat(Duration.ofSeconds(10))).join();
      kept.register("/app/instances/orders-2", "orders@127.0.0.1|8002");
      assertThat(before.find("/app/instances/")).containsKey("/app/instances/orders-2");
      List<String> both = List.of("127.0.0.1:8001", "127.0.0.1:8002");
      await().atMost(PATIENCE).until(() -> addresses(orders).equals(both));

      before.leave();
      await().atMost(PATIENCE).until(() -> addresses(orders).equals(List.of("127.0.0.1:8002")));
      mirror.show(instances(before.find("/app/instances/")));
      assertThat(self.state()).isEqualTo(Registration.State.ACTIVE);
      kept.leave();
      mirror.show(instances(before.find("/app/instances/")));
      assertThat(before.find("/app/instances/")).isEmpty();
      assertThat(registry.snapshot("orders").join().all()).hasSize(1);
      assertThat(self.state()).isEqualTo(Registration.State.ACTIVE);
    } finally {
      worker.shutdownNow();
    }
  }

  /** Goes on where a look has failed: the next one is a second later. */
  private static void look(Before before, Mirror mirror) {
    try {
      mirror.show(instances(before.find("/app/instances/")));
    } catch (Exception failed) {
      System.err.println("not mirrored: " + failed);
    }
  }

  @Test
  void bothReadTheSameKeys() throws Exception {
    try (Before before = new Before(etcd.endpoint());
        KeyValueStore config = KeyValueStore.open(uri("?kv-prefix=/config/orders/"))) {
      KeyValueView<String> view = config.view(Keys.prefix("db/"), KeyValue::text);
      before.put("/config/orders/db/pool", "20");
      await().atMost(PATIENCE).until(() -> view.get("db/pool").orElse("10").equals("20"));

      config.put("db/pool", "30").join();
      assertThat(before.find("/config/orders/db/pool")).containsValue("30");
    }
  }
}
