package dev.rollcall.etcd;

import static dev.rollcall.etcd.Rig.check;
import static dev.rollcall.etcd.Rig.done;
import static dev.rollcall.etcd.Rig.instance;
import static dev.rollcall.etcd.Rig.pass;
import static dev.rollcall.etcd.Rig.put;
import static dev.rollcall.etcd.Rig.putting;
import static dev.rollcall.etcd.Rig.stored;
import static dev.rollcall.etcd.Rig.within;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registration.State;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.RegisterRequest.Claim;
import dev.rollcall.testkit.RecordingSink;
import dev.rollcall.testkit.server.EtcdCluster;
import dev.rollcall.testkit.server.EtcdServer;
import dev.rollcall.testkit.server.FaultProxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** The etcd column of the fault matrix, on three members. */
@Tag("long")
@Timeout(value = 3, unit = TimeUnit.MINUTES)
@Execution(ExecutionMode.CONCURRENT)
final class EtcdClusterTest {
  private EtcdCluster cluster;
  private Rig rig;

  @BeforeEach
  void start() {
    cluster = EtcdCluster.launch("3.5");
    rig = new Rig();
  }

  @AfterEach
  void stop() {
    rig.close();
    cluster.close();
  }

  private String uri() {
    return cluster.members().stream()
        .map(member -> "127.0.0.1:" + member.port())
        .collect(Collectors.joining(",", "etcd://", ""));
  }

  @Test
  @DisplayName("the leader is killed while instances register without a pause: none is lost")
  void leaderKilledDuringRegistrations(TestReporter reporter) {
    EtcdBackend backend = rig.backend(uri());
    RecordingSink sink = rig.liveSink(rig.backend(uri()));
    Registration held = done(rig.registry(uri()).register(instance("held", 0), heartbeat(5)));
    List<String> taken = new ArrayList<>();
    EtcdServer leader = cluster.leader();
    long longest = 0;
    for (int n = 0; n < 60; n++) {
      if (n == 20) {
        leader.kill();
      }
      ServiceInstance next = instance("n" + n, n);
      long began = System.nanoTime();
      within(Duration.ofSeconds(15), () -> put(backend, next));
      longest = Math.max(longest, System.nanoTime() - began);
      taken.add(next.id());
    }
    Rig.report(reporter, "longest registration while the leader died", longest / 1_000_000 + " ms");
    taken.add("held");

    assertThat(stored(backend)).extracting(ServiceInstance::id).containsAll(taken);
    within(
        Duration.ofSeconds(10),
        () -> assertThat(sink.state()).extracting(ServiceInstance::id).containsAll(taken));
    within(Duration.ofSeconds(5), () -> check(sink.isLive(), "not live again"));
    assertThat(sink.removals()).isEmpty();
    assertThat(sink.violations()).isEmpty();
    assertThat(held.state()).isEqualTo(State.ACTIVE);
  }

  @Test
  @DisplayName("quorum lost: the state is kept and stale, writes fail; regained: live again")
  void quorumLostAndRegained() {
    EtcdBackend backend = rig.backend(uri() + "?timeout=2s");
    put(backend, instance("a", 1));
    RecordingSink sink = rig.liveSink(backend);
    cluster.members().get(0).kill();
    cluster.members().get(1).kill();

    within(Duration.ofSeconds(15), () -> check(!sink.isLive(), "still live"));
    RegistryException failure =
        assertThrows(RegistryException.class, () -> put(backend, instance("b", 1)));
    assertThat(failure.kind()).isEqualTo(RegistryException.Kind.UNAVAILABLE);
    pass(Duration.ofSeconds(2));
    assertThat(sink.state()).containsExactly(instance("a", 1));

    cluster.start();
    within(Duration.ofSeconds(10), () -> put(backend, instance("c", 1)));
    within(
        Duration.ofSeconds(10),
        () -> assertThat(sink.state()).contains(instance("a", 1), instance("c", 1)));
    within(Duration.ofSeconds(5), () -> check(sink.isLive(), "not live again"));
    assertThat(sink.removals()).isEmpty();
    assertThat(sink.violations()).isEmpty();
  }

  @Test
  @DisplayName("an endpoint list with dead members and one that swallows everything: it works")
  void deadMembersInTheList() {
    try (FaultProxy silent = FaultProxy.to(cluster.members().get(0))) {
      silent.stall();
      String uri =
          "etcd://127.0.0.1:1,127.0.0.1:"
              + silent.port()
              + ",127.0.0.1:"
              + cluster.members().get(2).port();
      EtcdBackend backend = rig.backend(uri);
      within(Duration.ofSeconds(10), () -> put(backend, instance("a", 1)));
      RecordingSink sink = rig.sink(backend);
      within(Duration.ofSeconds(10), () -> assertThat(sink.state()).hasSize(1));
      done(putting(backend, instance("b", 1), heartbeat(5), Claim.EXCLUSIVE, end -> {}));
      within(Duration.ofSeconds(5), () -> assertThat(sink.state()).hasSize(2));
    }
  }

  private static Liveness heartbeat(int seconds) {
    return Liveness.heartbeat(Duration.ofSeconds(seconds));
  }
}
