package dev.rollcall.etcd;

import static dev.rollcall.etcd.Rig.instance;
import static dev.rollcall.etcd.Rig.put;
import static dev.rollcall.etcd.Rig.remove;
import static dev.rollcall.etcd.Rig.within;
import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Change;
import dev.rollcall.Freshness;
import dev.rollcall.Registry;
import dev.rollcall.RegistryStatus.Reachability;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceView;
import dev.rollcall.testkit.server.EtcdServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.io.TempDir;

/** A process that starts while etcd is down, on a server of its own. */
class EtcdWarmStartTest {
  @TempDir Path folder;

  private final Rig rig = new Rig();

  @AfterEach
  void close() {
    rig.close();
  }

  private Registry registry(EtcdServer server) {
    return rig.closing(
        Registry.builder("etcd://127.0.0.1:" + server.port())
            .massLossProtection(1, Duration.ofMinutes(5))
            .cache(folder)
            .build());
  }

  @Test
  @DisplayName("etcd is down: the last state is there at once; etcd is back: the exact difference")
  void startWhileTheStoreIsDown(TestReporter reporter) {
    EtcdServer server = rig.closing(EtcdServer.launch("3.5"));
    EtcdBackend beside = rig.backend("etcd://127.0.0.1:" + server.port());
    put(beside, instance("a", 1));
    put(beside, instance("b", 1));
    Registry before = registry(server);
    List<ServiceInstance> last = before.service(Rig.SERVICE).await(Rig.PATIENCE).instances();
    assertThat(last).containsExactly(instance("a", 1), instance("b", 1));
    before.close();
    long closed = System.nanoTime();
    remove(beside, "a");
    put(beside, instance("b", 2));
    put(beside, instance("c", 1));
    // A member that has just restarted may answer without the very last writes: let these be
    // others.
    for (int n = 0; n < 20; n++) {
      put(beside, ServiceInstance.builder("later").id("n" + n).address("127.0.0.1", 9).build());
    }
    server.kill();

    long began = System.nanoTime();
    Registry registry = registry(server);
    long opened = System.nanoTime();
    ServiceView view = registry.service(Rig.SERVICE);
    assertThat(view.pick()).isIn(last);
    Rig.report(reporter, "etcd is down: open", (opened - began) / 1000 + " µs");
    Rig.report(reporter, "from open to a pick", (System.nanoTime() - opened) / 1000 + " µs");
    List<Change> changes = new CopyOnWriteArrayList<>();
    rig.closing(view.watch(changes::add));
    within(
        Duration.ofSeconds(10),
        () -> assertThat(registry.status().store()).isEqualTo(Reachability.UNREACHABLE));
    assertThat(view.await(Duration.ofSeconds(10)).instances()).isEqualTo(last);
    Freshness.Stale stale = (Freshness.Stale) view.snapshot().freshness();
    Duration sinceClose = Duration.ofNanos(System.nanoTime() - closed);
    assertThat(stale.age()).isBetween(sinceClose.minusSeconds(1), sinceClose.plusSeconds(30));

    server.start();
    long back = System.nanoTime();
    within(
        Duration.ofSeconds(2),
        () -> assertThat(view.snapshot().freshness()).isInstanceOf(Freshness.Live.class));
    Rig.report(
        reporter, "from etcd's return to live", (System.nanoTime() - back) / 1_000_000 + " ms");
    within(Duration.ofSeconds(2), () -> assertThat(changes).hasSize(2));
    assertThat(changes.get(0).added()).isEqualTo(last);
    assertThat(changes.get(1).added()).containsExactly(instance("c", 1));
    assertThat(changes.get(1).updated()).containsExactly(instance("b", 2));
    assertThat(changes.get(1).removed()).containsExactly(instance("a", 1));
  }
}
