package dev.rollcall.consul;

import static dev.rollcall.consul.Bench.eventually;
import static dev.rollcall.consul.Bench.get;
import static dev.rollcall.consul.Bench.inTime;
import static dev.rollcall.consul.Bench.instance;
import static dev.rollcall.consul.Bench.put;
import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceView;
import dev.rollcall.spi.Selector;
import dev.rollcall.testkit.RecordingSink;
import dev.rollcall.testkit.server.ConsulServer;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Rows 1, 2 and 13 of the fault matrix: a server that comes back, knowing all, nothing or less. */
@Execution(ExecutionMode.CONCURRENT)
class RestartTest {
  private final Bench bench = new Bench();

  @AfterEach
  void close() {
    bench.close();
  }

  @Test
  @DisplayName("1: killed and restarted with its data, a server evicts nobody, five times over")
  void restartWithData_evictsNobody() {
    ConsulServer server = bench.closing(ConsulServer.builder().persistent().launch());
    ConsulBackend backend = bench.open(server.port());
    for (String id : List.of("a", "b", "c")) {
      put(backend, instance("kept", id, 0));
    }
    RecordingSink direct = bench.watch(backend, "kept");
    RecordingSink catalog = bench.watch(backend, Selector.everything());
    List<RecordingSink> sinks = List.of(direct, catalog);
    sinks.forEach(sink -> eventually(() -> assertThat(kept(sink.state())).hasSize(3)));

    for (int restart = 0; restart < 5; restart++) {
      server.kill();
      sinks.forEach(sink -> eventually(() -> assertThat(sink.isLive()).isFalse()));
      server.start();
      sinks.forEach(
          sink -> inTime(Duration.ofSeconds(6), () -> assertThat(sink.isLive()).isTrue()));
    }

    for (RecordingSink sink : sinks) {
      assertThat(sink.states()).allSatisfy(state -> assertThat(kept(state)).hasSize(3));
    }
  }

  @Test
  @DisplayName(
      "2: a server that has lost everything gets it back from the owners, and no reader loses it")
  void restartWithoutData_isFilledAgain() throws Exception {
    ConsulServer server = bench.closing(ConsulServer.launch());
    ServerSocket socket = bench.closing(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()));
    Registry owner = bench.closing(registry(server));
    Registry reader = bench.closing(registry(server));
    Liveness beat = Liveness.heartbeat(Duration.ofSeconds(3));
    Liveness check = Liveness.tcpCheck("127.0.0.1", socket.getLocalPort(), Duration.ofSeconds(1));
    for (String id : List.of("beats", "checked", "permanent")) {
      ServiceInstance instance =
          ServiceInstance.builder("lost")
              .id(id)
              .address("127.0.0.1", socket.getLocalPort())
              .build();
      Liveness liveness =
          id.equals("beats") ? beat : id.equals("checked") ? check : Liveness.permanent();
      Registration unused = owner.register(instance, liveness).join();
    }
    ServiceView view = reader.service("lost");
    eventually(() -> assertThat(view.instances()).hasSize(3));

    // The index that is watched is far above any that the new server will have.
    RawConsul raw = new RawConsul(server.endpoint());
    for (int n = 0; n < 50; n++) {
      raw.register("{\"Name\":\"noise\",\"ID\":\"n" + n + "\",\"Port\":1}");
    }
    server.kill();
    server.start();

    ConsulBackend observer = bench.open(server.port());
    inTime(
        Duration.ofSeconds(6),
        () ->
            assertThat(Bench.ids(get(observer.snapshot(Selector.service("lost"))).instances()))
                .contains("beats"));
    assertThat(view.instances()).hasSize(3);
    // Where the store needs no heartbeat, presence is asked for every 1.5 s.
    inTime(
        Duration.ofSeconds(14),
        () ->
            assertThat(Bench.ids(get(observer.snapshot(Selector.service("lost"))).instances()))
                .containsExactly("beats", "checked", "permanent"));
    // The watch may resume after that, and the check has yet to pass.
    eventually(
        () -> {
          assertThat(view.snapshot().freshness()).isInstanceOf(dev.rollcall.Freshness.Live.class);
          assertThat(view.instances()).hasSize(3);
        });
  }

  @Test
  @DisplayName("13: an older snapshot restored is shown as it is, and the watch goes on")
  void olderSnapshot_isShown() {
    ConsulServer server = bench.closing(ConsulServer.builder().persistent().launch());
    ConsulBackend backend = bench.open(server.port());
    RawConsul raw = new RawConsul(server.endpoint());
    String external =
        "{\"Node\":\"far\",\"Address\":\"10.0.0.9\",\"Service\":{\"ID\":\"x1\",\"Service\":\"x\","
            + "\"Port\":%d}}";
    raw.put("catalog/register", String.format(external, 1));
    byte[] saved = raw.bytes("snapshot");
    RecordingSink direct = bench.watch(backend, "x");
    RecordingSink catalog = bench.watch(backend, Selector.everything());
    for (int port = 2; port < 30; port++) {
      raw.put("catalog/register", String.format(external, port));
    }
    for (RecordingSink sink : List.of(direct, catalog)) {
      eventually(() -> assertThat(ports(sink)).containsExactly(29));
    }

    raw.put("snapshot", saved);

    for (RecordingSink sink : List.of(direct, catalog)) {
      eventually(() -> assertThat(ports(sink)).containsExactly(1));
    }
    raw.put("catalog/register", String.format(external, 77));
    for (RecordingSink sink : List.of(direct, catalog)) {
      eventually(() -> assertThat(ports(sink)).containsExactly(77));
    }
  }

  private static Registry registry(ConsulServer server) {
    return Registry.open("consul://127.0.0.1:" + server.port() + "?wait=1s");
  }

  private static List<ServiceInstance> kept(List<ServiceInstance> all) {
    return all.stream().filter(instance -> instance.service().equals("kept")).toList();
  }

  private static List<Integer> ports(RecordingSink sink) {
    return sink.state().stream()
        .filter(instance -> instance.service().equals("x"))
        .map(ServiceInstance::port)
        .toList();
  }
}
