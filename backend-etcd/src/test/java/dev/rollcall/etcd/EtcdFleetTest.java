package dev.rollcall.etcd;

import static dev.rollcall.etcd.Rig.bytes;
import static dev.rollcall.etcd.Rig.done;
import static dev.rollcall.etcd.Rig.instance;
import static dev.rollcall.etcd.Rig.put;
import static dev.rollcall.etcd.Rig.putting;
import static dev.rollcall.etcd.Rig.remove;
import static dev.rollcall.etcd.Rig.within;
import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Health;
import dev.rollcall.InstanceKey;
import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.InstanceEvent.Departure;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest.Claim;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Selector;
import dev.rollcall.testkit.RecordingSink;
import dev.rollcall.testkit.server.EtcdExtension;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.KV;
import io.etcd.jetcd.kv.TxnResponse;
import io.etcd.jetcd.op.Op;
import io.etcd.jetcd.options.PutOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Side by side with programs that are no Rollcall, and what this module alone decides. */
@Timeout(value = 1, unit = TimeUnit.MINUTES)
final class EtcdFleetTest {
  @RegisterExtension static final EtcdExtension ETCD = EtcdExtension.version("3.5");

  private Rig rig;
  private String prefix;
  private Client client;
  private KV kv;

  @BeforeEach
  void start() {
    rig = new Rig();
    prefix = "/f" + java.util.UUID.randomUUID();
    client = rig.jetcd(ETCD.endpoint());
    kv = client.getKVClient();
  }

  @AfterEach
  void stop() {
    rig.close();
  }

  private EtcdBackend backend(String options) {
    return rig.backend("etcd://127.0.0.1:" + ETCD.port() + prefix + options);
  }

  private String value(String id) throws Exception {
    var found = kv.get(bytes(prefix + "/orders/" + id)).get().getKvs();
    return found.isEmpty() ? "" : found.get(0).getValue().toString();
  }

  private void set(String key, String value) throws Exception {
    kv.put(bytes(prefix + "/orders/" + key), bytes(value)).get();
  }

  @Test
  @DisplayName("bare addresses, deeper keys and Go records are seen; what is malformed is counted")
  void foreignEntries() throws Exception {
    EtcdBackend backend = backend("");
    RecordingSink sink = rig.liveSink(backend);
    set("plain", "localhost:8000");
    set("eu/west/deep", "10.0.0.9:81");
    set("go", "{\"Op\":0,\"Addr\":\"10.0.0.1:8080\",\"Metadata\":{\"v\":\"1\"}}");
    set("bad", "{\"host\":");
    set("bad", "{\"host\":");
    kv.put(bytes(prefix + "/stray"), bytes("x:1")).get();
    within(
        Duration.ofSeconds(5),
        () ->
            assertThat(sink.state())
                .extracting(ServiceInstance::id)
                .containsExactly("eu.west.deep", "go", "plain"));
    within(
        Duration.ofSeconds(5),
        () -> assertThat(backend.malformedEntries()).isGreaterThanOrEqualTo(2));
    assertThat(done(backend.snapshot(Selector.everything())).instances()).hasSize(3);

    set("plain", "no longer readable");
    kv.delete(bytes(prefix + "/orders/go")).get();
    done(backend.deregister(new InstanceKey("orders", "eu.west.deep"), Owner.ANY));
    within(Duration.ofSeconds(5), () -> assertThat(sink.state()).isEmpty());
    assertThat(sink.violations()).isEmpty();
  }

  @Test
  @DisplayName("format=go: a Go program reads the address, Rollcall every field, and the departure")
  void writesGoRecords() throws Exception {
    EtcdBackend backend = backend("?format=go");
    RecordingSink sink = rig.liveSink(backend(""));
    put(backend, instance("a", 7));
    assertThat(value("a"))
        .startsWith("{\"Op\":0,\"Addr\":\"127.0.0.1:9\",\"Metadata\":{\"number\":\"7\",");
    within(Duration.ofSeconds(5), () -> assertThat(sink.state()).containsExactly(instance("a", 7)));

    put(backend, instance("a", 8).withHealth(Health.CRITICAL));
    assertThat(value("a")).as("Go programs take whatever stands there for well").isEmpty();
    put(backend, instance("a", 9));
    within(Duration.ofSeconds(5), () -> assertThat(sink.state()).containsExactly(instance("a", 9)));
    remove(backend, "a");
    within(Duration.ofSeconds(5), () -> assertThat(sink.state()).isEmpty());
    assertThat(sink.removals().get(sink.removals().size() - 1).departure())
        .isEqualTo(Departure.DEREGISTERED);
  }

