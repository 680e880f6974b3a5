package dev.rollcall.etcd;

import static dev.rollcall.etcd.Rig.bytes;
import static dev.rollcall.etcd.Rig.check;
import static dev.rollcall.etcd.Rig.done;
import static dev.rollcall.etcd.Rig.instance;
import static dev.rollcall.etcd.Rig.pass;
import static dev.rollcall.etcd.Rig.put;
import static dev.rollcall.etcd.Rig.putting;
import static dev.rollcall.etcd.Rig.remove;
import static dev.rollcall.etcd.Rig.stored;
import static dev.rollcall.etcd.Rig.within;
import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registration.State;
import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.RegisterRequest.Claim;
import dev.rollcall.spi.Selector;
import dev.rollcall.testkit.RecordingSink;
import dev.rollcall.testkit.server.EtcdServer;
import dev.rollcall.testkit.server.FaultProxy;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.KeyValue;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The etcd column of the fault matrix, on one server: what breaks, and how it heals. */
@Tag("long")
@Timeout(value = 3, unit = TimeUnit.MINUTES)
@Execution(ExecutionMode.CONCURRENT)
final class EtcdOutageTest {
  private static final Liveness FIVE_SECONDS = Liveness.heartbeat(Duration.ofSeconds(5));

  private EtcdServer server;
  private FaultProxy proxy;
  private Rig rig;
  private EtcdBackend beside;

  @BeforeEach
  void start() {
    server = EtcdServer.launch("3.5");
    proxy = FaultProxy.to(server);
    rig = new Rig();
    beside = rig.backend("etcd://127.0.0.1:" + server.port());
  }

  @AfterEach
  void stop() {
    proxy.heal();
    rig.close();
    proxy.close();
    server.close();
  }

  private String uri() {
    return "etcd://127.0.0.1:" + proxy.port();
  }

  private Client jetcd() {
    return rig.jetcd(server.endpoint());
  }

  @Test
  @DisplayName("kill -9, back after 1 s: live within 2 s, nothing lost, nothing invented")
  void killed_forOneSecond(TestReporter reporter) {
    killed(Duration.ofSeconds(1), reporter);
  }

  @Tag("long")
  @ParameterizedTest(name = "kill -9, back after {0} s")
  @ValueSource(ints = {13, 48})
  void killed_forLong(int seconds, TestReporter reporter) {
    killed(Duration.ofSeconds(seconds), reporter);
  }

  private void killed(Duration outage, TestReporter reporter) {
    Registry registry = rig.registry(uri());
    Registration registration = done(registry.register(instance("r", 1), FIVE_SECONDS));
    rig.closing(registry.service(Rig.SERVICE).watch(change -> {}));
    put(beside, instance("a", 1));
    RecordingSink sink = rig.liveSink(rig.backend(uri()));
    List<ServiceInstance> before = sink.state();

    server.kill();
    pass(outage);
    assertThat(sink.isLive()).isFalse();
    assertThat(sink.state()).isEqualTo(before);
    server.start();
    // Compared with a client that has just come, since what else runs here delays both alike.
    long back = System.nanoTime();
    RecordingSink fresh = rig.sink(rig.backend(uri()));
    long[] live = new long[2];
    within(
        Duration.ofSeconds(30),
        () -> {
          RecordingSink[] both = {sink, fresh};
          for (int i = 0; i < both.length; i++) {
            if (live[i] == 0 && both[i].isLive()) {
              live[i] = System.nanoTime();
            }
          }
          check(live[0] != 0 && live[1] != 0, "not both live");
        });
    Duration ours = Duration.ofNanos(live[0] - back);
    Duration freshs = Duration.ofNanos(live[1] - back);
    Rig.report(
        reporter,
        "live again after an outage of " + outage.toSeconds() + " s",
        ours.toMillis() + " ms; a fresh client " + freshs.toMillis() + " ms");
    assertThat(ours).isLessThan(freshs.plusSeconds(2));

    // The lease begins anew with the store, for 5 s: the next attempt must come before its end,
    // also where the back-off between them has grown longer than that.
    within(Duration.ofSeconds(5), () -> assertThat(registration.state()).isEqualTo(State.ACTIVE));
    within(Duration.ofSeconds(10), () -> put(beside, instance("a", 2)));
    within(
        Duration.ofSeconds(5),
        () -> assertThat(sink.state()).containsExactly(instance("a", 2), instance("r", 1)));
    pass(Duration.ofSeconds(8));
    assertThat(registration.state()).isEqualTo(State.ACTIVE);
    assertThat(sink.removals()).isEmpty();
    assertThat(sink.violations()).isEmpty();
  }

