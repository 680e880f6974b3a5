package dev.rollcall.etcd;

import static dev.rollcall.etcd.Rig.bytes;
import static dev.rollcall.etcd.Rig.done;
import static dev.rollcall.etcd.Rig.within;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.rollcall.Liveness;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import dev.rollcall.kv.Bytes;
import dev.rollcall.kv.KeyValue;
import dev.rollcall.kv.KeyValueStore;
import dev.rollcall.kv.Keys;
import dev.rollcall.spi.Lease;
import dev.rollcall.spi.LeaseListener.LeaseEnd;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest.Claim;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Selector;
import dev.rollcall.testkit.ChangeChecker;
import dev.rollcall.testkit.RecordingSink;
import dev.rollcall.testkit.server.EtcdServer;
import dev.rollcall.testkit.server.FaultProxy;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.KV;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Entries as large as they may be, more of them than one message holds. */
class EtcdLargeTest {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private final Rig rig = new Rig();
  private EtcdServer server;
  private FaultProxy proxy;

  @BeforeEach
  void start() {
    server = rig.closing(EtcdServer.launch("3.5"));
    proxy = rig.closing(FaultProxy.to(server));
  }

  @AfterEach
  void stop() {
    rig.close();
  }

  /** An instance at the limits of its fields: more than 130 kB. */
  private static ServiceInstance large(String id, int version) {
    ServiceInstance.Builder instance =
        ServiceInstance.builder(Rig.SERVICE).id(id).address("127.0.0.1", 9);
    for (int i = 0; i < 64; i++) {
      String two = (char) ('a' + i / 8) + "" + (char) ('a' + i % 8);
      instance.tag(two + "\"".repeat(510)); // which takes two bytes each in JSON
      instance.metadata(two + "k".repeat(126), "\"".repeat(512));
    }
    return instance.weight(version).build();
  }

  /** One with time for a hundred megabytes on a busy machine. */
  private Registry registry(int port) {
    return rig.closing(
        Registry.builder(EtcdBackend.open("etcd://127.0.0.1:" + port + "?timeout=60s", rig.timer))
            .timer(rig.timer)
            .deadline(PATIENCE)
            .build());
  }

