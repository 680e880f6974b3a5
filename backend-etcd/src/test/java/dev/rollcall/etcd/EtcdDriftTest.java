package dev.rollcall.etcd;

import static dev.rollcall.etcd.Rig.check;
import static dev.rollcall.etcd.Rig.instance;
import static dev.rollcall.etcd.Rig.pass;
import static dev.rollcall.etcd.Rig.put;
import static dev.rollcall.etcd.Rig.remove;
import static dev.rollcall.etcd.Rig.stored;
import static dev.rollcall.etcd.Rig.within;
import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Registry;
import dev.rollcall.ServiceView;
import dev.rollcall.testkit.ChangeChecker;
import dev.rollcall.testkit.ManualTimer;
import dev.rollcall.testkit.RecordingSink;
import dev.rollcall.testkit.server.EtcdServer;
import dev.rollcall.testkit.server.FaultProxy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** A store that was put back to an older state of its own, so that its history has two branches. */
@Timeout(value = 3, unit = TimeUnit.MINUTES)
@Execution(ExecutionMode.CONCURRENT)
final class EtcdDriftTest {
  @TempDir Path copies;
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

  @Test
  @DisplayName(
      "an older state is restored: listed again, and the view's version rises all the same")
  void olderStateRestored() throws Exception {
    put(beside, instance("stays", 1));
    put(beside, instance("goes", 1));
    Path older = save();
    Registry registry = rig.registry(uri());
    ServiceView view = registry.service(Rig.SERVICE);
    view.await(Duration.ofSeconds(20));
    ChangeChecker checker = new ChangeChecker();
    rig.closing(view.watch(checker));
    RecordingSink sink = rig.liveSink(rig.backend(uri()));
    within(Duration.ofSeconds(20), () -> remove(beside, "goes"));
    put(beside, instance("lost", 1));
    for (int n = 2; n < 10; n++) {
      put(beside, instance("stays", n));
    }
    within(
        Duration.ofSeconds(20),
        () ->
            assertThat(view.snapshot().all())
                .containsExactlyInAnyOrder(instance("lost", 1), instance("stays", 9)));
    long version = view.snapshot().version();
    long revision = view.snapshot().revision();

    restore(older);

    List<dev.rollcall.ServiceInstance> restored =
        List.of(instance("goes", 1), instance("stays", 1));
    within(Duration.ofSeconds(30), () -> assertThat(sink.state()).isEqualTo(restored));
    within(Duration.ofSeconds(30), () -> assertThat(checker.instances()).isEqualTo(restored));
    assertThat(view.snapshot().version()).isGreaterThan(version);
    assertThat(view.snapshot().revision()).isLessThan(revision);
    within(Duration.ofSeconds(20), () -> put(beside, instance("new", 1)));
    within(Duration.ofSeconds(20), () -> assertThat(sink.state()).hasSize(3));
    assertThat(checker.violations()).isEmpty();
  }

  @Test
  @DisplayName("what a stream has not told is found by the list of every ten minutes, and counted")
  void drift_isFoundAndCounted() throws Exception {
    put(beside, instance("stays", 1));
    put(beside, instance("changes", 1));
    Path older = save();
    ManualTimer time = new ManualTimer();
    // Time flies here: no answer of the store's is to be late by it.
    EtcdBackend backend = rig.closing(EtcdBackend.open(uri() + "?timeout=10m", time));
    RecordingSink sink = rig.sink(backend);
    within(Duration.ofSeconds(30), () -> live(sink, time));
    within(Duration.ofSeconds(20), () -> put(beside, instance("lost", 1)));
    within(Duration.ofSeconds(20), () -> assertThat(sink.state()).hasSize(3));

    // The other branch is just as long when the stream comes back, so that nothing shows the
    // change.
    proxy.cut();
    restore(older);
    within(Duration.ofSeconds(20), () -> put(beside, instance("missed", 1)));
    proxy.heal();
    within(Duration.ofSeconds(30), () -> live(sink, time));
    put(beside, instance("changes", 2));
    put(beside, instance("told", 1));
    within(
        Duration.ofSeconds(20),
        () -> assertThat(sink.state()).contains(instance("told", 1), instance("lost", 1)));
    assertThat(sink.state()).doesNotContain(instance("missed", 1));
    assertThat(backend.driftedEntries()).isZero();

    time.advance(Duration.ofMinutes(7).plusSeconds(50));
    assertThat(backend.driftedEntries()).isZero();
    within(
        Duration.ofSeconds(60),
        () -> {
          time.advance(Duration.ofSeconds(2));
          pass(Duration.ofMillis(20));
          assertThat(sink.state()).isEqualTo(stored(beside));
        });
    // "missed" and "lost" came at one revision, and the stream brought what came after it.
    assertThat(backend.driftedEntries()).isEqualTo(2);
    assertThat(sink.state()).contains(instance("missed", 1)).doesNotContain(instance("lost", 1));
    assertThat(sink.violations()).isEmpty();
  }

  private static void live(RecordingSink sink, ManualTimer time) {
    time.advance(Duration.ofMillis(50));
    check(sink.isLive(), "not live");
  }

  private Path save() throws IOException {
    server.stop();
    Path copy = copies.resolve("older");
    copy(server.dataFolder(), copy);
    server.start();
    return copy;
  }

  private void restore(Path copy) throws IOException {
    server.kill();
    server.wipe();
    copy(copy, server.dataFolder());
    server.start();
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> all = Files.walk(from)) {
      for (Path each : all.toList()) {
        Files.copy(each, to.resolve(from.relativize(each).toString()));
      }
    }
  }
}
