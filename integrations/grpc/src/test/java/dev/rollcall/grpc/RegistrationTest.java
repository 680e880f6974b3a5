package dev.rollcall.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Server;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A server's stay in a registry in memory, which this process checks. */
class RegistrationTest {
  @BeforeAll
  static void beforeAll() {
    Awaitility.setDefaultTimeout(1, TimeUnit.MINUTES);
  }

  @Test
  void theHealthService_saysWhetherTheInstancePasses() {
    try (Greeter one = new Greeter("one");
        Registry registry = Registry.open("memory:")) {
      GrpcRegistration registration =
          GrpcRegistration.register(registry, one.server, one.instance().build()).join();
      await().until(() -> registry.service("orders").instances().size() == 1);
      one.health.setStatus("", ServingStatus.NOT_SERVING);
      await().until(() -> registry.service("orders").instances().isEmpty());
      assertThat(registry.service("orders").snapshot().all()).hasSize(1);
      one.health.setStatus("", ServingStatus.SERVING);
      await().until(() -> registry.service("orders").instances().size() == 1);
      assertThat(registration.registration().state()).isEqualTo(Registration.State.ACTIVE);
      registration.close();
      assertThat(one.server.isTerminated()).isTrue();
      assertThat(registry.snapshot("orders").join().all()).isEmpty();
      registration.leave(Duration.ZERO, Duration.ZERO).join(); // once more
    }
  }

  @Test
  void leaving_isDeregisteringFirst_thenTheCallsThatAreThere_thenTheServer() throws Exception {
    try (Greeter one = new Greeter("one");
        Registry registry = Registry.open("memory:")) {
      GrpcRegistration registration =
          new GrpcRegistration(
              registry.register(one.instance().build(), Liveness.permanent()).join(), one.server);
      ManagedChannel channel =
          ManagedChannelBuilder.forTarget("rollcall:///orders")
              .setNameResolverArg(RollcallGrpc.REGISTRY, registry)
              .usePlaintext()
              .build();
      Future<String> call = Greeter.hold(channel);
      await().until(() -> !one.held.isEmpty());

      CompletableFuture<Void> left =
          registration.leave(Duration.ofMillis(100), Duration.ofMinutes(1));
      await().until(one.server::isShutdown);
      assertThat(registry.snapshot("orders").join().all()).isEmpty();
      assertThat(left).isNotDone();
      one.held.element().onNext("done");
      one.held.element().onCompleted();
      assertThat(call.get(1, TimeUnit.MINUTES)).isEqualTo("done");
      left.get(1, TimeUnit.MINUTES);
      assertThat(one.server.isTerminated()).isTrue();
      channel.shutdownNow();
    }
  }

  @Test
  void whatTakesLongerThanTheGrace_isCancelled() throws Exception {
    try (Greeter one = new Greeter("one");
        Registry registry = Registry.open("memory:")) {
      GrpcRegistration registration =
          new GrpcRegistration(
              registry.register(one.instance().build(), Liveness.permanent()).join(), one.server);
      ManagedChannel channel =
          ManagedChannelBuilder.forTarget("rollcall:///orders")
              .setNameResolverArg(RollcallGrpc.REGISTRY, registry)
              .usePlaintext()
              .build();
      Future<String> call = Greeter.hold(channel);
      await().until(() -> !one.held.isEmpty());
      registration.leave(Duration.ZERO, Duration.ofMillis(10)).get(1, TimeUnit.MINUTES);
      assertThat(one.server.isTerminated()).isTrue();
      await().until(call::isDone);
      channel.shutdownNow();
    }
  }

  @Test
  void aServerWithoutAHealthService_isRefused() throws Exception {
    Server server = NettyServerBuilder.forPort(0).build().start();
    try (Registry registry = Registry.open("memory:")) {
      ServiceInstance instance =
          ServiceInstance.builder("orders").address("127.0.0.1", server.getPort()).build();
      assertThatExceptionOfType(RegistryException.class)
          .isThrownBy(() -> GrpcRegistration.register(registry, server, instance))
          .withMessageContaining("grpc.health.v1.Health");
      assertThat(registry.snapshot("orders").join().all()).isEmpty();
    } finally {
      server.shutdownNow();
    }
  }
}