  @Test
  @DisplayName("format=plain: registered, kept, updated and removed as a bare address")
  void writesPlainAddresses() throws Exception {
    EtcdBackend backend = backend("?format=plain");
    var registry = rig.closing(dev.rollcall.Registry.builder(backend).timer(rig.timer).build());
    Registration registration =
        done(registry.register(instance("a", 1), Liveness.heartbeat(Duration.ofSeconds(2))));
    assertThat(value("a")).isEqualTo("127.0.0.1:9");
    done(registration.update(instance("a", 1).toBuilder().address("127.0.0.1", 10).build()));
    assertThat(value("a")).isEqualTo("127.0.0.1:10");
    done(registration.health(Health.CRITICAL));
    assertThat(value("a")).isEmpty();
    Rig.pass(Duration.ofSeconds(2));
    assertThat(registration.state()).isEqualTo(Registration.State.ACTIVE);
    done(registration.health(Health.PASSING));
    assertThat(value("a")).isEqualTo("127.0.0.1:10");
    registration.close();
    assertThat(value("a")).isEmpty();
  }

  @Test
  @DisplayName("a write that comes after the lease is gone fails in the store")
  void lateWritesFail() throws Exception {
    EtcdBackend backend = backend("");
    Owner owner = new Owner("late", 1);
    done(
        backend.register(
            new dev.rollcall.spi.RegisterRequest(
                instance("a", 1),
                Liveness.heartbeat(Duration.ofSeconds(5)),
                owner,
                Claim.TAKE_OVER),
            end -> {}));
    long lease = kv.get(bytes(prefix + "/orders/a")).get().getKvs().get(0).getLease();
    done(backend.deregister(Rig.key("a"), owner));

    var late =
        kv.put(
            bytes(prefix + "/orders/a"),
            bytes("h:1"),
            PutOption.builder().withLeaseId(lease).build());
    assertThat(late.handle((reply, failed) -> failed != null).get()).isTrue();
    assertThat(value("a")).isEmpty();
  }

  @Test
  @DisplayName("a transaction of the store is one call of the sink (W15)")
  void transactionsAreAtomic() throws Exception {
    RecordingSink sink = rig.liveSink(backend(""));
    int calls = sink.calls();
    Op[] puts = new Op[20];
    for (int i = 0; i < puts.length; i++) {
      puts[i] = Op.put(bytes(prefix + "/orders/i" + i), bytes("h:" + (i + 1)), PutOption.DEFAULT);
    }
    TxnResponse reply = kv.txn().Then(puts).commit().get();
    assertThat(reply.isSucceeded()).isTrue();
    within(Duration.ofSeconds(5), () -> assertThat(sink.state()).hasSize(20));
    assertThat(sink.calls() - calls).isEqualTo(1);
  }

  @Test
  @DisplayName("a hundred watched services are seventeen streams, and none is left when all close")
  void fewStreams() throws Exception {
    EtcdBackend backend = backend("");
    List<RegistryBackend.Watch> watches = new ArrayList<>();
    List<RecordingSink> sinks = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      Selector selector = Selector.service("s" + i);
      RecordingSink sink = new RecordingSink(selector);
      sinks.add(sink);
      watches.add(backend.watch(selector, sink));
    }
    RecordingSink everything = new RecordingSink(Selector.everything());
    watches.add(backend.watch(Selector.everything(), everything));
    assertThat(backend.streams()).isEqualTo(SharedWatches.MAX_OWN + 1);
    for (int i = 0; i < 100; i++) {
      kv.put(bytes(prefix + "/s" + i + "/x"), bytes("h:" + (i + 1))).get();
    }
    for (RecordingSink sink : sinks) {
      within(Duration.ofSeconds(5), () -> assertThat(sink.state()).hasSize(1));
      assertThat(sink.violations()).isEmpty();
    }
    within(Duration.ofSeconds(5), () -> assertThat(everything.state()).hasSize(100));
    watches.forEach(RegistryBackend.Watch::close);
    assertThat(backend.streams()).isZero();
  }

  @Test
  @DisplayName("more entries than a page holds are listed as one state")
  void pagedList() {
    // Not what is tested here: how long a busy disk takes for each of so many writes.
    EtcdBackend backend = backend("?timeout=60s");
    List<CompletionStage<?>> sent = new ArrayList<>();
    for (int i = 0; i < 2500; i++) {
      sent.add(
          putting(backend, instance("i" + i, i), Liveness.permanent(), Claim.TAKE_OVER, end -> {}));
      if (sent.size() == 100) {
        sent.forEach(Rig::done);
        sent.clear();
      }
    }
    assertThat(Rig.stored(backend)).hasSize(2500);
    assertThat(rig.liveSink(backend).state()).hasSize(2500);
  }
}
