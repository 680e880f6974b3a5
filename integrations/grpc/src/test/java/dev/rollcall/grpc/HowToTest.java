package dev.rollcall.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.rollcall.Balancer;
import dev.rollcall.Liveness;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.MethodDescriptor;
import io.grpc.NameResolverRegistry;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCalls;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The code of {@code docs/how-to-use-grpc.md}, as it runs. */
class HowToTest {
  private static final MethodDescriptor<String, String> HELLO =
      MethodDescriptor.<String, String>newBuilder()
          .setType(MethodDescriptor.MethodType.UNARY)
          .setFullMethodName("shop.Orders/Hello")
          .setRequestMarshaller(new Greeter.Text())
          .setResponseMarshaller(new Greeter.Text())
          .build();

  private final ServerServiceDefinition orders =
      ServerServiceDefinition.builder("shop.Orders")
          .addMethod(
              HELLO,
              ServerCalls.asyncUnaryCall(
                  (name, answer) -> {
                    answer.onNext("hello " + name);
                    answer.onCompleted();
                  }))
          .build();

  @Test
  void aServerIsFoundAndCalled() throws Exception {
    try (Registry registry = Registry.open("memory:")) {
      HealthStatusManager health = new HealthStatusManager();
      Server server =
          NettyServerBuilder.forPort(0)
              .addService(orders)
              .addService(health.getHealthService())
              .build()
              .start();
      ServiceInstance self =
          ServiceInstance.builder("orders").address("127.0.0.1", server.getPort()).build();
      GrpcRegistration registration = GrpcRegistration.register(registry, server, self).join();
      await()
          .atMost(Duration.ofMinutes(1))
          .until(() -> registry.service("orders").instances().size() == 1);

      ManagedChannel channel =
          ManagedChannelBuilder.forTarget("rollcall:///orders")
              .setNameResolverArg(RollcallGrpc.REGISTRY, registry)
              .usePlaintext()
              .build();
      assertThat(ClientCalls.blockingUnaryCall(channel, HELLO, CallOptions.DEFAULT, "Ada"))
          .isEqualTo("hello Ada");
      channel.shutdownNow();

      ManagedChannel near =
          ManagedChannelBuilder.forTarget("rollcall:///orders")
              .setNameResolverArg(RollcallGrpc.REGISTRY, registry)
              .setNameResolverArg(
                  RollcallGrpc.VIEW,
                  view -> view.balancedBy(Balancer.preferZone("eu-1a", Balancer.leastLoaded())))
              .usePlaintext()
              .build();
      assertThat(ClientCalls.blockingUnaryCall(near, HELLO, CallOptions.DEFAULT, "Ben"))
          .isEqualTo("hello Ben");
      near.shutdownNow();

      Map<String, ?> retries =
          Map.of(
              "name",
              List.of(Map.of("service", "shop.Orders")),
              "retryPolicy",
              Map.of(
                  "maxAttempts",
                  4.0,
                  "initialBackoff",
                  "0.1s",
                  "maxBackoff",
                  "1s",
                  "backoffMultiplier",
                  2.0,
                  "retryableStatusCodes",
                  List.of("UNAVAILABLE")));
      ManagedChannel retrying =
          ManagedChannelBuilder.forTarget("rollcall:///orders")
              .setNameResolverArg(RollcallGrpc.REGISTRY, registry)
              .disableServiceConfigLookUp()
              .defaultServiceConfig(
                  Map.of(
                      "loadBalancingConfig", List.of(Map.of("rollcall", Map.of())),
                      "methodConfig", List.of(retries)))
              .usePlaintext()
              .build();
      assertThat(ClientCalls.blockingUnaryCall(retrying, HELLO, CallOptions.DEFAULT, "Cy"))
          .isEqualTo("hello Cy");
      retrying.shutdownNow();

      registration.leave(Duration.ofSeconds(2), Duration.ofSeconds(30)).join();
      assertThat(server.isTerminated()).isTrue();
    }
  }

  @Test
  void anotherLiveness_andAProvider() throws Exception {
    try (Registry registry = Registry.open("memory:")) {
      Server server = NettyServerBuilder.forPort(0).addService(orders).build().start();
      ServiceInstance self =
          ServiceInstance.builder("orders").address("127.0.0.1", server.getPort()).build();
      Liveness alive = Liveness.heartbeat(Duration.ofSeconds(10));
      GrpcRegistration registration =
          new GrpcRegistration(registry.register(self, alive).join(), server);

      RollcallNameResolverProvider provider = RollcallNameResolverProvider.of(registry);
      NameResolverRegistry.getDefaultRegistry().register(provider);

      ManagedChannel channel =
          ManagedChannelBuilder.forTarget("rollcall:///orders").usePlaintext().build();
      assertThat(ClientCalls.blockingUnaryCall(channel, HELLO, CallOptions.DEFAULT, "Ada"))
          .isEqualTo("hello Ada");
      NameResolverRegistry.getDefaultRegistry().deregister(provider);
      channel.shutdownNow();
      registration.leave(Duration.ZERO, Duration.ofSeconds(30)).join();
    }
  }
}
