package dev.rollcall.examples.grpc;

import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import dev.rollcall.grpc.GrpcRegistration;
import dev.rollcall.grpc.RollcallGrpc;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.stub.ClientCalls;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * What a service needs: a registry, a server that is registered, and a channel to another service.
 */
final class Service implements AutoCloseable {
  private final Registry registry;
  private final GrpcRegistration registration;
  private final ManagedChannel channel;

  Service(String store, String name, ServerServiceDefinition methods, String other)
      throws IOException {
    registry = Registry.open(store);
    Server server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .addService(methods)
            .addService(new HealthStatusManager().getHealthService())
            .build()
            .start();
    ServiceInstance self =
        ServiceInstance.builder(name).address("127.0.0.1", server.getPort()).build();
    registration = GrpcRegistration.register(registry, server, self).join();
    channel =
        ManagedChannelBuilder.forTarget("rollcall:///" + other)
            .setNameResolverArg(RollcallGrpc.REGISTRY, registry)
            .usePlaintext()
            .build();
  }

  /** Calls the other service; waits until it is there. */
  <Q, A> A call(MethodDescriptor<Q, A> method, Q request) {
    CallOptions patient =
        CallOptions.DEFAULT.withWaitForReady().withDeadlineAfter(1, TimeUnit.MINUTES);
    return ClientCalls.blockingUnaryCall(channel, method, patient, request);
  }

  @Override
  public void close() {
    registration.leave(Duration.ofMillis(500), Duration.ofSeconds(30)).join();
    channel.shutdownNow();
    registry.close();
  }
}
