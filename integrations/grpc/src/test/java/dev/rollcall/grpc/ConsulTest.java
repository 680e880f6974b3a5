package dev.rollcall.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.rollcall.Liveness;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import dev.rollcall.testkit.server.ConsulExtension;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Servers and a client that meet in a real Consul, whose agent checks the servers' health. */
class ConsulTest {
  @RegisterExtension static final ConsulExtension consul = ConsulExtension.create();

  private static final Duration DRAIN = Duration.ofSeconds(1);
  private static final Duration GRACE = Duration.ofMinutes(1);

  private final String store = "consul://127.0.0.1:" + consul.port();
  private final Registry servers = Registry.open(store);
  private final Registry clients = Registry.open(store);
  private final List<AutoCloseable> opened = new ArrayList<>();

  @BeforeAll
  static void beforeAll() {
    Awaitility.setDefaultTimeout(2, TimeUnit.MINUTES);
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable each : opened) {
      each.close();
    }
    clients.close();
    servers.close();
  }

  private Greeter greeter(String name) {
    Greeter greeter = new Greeter(name);
    opened.add(greeter);
    return greeter;
  }

  private GrpcRegistration register(Greeter greeter) {
    ServiceInstance self = greeter.direct().build();
    Liveness alive = Liveness.grpcCheck(self.address(), Duration.ofSeconds(1));
    return new GrpcRegistration(servers.register(self, alive).join(), greeter.server);
  }

  private ManagedChannel open(Map<String, ?> config) {
    ManagedChannelBuilder<?> builder =
        ManagedChannelBuilder.forTarget("rollcall:///orders")
            .setNameResolverArg(RollcallGrpc.REGISTRY, clients)
            .usePlaintext();
    if (!config.isEmpty()) {
      builder.disableServiceConfigLookUp().defaultServiceConfig(config);
    }
    ManagedChannel channel = builder.build();
    opened.add(channel::shutdownNow);
    return channel;
  }

  private void awaitPassing(String... names) {
    await()
        .until(
            () ->
                clients.service("orders").instances().stream()
                    .map(ServiceInstance::id)
                    .toList()
                    .equals(List.of(names)));
  }

  private static void awaitCallsOf(Channel channel, String... names) {
    await()
        .until(
            () -> {
              Set<String> called = new HashSet<>();
              for (int n = 0; n < 20; n++) {
                called.add(Greeter.call(channel, CallOptions.DEFAULT.withWaitForReady()));
              }
              return called.equals(Set.of(names));
            });
  }

  @Test
  void aDeployment_costsNoCall_andNobodyHasAReason() throws Exception {
    GrpcRegistration a = register(greeter("a"));
    GrpcRegistration b = register(greeter("b"));
    awaitPassing("a", "b");
    ManagedChannel channel = open(Map.of()); // retries nothing
    try (Load load = new Load(channel)) {
      awaitCallsOf(channel, "a", "b");
      // Each new one serves before an old one leaves.
      GrpcRegistration c = register(greeter("c"));
      awaitPassing("a", "b", "c");
      a.leave(DRAIN, GRACE).get(2, TimeUnit.MINUTES);
      load.awaitCalls(50);
      GrpcRegistration d = register(greeter("d"));
      awaitPassing("b", "c", "d");
      b.leave(DRAIN, GRACE).get(2, TimeUnit.MINUTES);
      load.awaitCalls(50);
      awaitCallsOf(channel, "c", "d");
      assertThat(load.failures()).isEmpty();

      CompletableFuture.allOf(c.leave(DRAIN, GRACE), d.leave(DRAIN, GRACE))
          .get(2, TimeUnit.MINUTES);
    }
    await().until(() -> reason(channel).contains("orders"));
    Greeter e = greeter("e");
    GrpcRegistration.register(servers, e.server, e.direct().build()).join();
    awaitCallsOf(channel, "e");
  }

  private static String reason(Channel channel) {
    try {
      return "answered by " + Greeter.call(channel);
    } catch (StatusRuntimeException failed) {
      return failed.getStatus().getCode() == Status.Code.UNAVAILABLE
          ? String.valueOf(failed.getStatus().getDescription())
          : failed.getStatus().toString();
    }
  }

  @Test
  void aKilledServer_costsNoCall_andIsFoundDeadByTheAgent() {
    Greeter a = greeter("a");
    GrpcRegistration.register(servers, a.server, a.instance().build()).join();
    register(greeter("b"));
    awaitPassing("a", "b");
    ManagedChannel channel = open(Retries.OF_GREETER);
    try (Load load = new Load(channel)) {
      awaitCallsOf(channel, "a", "b");
      a.kill();
      load.awaitCalls(100);
      awaitPassing("b");
      load.awaitCalls(50);
      assertThat(load.failures()).isEmpty();
    }
    awaitCallsOf(channel, "b");
    assertThat(clients.service("orders").snapshot().find("a")).isPresent();
  }
}