  private static void register(Registry registry, int count, int version) {
    List<CompletableFuture<?>> registered = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      registered.add(
          registry.register(large("i" + i, version), Liveness.heartbeat(Duration.ofMinutes(10))));
      if (registered.size() == 50) {
        registered.forEach(Rig::done);
        registered.clear();
      }
    }
    registered.forEach(Rig::done);
  }

  @Test
  @DisplayName("500 instances at the limits of their fields are listed, watched and looked up")
  void instances_areListedAndWatched() {
    instances(500);
  }

  @Test
  @Tag("long")
  @DisplayName("2,000 instances at the limits of their fields are listed, watched and looked up")
  void manyInstances_areListedAndWatched() {
    instances(2_000);
  }

  private void instances(int count) {
    register(registry(server.port()), count, 1);
    Registry other = registry(server.port());

    assertThat(done(other.snapshot(Rig.SERVICE)).instances()).hasSize(count);
    assertThat(other.service(Rig.SERVICE).await(PATIENCE).instances()).hasSize(count);
    assertThat(other.catalog().await(PATIENCE).services()).contains(Rig.SERVICE);
  }

  @Test
  @Tag("long")
  @DisplayName("a watch that missed more than one message holds goes on with all of it")
  void missedChanges_comeAll() {
    Registry writer = registry(server.port());
    register(writer, 500, 1);
    Registry reader = registry(proxy.port());
    ChangeChecker checker = new ChangeChecker();
    rig.closing(reader.service(Rig.SERVICE).watch(checker));
    within(PATIENCE, () -> assertThat(checker.instances()).hasSize(500));

    proxy.cut();
    register(writer, 500, 2);
    proxy.heal();

    within(
        PATIENCE,
        () ->
            assertThat(checker.instances())
                .hasSize(500)
                .allSatisfy(instance -> assertThat(instance.weight()).isEqualTo(2)));
    assertThat(checker.violations()).isEmpty();
  }

  @Test
  @Tag("long")
  @DisplayName("values at their limit are listed and watched, also after small ones")
  void values_areListedAndWatched() {
    KeyValueStore store =
        rig.closing(KeyValueStore.open("etcd://127.0.0.1:" + server.port() + "/large"));
    Bytes value = Bytes.of(new byte[512 * 1024]);
    IntStream.range(0, 1_000).forEach(i -> done(store.put("a" + i, "small")));
    IntStream.range(0, 200).forEach(i -> done(store.put("b" + i, value)));

    List<KeyValue> listed = done(store.list(""));
    assertThat(listed).hasSize(1_200);
    AtomicInteger now = new AtomicInteger();
    rig.closing(store.watch(Keys.prefix(""), change -> now.set(change.now().size())));
    within(PATIENCE, () -> assertThat(now).hasValue(1_200));
  }

  @Test
  @DisplayName("owners learn what became of their keys, whatever took their place")
  void overwrittenKeys_areToldToTheirOwners() {
    EtcdBackend backend = rig.backend("etcd://127.0.0.1:" + server.port() + "?timeout=60s");
    Map<LeaseEnd, Integer> ends = new ConcurrentHashMap<>();
    List<Lease> leases = new ArrayList<>();
    for (int i = 0; i < 80; i++) {
      leases.add(
          done(
              Rig.putting(
                  backend,
                  Rig.instance("i" + i, 1),
                  Liveness.heartbeat(Duration.ofMinutes(10)),
                  Claim.TAKE_OVER,
                  how -> ends.merge(how, 1, Integer::sum))));
    }
    KV raw = rig.jetcd(server.endpoint()).getKVClient();
    done(raw.delete(bytes("/rollcall/orders/i0")));
    for (int i = 1; i < 80; i++) {
      done(raw.put(bytes("/rollcall/orders/i" + i), ByteSequence.from(new byte[1_300_000])));
    }

    List<CompletionStage<Void>> renewals = leases.stream().map(Lease::renew).toList();
    renewals.forEach(
        renewal ->
            assertThat(catchThrowable(() -> done(renewal))).hasMessageContaining("has ended"));
    assertThat(ends).isEqualTo(Map.of(LeaseEnd.REMOVED, 1, LeaseEnd.SUPERSEDED, 79));
  }

  @Test
  @DisplayName("a departure by a name with dots, and a take-over, read nobody's value")
  void values_areNotReadWhereKeysSuffice() {
    EtcdBackend beside = rig.backend("etcd://127.0.0.1:" + server.port());
    for (int i = 0; i < 20; i++) {
      Rig.put(beside, large("i" + i, 1));
    }
    KV raw = rig.jetcd(server.endpoint()).getKVClient();
    done(raw.put(bytes("/rollcall/orders/eu/west"), bytes("127.0.0.1:9")));
    EtcdBackend backend = rig.backend("etcd://127.0.0.1:" + proxy.port());

    done(backend.deregister(Rig.key("eu.west"), Owner.ANY));
    assertThat(done(raw.get(bytes("/rollcall/orders/eu/west"))).getCount()).isZero();
    assertThat(proxy.counts().bytesToClients()).isLessThan(100_000);
    Rig.put(backend, Rig.instance("i0", 2));
    assertThat(Rig.stored(beside)).contains(Rig.instance("i0", 2));
    assertThat(proxy.counts().bytesToClients()).isLessThan(100_000);
  }

  @Tag("long")
  @Test
  @DisplayName(
      "a line too slow for a page of large entries within the deadline brings them in parts")
  void slowLine_bringsThemAll() {
    EtcdBackend beside = rig.backend("etcd://127.0.0.1:" + server.port());
    for (int i = 0; i < 12; i++) {
      Rig.put(beside, large("i" + i, 1));
    }
    EtcdBackend backend = rig.backend("etcd://127.0.0.1:" + proxy.port() + "?timeout=2s");
    proxy.slice(16 * 1024, Duration.ofMillis(40)); // 400 KB/s for 1.7 MB

    RecordingSink sink = new RecordingSink(Selector.everything());
    RegistryBackend.Watch watch = rig.closing(backend.watch(Selector.everything(), sink));
    within(PATIENCE, () -> assertThat(sink.state()).hasSize(12));
    within(PATIENCE, () -> Rig.check(sink.isLive(), "not live"));
    watch.close();
    assertThat(sink.violations()).isEmpty();

    for (int i = 0; i < 40; i++) {
      Rig.put(beside, Rig.instance("a" + i, 1));
    }
    assertThat(done(backend.snapshot(Selector.everything())).instances())
        .as("small ones first, after which too many large ones are asked for")
        .hasSize(52);
  }
}
