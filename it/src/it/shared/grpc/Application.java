package consumer;

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
import io.grpc.stub.ServerCalls;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Registers a server, and calls it by its name. */
public final class Application {
  private static final MethodDescriptor<String, String> HELLO =
      MethodDescriptor.<String, String>newBuilder()
          .setType(MethodDescriptor.MethodType.UNARY)
          .setFullMethodName("consumer.Orders/Hello")
          .setRequestMarshaller(new Text())
          .setResponseMarshaller(new Text())
          .build();

  private Application() {}

  /** Takes the registry's URI and the name of the service. */
  public static void main(String[] args) throws IOException {
    try (Registry registry = Registry.open(args[0])) {
      Server server =
          NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
              .addService(
                  ServerServiceDefinition.builder("consumer.Orders")
                      .addMethod(
                          HELLO,
                          ServerCalls.asyncUnaryCall(
                              (name, answer) -> {
                                answer.onNext("hello " + name);
                                answer.onCompleted();
                              }))
                      .build())
              .addService(new HealthStatusManager().getHealthService())
              .build()
              .start();
      ServiceInstance self =
          ServiceInstance.builder(args[1]).address("127.0.0.1", server.getPort()).build();
      GrpcRegistration registration = GrpcRegistration.register(registry, server, self).join();
      ManagedChannel channel =
          ManagedChannelBuilder.forTarget("rollcall:///" + args[1])
              .setNameResolverArg(RollcallGrpc.REGISTRY, registry)
              .usePlaintext()
              .build();
      CallOptions patient =
          CallOptions.DEFAULT.withWaitForReady().withDeadlineAfter(1, TimeUnit.MINUTES);
      System.out.println("CALL " + ClientCalls.blockingUnaryCall(channel, HELLO, patient, args[1]));
      channel.shutdownNow();
      registration.leave(Duration.ZERO, Duration.ofSeconds(30)).join();
    }
  }

  private static final class Text implements MethodDescriptor.Marshaller<String> {
    @Override
    public InputStream stream(String text) {
      return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public String parse(InputStream stream) {
      try {
        return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
      } catch (IOException broken) {
        throw new UncheckedIOException(broken);
      }
    }
  }
}
