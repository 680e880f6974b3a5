package dev.rollcall.grpc;

import dev.rollcall.ServiceInstance;
import dev.rollcall.testkit.server.FaultProxy;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** A real gRPC server on a free port of loopback, which answers each call with its name. */
final class Greeter implements AutoCloseable {
  private static final MethodDescriptor<String, String> NAME =
      MethodDescriptor.<String, String>newBuilder()
          .setType(MethodDescriptor.MethodType.UNARY)
          .setFullMethodName("test.Greeter/Name")
          .setRequestMarshaller(new Text())
          .setResponseMarshaller(new Text())
          .build();

  final String name;
  final Server server;
  final HealthStatusManager health = new HealthStatusManager();

  /** The answers of calls that ask for "hold", which the test gives. */
  final Queue<StreamObserver<String>> held = new ConcurrentLinkedQueue<>();

  /** What all calls fail with, null where they do not. */
  volatile Status failing;

  private final FaultProxy line;

  Greeter(String name) {
    this.name = name;
    try {
      server =
          NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
              .addService(
                  ServerServiceDefinition.builder("test.Greeter")
                      .addMethod(NAME, ServerCalls.asyncUnaryCall(this::answer))
                      .build())
              .addService(health.getHealthService())
              .build()
              .start();
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
    line = FaultProxy.to(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.getPort()));
  }

  private void answer(String request, StreamObserver<String> observer) {
    if (failing != null) {
      observer.onError(failing.asRuntimeException());
    } else if (request.equals("hold")) {
      held.add(observer);
    } else {
      observer.onNext(name);
      observer.onCompleted();
    }
  }

  ServiceInstance.Builder instance() {
    return ServiceInstance.builder("orders").id(name).address("127.0.0.1", line.port());
  }

  /** The same without the line that {@link #kill} breaks, so that nothing listens after the end. */
  ServiceInstance.Builder direct() {
    return instance().address("127.0.0.1", server.getPort());
  }

  /** Ends it as kill -9 does: connections break, and there are no new ones. */
  void kill() {
    line.refuse();
  }

  @Override
  public void close() {
    line.close();
    server.shutdownNow();
  }

  static String call(Channel channel) {
    return call(channel, CallOptions.DEFAULT);
  }

  static String call(Channel channel, CallOptions options) {
    return ClientCalls.blockingUnaryCall(
        channel, NAME, options.withDeadlineAfter(1, TimeUnit.MINUTES), "");
  }

  /** Begins a call that the server answers when the test says so. */
  static Future<String> hold(Channel channel) {
    ClientCall<String, String> call = channel.newCall(NAME, CallOptions.DEFAULT);
    CompletableFuture<String> answer = new CompletableFuture<>();
    ClientCalls.asyncUnaryCall(
        call,
        "hold",
        new StreamObserver<>() {
          @Override
          public void onNext(String text) {
            answer.complete(text);
          }

          @Override
          public void onError(Throwable failed) {
            answer.completeExceptionally(failed);
          }

          @Override
          public void onCompleted() {}
        });
    answer.whenComplete(
        (text, failed) -> {
          if (answer.isCancelled()) {
            call.cancel("the test cancels", failed);
          }
        });
    return answer;
  }

  static final class Text implements MethodDescriptor.Marshaller<String> {
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
