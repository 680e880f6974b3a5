package dev.rollcall.consul;

import static dev.rollcall.consul.Bench.eventually;
import static dev.rollcall.consul.Bench.get;
import static dev.rollcall.consul.Bench.instance;
import static dev.rollcall.consul.Bench.put;
import static dev.rollcall.consul.Bench.refused;
import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.RegistryException.Kind;
import dev.rollcall.spi.Selector;
import dev.rollcall.testkit.RecordingSink;
import dev.rollcall.testkit.server.ConsulExtension;
import dev.rollcall.testkit.server.FaultProxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a URI's options do at a real agent, and what a client takes of it. */
class OptionsTest {
  @RegisterExtension static final ConsulExtension CONSUL = ConsulExtension.create();

  private final Bench bench = new Bench();
  private final String service = "o" + System.nanoTime();

  @AfterEach
  void close() {
    bench.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"consistency=default", "consistency=consistent", "consistency=stale", "dc=dc1"})
  @DisplayName("registering, reading and watching in each consistency, and by a datacentre's name")
  void reads_areWhatWasWritten(String option) {
    ConsulBackend backend =
        bench.open("consul://127.0.0.1:" + CONSUL.port() + "?wait=1s&" + option);
    RecordingSink sink = bench.watch(backend, service);
    put(backend, instance(service, "a", 1));
    eventually(() -> assertThat(sink.state()).containsExactly(instance(service, "a", 1)));
    assertThat(get(backend.snapshot(Selector.service(service))).instances())
        .containsExactly(instance(service, "a", 1));
  }

  @Test
  @DisplayName("a datacentre that the agent does not know is a failure, not an empty list")
  void unknownDatacentre_isAFailure() {
    ConsulBackend backend = bench.open("consul://127.0.0.1:" + CONSUL.port() + "?dc=nowhere");
    RecordingSink sink = bench.watch(backend, service);

    assertThat(refused(backend.snapshot(Selector.service(service))).kind())
        .isEqualTo(Kind.UNAVAILABLE);
    eventually(() -> assertThat(sink.interruptions()).isNotEmpty());
    assertThat(sink.isLive()).isFalse();
  }

  @Test
  @DisplayName("however many services are watched, the connections stay within the stated number")
  void manyServices_fewConnections() {
    int most = AgentHttp.QUERIES + AgentHttp.CALLS + AgentHttp.HEARTBEATS;
    FaultProxy proxy = bench.closing(FaultProxy.to(CONSUL.server()));
    ConsulBackend backend = bench.open(proxy.port());
    ConsulBackend writer = bench.open(CONSUL.port());
    List<RecordingSink> sinks = new ArrayList<>();
    for (int i = 0; i < 120; i++) {
      sinks.add(bench.watch(backend, service + i));
    }
    for (RecordingSink sink : sinks) {
      eventually(() -> assertThat(sink.isLive()).isTrue());
      assertThat(Usage.connectionsTo(proxy.port())).isLessThanOrEqualTo(most);
    }
    for (int i : List.of(0, 7, 8, 60, 119)) {
      put(writer, instance(service + i, "a", i));
      eventually(
          () -> assertThat(sinks.get(i).state()).containsExactly(instance(service + i, "a", i)));
      assertThat(Usage.connectionsTo(proxy.port())).isLessThanOrEqualTo(most);
    }
    long before = proxy.counts().attempted();
    Bench.pass(Duration.ofSeconds(1));
    assertThat(proxy.counts().attempted() - before).as("new connections").isLessThan(10);
  }
}
