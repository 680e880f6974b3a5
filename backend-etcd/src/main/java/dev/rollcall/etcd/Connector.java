package dev.rollcall.etcd;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.ClientBuilder;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.MethodDescriptor;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;

/** Makes jetcd's clients, each with a connection of its own, as the options say. Thread-safe. */
final class Connector {
  /** What a message may have that comes from the store. */
  static final int MAX_INBOUND_BYTES = 64 * 1024 * 1024;

  private final EtcdOptions options;
  private final ExecutorService executor;

  Connector(EtcdOptions options, ExecutorService executor) {
    this.options = options;
    this.executor = executor;
  }

  /** Makes a client, which connects with its first call. */
  Client connect() {
    ClientBuilder builder =
        Client.builder()
            .target(options.target())
            .executorService(executor)
            .connectTimeout(Duration.ofSeconds(3))
            .keepaliveTime(Duration.ofSeconds(10))
            .keepaliveTimeout(Duration.ofSeconds(5))
            // etcd hangs up on clients that ping without a call.
            .keepaliveWithoutCalls(false)
            .maxInboundMessageSize(MAX_INBOUND_BYTES)
            .waitForReady(false)
            .retryDelay(100)
            .retryMaxDelay(400)
            .retryMaxAttempts(1)
            .interceptor(new UnaryDeadline(options.timeout()));
    options.tls().ifPresent(builder::sslContext);
    options
        .credentials()
        .ifPresent(
            login ->
                builder
                    .user(ByteSequence.from(login.user(), StandardCharsets.UTF_8))
                    .password(ByteSequence.from(login.password(), StandardCharsets.UTF_8)));
    return builder.build();
  }

  /** Lets gRPC forget a call whose answer nobody waits for any more. */
  private record UnaryDeadline(Duration timeout) implements ClientInterceptor {
    @Override
    public <Q, A> ClientCall<Q, A> interceptCall(
        MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
      boolean unary = method.getType() == MethodDescriptor.MethodType.UNARY;
      return next.newCall(
          method,
          unary ? options.withDeadlineAfter(timeout.toNanos(), TimeUnit.NANOSECONDS) : options);
    }
  }
}