  @Tag("inside") // it reads a value by the codec
  @Test
  @DisplayName("the data directory is wiped: listed again, registered again with the next epoch")
  void wiped() throws Exception {
    Registry registry = rig.registry(uri());
    done(registry.register(instance("r", 1), FIVE_SECONDS));
    for (int n = 0; n < 10; n++) {
      put(beside, instance("gone", n));
    }
    RecordingSink sink = rig.liveSink(rig.backend(uri()));
    assertThat(sink.state()).hasSize(2);

    server.kill();
    server.wipe();
    server.start();

    within(
        Duration.ofSeconds(10), () -> assertThat(sink.state()).containsExactly(instance("r", 1)));
    within(Duration.ofSeconds(5), () -> check(sink.isLive(), "not live again"));
    KeyValue entry = jetcd().getKVClient().get(bytes("/rollcall/orders/r")).get().getKvs().get(0);
    assertThat(new ValueReader(Rig.key("r")).read(entry.getValue()).epoch()).isGreaterThan(1);
    put(beside, instance("new", 1));
    within(Duration.ofSeconds(5), () -> assertThat(sink.state()).hasSize(2));
    assertThat(sink.violations()).isEmpty();
  }

  @Test
  @DisplayName("compaction while the watch is away: the missed removals come by a list")
  void compactedWhileAway() throws Exception {
    put(beside, instance("stays", 1));
    put(beside, instance("goes", 1));
    RecordingSink sink = rig.liveSink(rig.backend(uri()));

    proxy.cut();
    within(Duration.ofSeconds(5), () -> check(!sink.isLive(), "still live"));
    remove(beside, "goes");
    put(beside, instance("comes", 1));
    Client client = jetcd();
    long revision = client.getKVClient().get(bytes("x")).get().getHeader().getRevision();
    client.getKVClient().compact(revision).get();
    proxy.heal();

    within(
        Duration.ofSeconds(5),
        () -> assertThat(sink.state()).containsExactly(instance("comes", 1), instance("stays", 1)));
    within(Duration.ofSeconds(5), () -> check(sink.isLive(), "not live again"));
    put(beside, instance("later", 1));
    within(Duration.ofSeconds(5), () -> assertThat(sink.state()).hasSize(3));
    assertThat(sink.violations()).isEmpty();
  }

  @Test
  @DisplayName(
      "the stream is cut at every place between 'created' and the backlog: none is skipped")
  void cutBetweenCreatedAndBacklog() {
    RecordingSink sink = rig.liveSink(rig.backend(uri()));
    int number = 0;
    for (int bytes = 0; bytes <= 1200; bytes += 100) {
      int first = number;
      proxy.cut();
      within(Duration.ofSeconds(5), () -> check(!sink.isLive(), "still live"));
      List<CompletionStage<?>> sent = new ArrayList<>();
      for (int n = 0; n < 20; n++) {
        sent.add(
            putting(
                beside,
                instance("i" + n, number++),
                Liveness.permanent(),
                Claim.TAKE_OVER,
                end -> {}));
      }
      sent.forEach(Rig::done);
      int interruptions = sink.interruptions().size();
      proxy.truncateAfter(bytes);
      within(
          Duration.ofSeconds(10),
          () -> check(sink.interruptions().size() > interruptions + 1, "no attempt yet"));
      proxy.heal();
      List<ServiceInstance> all = stored(beside);
      within(Duration.ofSeconds(5), () -> assertThat(sink.state()).isEqualTo(all));
      assertThat(number - first).isEqualTo(20);
    }
    assertThat(sink.removals()).isEmpty();
    assertThat(sink.violations()).isEmpty();
  }

  @Test
  @DisplayName("reset in mid-stream: resumed at the next revision, no duplicate, no list")
  void resetInMidStream() {
    put(beside, instance("a", 0));
    RecordingSink sink = rig.liveSink(rig.backend(uri()));
    for (int n = 1; n <= 10; n++) {
      int syncs = sink.syncs();
      proxy.resetAll();
      put(beside, instance("a", n));
      within(Duration.ofSeconds(5), () -> check(sink.syncs() > syncs, "not live again"));
      ServiceInstance now = instance("a", n);
      within(Duration.ofSeconds(5), () -> assertThat(sink.state()).containsExactly(now));
    }
    // Every event is one call, and nothing else is: replace and apply, each seen once.
    int told = sink.calls() - sink.syncs() - sink.interruptions().size();
    assertThat(told).isEqualTo(1 + 10);
    assertThat(sink.violations()).isEmpty();
  }

  @Test
  @DisplayName("a lease revoked from outside: registered again within a heartbeat, listeners told")
  void leaseRevokedFromOutside() throws Exception {
    Registration registration = done(rig.registry(uri()).register(instance("r", 1), FIVE_SECONDS));
    Client client = jetcd();
    long lease =
        client.getKVClient().get(bytes("/rollcall/orders/r")).get().getKvs().get(0).getLease();
    List<State> states = new java.util.concurrent.CopyOnWriteArrayList<>();
    rig.closing(registration.onState(states::add));

    client.getLeaseClient().revoke(lease).get();

    within(
        Duration.ofSeconds(5),
        () -> assertThat(states).containsExactly(State.ACTIVE, State.LOST, State.ACTIVE));
    assertThat(stored(beside)).containsExactly(instance("r", 1));
  }

