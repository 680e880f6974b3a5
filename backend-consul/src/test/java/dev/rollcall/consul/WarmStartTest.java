package dev.rollcall.consul;

import static dev.rollcall.consul.Bench.eventually;
import static dev.rollcall.consul.Bench.get;
import static dev.rollcall.consul.Bench.inTime;
import static dev.rollcall.consul.Bench.instance;
import static dev.rollcall.consul.Bench.put;
import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Change;
import dev.rollcall.Freshness;
import dev.rollcall.InstanceKey;
import dev.rollcall.Registry;
import dev.rollcall.RegistryStatus.Reachability;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceView;
import dev.rollcall.spi.Owner;
import dev.rollcall.testkit.server.ConsulServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** A process that starts while its agent is down, and what its agent's URI has to do with it. */
@Execution(ExecutionMode.CONCURRENT)
class WarmStartTest {
  private static final String SERVICE = "warm";

  @TempDir Path folder;

  private final Bench bench = new Bench();

  @AfterEach
  void close() {
    bench.close();
  }

  private Registry registry(ConsulServer server, String options) {
    return bench.closing(
        Registry.builder("consul://127.0.0.1:" + server.port() + "?wait=1s" + options)
            .massLossProtection(1, Duration.ofMinutes(5))
            .cache(folder)
            .build());
  }

  @Test
  @DisplayName("Consul is down: the last state at once; Consul is back: the exact difference")
  void startWhileTheStoreIsDown(TestReporter reporter) {
    ConsulServer server = bench.closing(ConsulServer.builder().persistent().launch());
    ConsulBackend beside = bench.open(server.port());
    put(beside, instance(SERVICE, "a", 1));
    put(beside, instance(SERVICE, "b", 1));
    Registry before = registry(server, "");
    List<ServiceInstance> last = before.service(SERVICE).await(Bench.PATIENCE).instances();
    assertThat(last).containsExactly(instance(SERVICE, "a", 1), instance(SERVICE, "b", 1));
    before.close();
    long closed = System.nanoTime();
    get(beside.deregister(new InstanceKey(SERVICE, "a"), Owner.ANY));
    put(beside, instance(SERVICE, "b", 2));
    put(beside, instance(SERVICE, "c", 1));
    server.kill();

    long began = System.nanoTime();
    Registry registry = registry(server, "");
    long opened = System.nanoTime();
    ServiceView view = registry.service(SERVICE);
    assertThat(view.pick()).isIn(last);
    reporter.publishEntry("Consul is down: open", (opened - began) / 1000 + " µs");
    reporter.publishEntry("from open to a pick", (System.nanoTime() - opened) / 1000 + " µs");
    List<Change> changes = new CopyOnWriteArrayList<>();
    bench.closing(view.watch(changes::add));
    eventually(() -> assertThat(registry.status().store()).isEqualTo(Reachability.UNREACHABLE));
    assertThat(view.await(Duration.ofSeconds(10)).instances()).isEqualTo(last);
    Freshness.Stale stale = (Freshness.Stale) view.snapshot().freshness();
    Duration sinceClose = Duration.ofNanos(System.nanoTime() - closed);
    assertThat(stale.age()).isBetween(sinceClose.minusSeconds(1), sinceClose.plusSeconds(30));

    server.start();
    long back = System.nanoTime();
    inTime(
        Duration.ofSeconds(2),
        () -> assertThat(view.snapshot().freshness()).isInstanceOf(Freshness.Live.class));
    reporter.publishEntry(
        "from Consul's return to live", (System.nanoTime() - back) / 1_000_000 + " ms");
    eventually(() -> assertThat(changes).hasSize(2));
    assertThat(changes.get(0).added()).isEqualTo(last);
    assertThat(changes.get(1).added()).containsExactly(instance(SERVICE, "c", 1));
    assertThat(changes.get(1).updated()).containsExactly(instance(SERVICE, "b", 2));
    assertThat(changes.get(1).removed()).containsExactly(instance(SERVICE, "a", 1));
  }

  @Test
  @DisplayName("a token or a deadline is no other store; a datacentre is")
  void otherDatacentre_hasStatesOfItsOwn() {
    ConsulServer server = bench.closing(ConsulServer.launch());
    put(bench.open(server.port()), instance(SERVICE, "a", 1));
    Registry before = registry(server, "&dc=dc1");
    assertThat(before.service(SERVICE).await(Bench.PATIENCE).instances()).hasSize(1);
    before.close();
    server.kill();

    assertThat(registry(server, "&dc=dc1&token=secret&timeout=1s").service(SERVICE).instances())
        .containsExactly(instance(SERVICE, "a", 1));
    assertThat(registry(server, "&dc=dc2").service(SERVICE).instances()).isEmpty();
    assertThat(registry(server, "").service(SERVICE).instances()).isEmpty();
  }
}
