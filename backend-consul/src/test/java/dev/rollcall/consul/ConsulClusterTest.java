package dev.rollcall.consul;

import static dev.rollcall.consul.Bench.eventually;
import static dev.rollcall.consul.Bench.get;
import static dev.rollcall.consul.Bench.inTime;
import static dev.rollcall.consul.Bench.instance;
import static dev.rollcall.consul.Bench.put;
import static dev.rollcall.consul.Bench.refused;
import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.RegistryException.Kind;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest;
import dev.rollcall.spi.RegisterRequest.Claim;
import dev.rollcall.spi.Selector;
import dev.rollcall.testkit.RecordingSink;
import dev.rollcall.testkit.server.ConsulCluster;
import dev.rollcall.testkit.server.ConsulServer;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Three servers: row 15 of the fault matrix. */
class ConsulClusterTest {
  private final Bench bench = new Bench();

  @AfterEach
  void close() {
    bench.close();
  }

  @Test
  @DisplayName("15: a leader killed, a majority lost and regained: nobody is evicted")
  void leaderAndMajority_areLostAndRegained() {
    ConsulCluster cluster = bench.closing(ConsulCluster.launch());
    ConsulServer leader = cluster.leader();
    ConsulServer mine = cluster.members().stream().filter(m -> m != leader).findFirst().get();
    ConsulServer third =
        cluster.members().stream().filter(m -> m != leader && m != mine).findFirst().get();
    Registry owner =
        bench.closing(Registry.open("consul://127.0.0.1:" + mine.port() + "?wait=1s&timeout=3s"));
    Registration registration =
        owner.register(instance("held", "a", 1), Liveness.heartbeat(Duration.ofSeconds(5))).join();
    ConsulBackend backend = bench.open(mine.port());
    RecordingSink direct = bench.watch(backend, "held");
    RecordingSink catalog = bench.watch(backend, Selector.everything());
    List<RecordingSink> sinks = List.of(direct, catalog);
    sinks.forEach(sink -> eventually(() -> assertThat(held(sink.state())).hasSize(1)));
    ConsulBackend elsewhere = bench.open(third.port());
    assertThat(held(get(elsewhere.snapshot(Selector.service("held"))).instances()))
        .as("what one agent was told, another one's reader sees")
        .hasSize(1);

    leader.kill();
    sinks.forEach(sink -> inTime(Duration.ofSeconds(15), () -> assertThat(sink.isLive()).isTrue()));
    eventually(() -> assertThat(put(backend, instance("held", "b", 1)).ttl()).isPositive());
    sinks.forEach(sink -> eventually(() -> assertThat(held(sink.state())).hasSize(2)));

    third.kill();
    sinks.forEach(sink -> eventually(() -> assertThat(sink.isLive()).isFalse()));
    RegisterRequest writing =
        new RegisterRequest(
            instance("held", "c", 1), Liveness.permanent(), Bench.owner(), Claim.TAKE_OVER);
    assertThat(refused(backend.register(writing, end -> {})).kind()).isEqualTo(Kind.UNAVAILABLE);
    assertThat(refused(backend.snapshot(Selector.service("held"))).kind())
        .isEqualTo(Kind.UNAVAILABLE);
    assertThat(refused(backend.deregister(instance("held", "b", 1).key(), Owner.ANY)).kind())
        .isEqualTo(Kind.UNAVAILABLE);

    cluster.start();
    sinks.forEach(sink -> inTime(Duration.ofSeconds(15), () -> assertThat(sink.isLive()).isTrue()));
    eventually(() -> assertThat(registration.state()).isEqualTo(Registration.State.ACTIVE));
    for (RecordingSink sink : sinks) {
      assertThat(sink.states()).allSatisfy(s -> assertThat(Bench.ids(held(s))).contains("a"));
    }
  }

  private static List<ServiceInstance> held(List<ServiceInstance> all) {
    return all.stream().filter(instance -> instance.service().equals("held")).toList();
  }
}