  @Test
  @DisplayName("a key deleted from outside, its lease alive: registered again within a heartbeat")
  void keyDeletedFromOutside() throws Exception {
    Registration registration = done(rig.registry(uri()).register(instance("r", 1), FIVE_SECONDS));
    jetcd().getKVClient().delete(bytes("/rollcall/orders/r")).get();

    within(
        Duration.ofSeconds(5), () -> assertThat(stored(beside)).containsExactly(instance("r", 1)));
    within(Duration.ofSeconds(5), () -> assertThat(registration.state()).isEqualTo(State.ACTIVE));
  }

  @Test
  @DisplayName("500 ± 300 ms delay: no flapping between live and stale")
  void delayed() {
    Registration registration = done(rig.registry(uri()).register(instance("r", 1), FIVE_SECONDS));
    RecordingSink sink = rig.liveSink(rig.backend(uri()));
    proxy.delay(Duration.ofMillis(250), Duration.ofMillis(150));
    pass(Duration.ofSeconds(8));

    assertThat(sink.interruptions()).isEmpty();
    assertThat(registration.state()).isEqualTo(State.ACTIVE);
    put(beside, instance("a", 1));
    within(Duration.ofSeconds(5), () -> assertThat(sink.state()).hasSize(2));
  }

  @Test
  @DisplayName("garbage and HTML instead of replies: the last good state is kept, then resumed")
  void garbageReplies() {
    put(beside, instance("a", 1));
    RecordingSink sink = rig.liveSink(rig.backend(uri()));
    for (String reply :
        List.of("HTTP/1.1 503 Unavailable\r\n\r\n<html>busy</html>", "\0\0\uffff garbage")) {
      proxy.replaceReplies(reply.getBytes(java.nio.charset.StandardCharsets.UTF_8));
      proxy.resetAll();
      within(Duration.ofSeconds(5), () -> check(!sink.isLive(), "still live"));
      pass(Duration.ofSeconds(1));
      assertThat(sink.state()).containsExactly(instance("a", 1));
      proxy.heal();
      within(Duration.ofSeconds(5), () -> check(sink.isLive(), "not live again"));
    }
    assertThat(sink.removals()).isEmpty();
    assertThat(sink.violations()).isEmpty();
  }

  @Test
  @DisplayName("every call is back by its deadline under a blackhole, as unavailable")
  void blackhole() {
    EtcdBackend backend = rig.backend(uri() + "?timeout=1s");
    done(backend.snapshot(Selector.everything()));
    proxy.stall();
    long began = System.nanoTime();
    List<CompletionStage<?>> calls =
        List.of(
            backend.snapshot(Selector.everything()),
            putting(backend, instance("x", 1), FIVE_SECONDS, Claim.TAKE_OVER, end -> {}),
            backend.deregister(Rig.key("y"), dev.rollcall.spi.Owner.ANY));
    for (CompletionStage<?> call : calls) {
      RegistryException failure =
          org.junit.jupiter.api.Assertions.assertThrows(RegistryException.class, () -> done(call));
      assertThat(failure.kind()).isEqualTo(RegistryException.Kind.UNAVAILABLE);
    }
    assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofMillis(1400));
  }

  @Test
  @DisplayName("the store is stopped (SIGSTOP) for longer than the TTL: noticed, kept, resumed")
  void silentForLongerThanTheTtl() {
    Registration registration = done(rig.registry(uri()).register(instance("r", 1), FIVE_SECONDS));
    RecordingSink sink = rig.liveSink(rig.backend(uri()));
    server.pause();
    pass(Duration.ofSeconds(10));
    assertThat(sink.state()).containsExactly(instance("r", 1));
    server.resume();

    within(
        Duration.ofSeconds(5),
        () -> {
          assertThat(stored(beside)).containsExactly(instance("r", 1));
          assertThat(registration.state()).isEqualTo(State.ACTIVE);
        });
    put(beside, instance("s", 1));
    within(Duration.ofSeconds(10), () -> assertThat(sink.state()).hasSize(2));
    assertThat(sink.violations()).isEmpty();
  }

  @Test
  @DisplayName("the disk is full (NOSPACE): writes fail as unavailable, watch and reads go on")
  void noSpace() {
    try (EtcdServer small =
        EtcdServer.builder("3.5").argument("--quota-backend-bytes=262144").launch()) {
      EtcdBackend backend = rig.backend("etcd://127.0.0.1:" + small.port());
      put(backend, instance("a", 1));
      RecordingSink sink = rig.liveSink(backend);
      Client filler = rig.jetcd(small.endpoint());
      String block = "x".repeat(100_000);
      RegistryException[] full = new RegistryException[1];
      within(
          Duration.ofSeconds(20),
          () -> {
            filler
                .getKVClient()
                .put(bytes("/filler"), bytes(block))
                .exceptionally(no -> null)
                .get();
            try {
              put(backend, instance("b", 1));
            } catch (RegistryException refused) {
              full[0] = refused;
            }
            assertThat(full[0]).isNotNull();
          });
      assertThat(full[0].kind()).isEqualTo(RegistryException.Kind.UNAVAILABLE);
      assertThat(full[0]).hasMessageContaining("space");
      assertThat(sink.isLive()).isTrue();
      assertThat(stored(backend)).contains(instance("a", 1));
    }
  }
}
