package dev.rollcall.etcd;

import static dev.rollcall.etcd.Rig.bytes;
import static dev.rollcall.etcd.Rig.check;
import static dev.rollcall.etcd.Rig.done;
import static dev.rollcall.etcd.Rig.instance;
import static dev.rollcall.etcd.Rig.pass;
import static dev.rollcall.etcd.Rig.put;
import static dev.rollcall.etcd.Rig.within;
import static dev.rollcall.spi.InstanceEvent.Departure.EXPIRED;
import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registration.State;
import dev.rollcall.RegistryException;
import dev.rollcall.spi.InstanceEvent.Remove;
import dev.rollcall.spi.Selector;
import dev.rollcall.testkit.RecordingSink;
import dev.rollcall.testkit.server.EtcdServer;
import dev.rollcall.testkit.server.FaultProxy;
import io.etcd.jetcd.KeyValue;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
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

/** Clients that stop or die, lines that crawl, and a store that errs for a minute. */
@Tag("long")
@Timeout(value = 4, unit = TimeUnit.MINUTES)
@Execution(ExecutionMode.CONCURRENT)
final class EtcdMatrixTest {
  private static final Duration TTL = Duration.ofSeconds(5);

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

  private long epoch(String id) throws Exception {
    KeyValue entry =
        rig.jetcd(server.endpoint())
            .getKVClient()
            .get(bytes("/rollcall/orders/" + id))
            .get()
            .getKvs()
            .get(0);
    return new ValueReader(Rig.key(id)).read(entry.getValue()).epoch();
  }

  private Duration untilExpired(RecordingSink sink) {
    long began = System.nanoTime();
    within(
        Duration.ofSeconds(30),
        () ->
            assertThat(sink.removals())
                .containsExactly(new Remove(Rig.key(ClientProgram.ID), EXPIRED)));
    assertThat(sink.state()).isEmpty();
    return Duration.ofNanos(System.nanoTime() - began);
  }

  @Tag("inside") // it reads a value by the codec
  @Test
  @DisplayName(
      "a client is stopped (SIGSTOP) for longer than its TTL: others see it expire; then"
          + " it registers again with the next epoch")
  void clientStoppedForLongerThanItsTtl(TestReporter reporter) throws Exception {
    RecordingSink sink = rig.liveSink(beside);
    try (ClientProgram program = ClientProgram.start(uri(), TTL)) {
      within(Duration.ofSeconds(30), () -> assertThat(sink.state()).hasSize(1));
      assertThat(epoch(ClientProgram.ID)).isEqualTo(1);
      program.signal("STOP");
      Duration gone = untilExpired(sink);
      Rig.report(reporter, "a stopped client is gone after", gone.toMillis() + " ms");
      assertThat(gone).isLessThan(TTL.plus(beside.capabilities().expirySlack()));

      program.signal("CONT");
      within(
          Duration.ofSeconds(10),
          () -> assertThat(sink.state()).containsExactly(instance(ClientProgram.ID, 1)));
      assertThat(epoch(ClientProgram.ID)).isEqualTo(2);
      pass(TTL.multipliedBy(2));
      assertThat(sink.state()).hasSize(1);
      assertThat(sink.violations()).isEmpty();
    }
  }

  @Test
  @DisplayName("a client is killed (SIGKILL): others see it expire within its TTL and the slack")
  void clientKilled(TestReporter reporter) {
    RecordingSink sink = rig.liveSink(beside);
    try (ClientProgram program = ClientProgram.start(uri(), TTL)) {
      within(Duration.ofSeconds(30), () -> assertThat(sink.state()).hasSize(1));
      program.kill();
      Duration gone = untilExpired(sink);
      Rig.report(reporter, "a killed client is gone after", gone.toMillis() + " ms");
      assertThat(gone).isLessThan(TTL.plus(beside.capabilities().expirySlack()));
      assertThat(sink.violations()).isEmpty();
    }
  }

  @Test
  @DisplayName("one byte at a time, 1 KB/s: told slowly or kept, never removed; then as ever")
  void oneByteAtATime() {
    put(beside, instance("a", 1));
    EtcdBackend slow = rig.backend(uri());
    RecordingSink sink = rig.liveSink(slow);
    proxy.slice(1, Duration.ofMillis(1));
    put(beside, instance("b", 1));
    within(Duration.ofSeconds(30), () -> assertThat(sink.state()).hasSize(2));
    try {
      assertThat(done(slow.snapshot(Selector.everything())).instances()).hasSize(2);
    } catch (RegistryException tooSlow) {
      assertThat(tooSlow.kind()).isEqualTo(RegistryException.Kind.UNAVAILABLE);
    }
    // One that comes to such a line gets what is there, or an error by its deadline.
    EtcdBackend newcomer = rig.backend(uri());
    try {
      assertThat(done(newcomer.snapshot(Selector.everything())).instances()).hasSize(2);
    } catch (RegistryException tooSlow) {
      assertThat(tooSlow.kind()).isEqualTo(RegistryException.Kind.UNAVAILABLE);
    }
    pass(Duration.ofSeconds(10));
    assertThat(sink.removals()).isEmpty();

    proxy.heal();
    put(beside, instance("c", 1));
    within(Duration.ofSeconds(5), () -> assertThat(sink.state()).hasSize(3));
    within(Duration.ofSeconds(5), () -> check(sink.isLive(), "not live again"));
    assertThat(sink.removals()).isEmpty();
    assertThat(sink.violations()).isEmpty();
  }

  @Test
  @DisplayName("nothing but errors for a minute: the state is kept, and the attempts stay few")
  void errorsForAMinute(TestReporter reporter) {
    put(beside, instance("a", 1));
    EtcdBackend backend = rig.backend(uri());
    RecordingSink sink = rig.liveSink(backend);
    Registration registration =
        done(rig.registry(uri()).register(instance("r", 1), Liveness.heartbeat(TTL)));
    within(Duration.ofSeconds(5), () -> assertThat(sink.state()).hasSize(2));
    proxy.replaceReplies(
        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy"
            .getBytes(StandardCharsets.UTF_8));
    proxy.resetAll();
    within(Duration.ofSeconds(5), () -> check(!sink.isLive(), "still live"));
    long before = proxy.counts().attempted();
    pass(Duration.ofSeconds(60));
    long attempts = proxy.counts().attempted() - before;
    Rig.report(reporter, "connections in 60 s of errors, by two backends", "" + attempts);
    // A client that does not work is replaced once in 0.9 s at most, and gRPC may try again itself.
    assertThat(attempts).isBetween(1L, 2 * 90L);
    assertThat(sink.removals()).isEmpty();
    assertThat(sink.state()).contains(instance("a", 1));

    proxy.heal();
    within(Duration.ofSeconds(5), () -> check(sink.isLive(), "not live again"));
    within(Duration.ofSeconds(45), () -> assertThat(registration.state()).isEqualTo(State.ACTIVE));
    within(
        Duration.ofSeconds(5),
        () -> assertThat(sink.state()).containsExactly(instance("a", 1), instance("r", 1)));
    assertThat(sink.violations()).isEmpty();
  }
}
