package dev.rollcall.etcd;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import dev.rollcall.Health;
import dev.rollcall.Liveness;
import dev.rollcall.spi.GrpcHealthClient;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import javax.net.ssl.SSLException;

/**
 * Asks gRPC servers for their health, with the gRPC that this jar has inside for etcd: one
 * connection a question, which ends with it. Found by {@link java.util.ServiceLoader}; there is no
 * reason to name it. Without state, and thread-safe; gRPC's threads complete the answers.
 *
 * @since 0.1.0
 */
public final class GrpcHealthQuery implements GrpcHealthClient {
  /** The answer is one number. */
  private static final int MAX_ANSWER_BYTES = 4 * 1024;

  private static final MethodDescriptor<String, Health> CHECK =
      MethodDescriptor.<String, Health>newBuilder()
          .setType(MethodDescriptor.MethodType.UNARY)
          .setFullMethodName("grpc.health.v1.Health/Check")
          .setRequestMarshaller(new Request())
          .setResponseMarshaller(new Response())
          .build();

  /** Creates it. */
  public GrpcHealthQuery() {}

  @Override
  public CompletableFuture<Health> ask(Liveness.GrpcCheck check, InetSocketAddress address) {
    CompletableFuture<Health> answer = new CompletableFuture<>();
    ManagedChannel channel;
    try {
      channel = channel(check, address);
    } catch (SSLException failed) {
      answer.completeExceptionally(failed);
      return answer;
    }
    var unused = answer.whenComplete((health, failed) -> channel.shutdownNow());
    ClientCall<String, Health> call = channel.newCall(CHECK, CallOptions.DEFAULT);
    call.start(new Answer(answer), new Metadata());
    call.request(1);
    call.sendMessage(check.service());
    call.halfClose();
    return answer;
  }

  private static ManagedChannel channel(Liveness.GrpcCheck check, InetSocketAddress address)
      throws SSLException {
    // Under no proxy of the JVM's, and on the event loop: nothing here waits.
    NettyChannelBuilder builder =
        NettyChannelBuilder.forAddress(address)
            .proxyDetector(target -> null)
            .directExecutor()
            .disableRetry()
            .maxInboundMessageSize(MAX_ANSWER_BYTES)
            .userAgent("rollcall-check");
    if (check.tls().isEmpty()) {
      return builder.overrideAuthority(check.address().toString()).usePlaintext().build();
    }
    Liveness.Tls tls = check.tls().get();
    SslContextBuilder trust = GrpcSslContexts.forClient();
    if (tls.skipVerify()) {
      trust.trustManager(InsecureTrustManagerFactory.INSTANCE);
    }
    // What is asked for in TLS, and looked for in the certificate, is the authority's host.
    return builder
        .overrideAuthority(tls.serverName().orElse(check.address().toString()))
        .sslContext(trust.build())
        .build();
  }

  /** Completes the answer with the message, or with the status where there was none. */
  private static final class Answer extends ClientCall.Listener<Health> {
    private final CompletableFuture<Health> answer;

    Answer(CompletableFuture<Health> answer) {
      this.answer = answer;
    }

    @Override
    public void onMessage(Health health) {
      answer.complete(health);
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      answer.completeExceptionally(status.asRuntimeException());
    }
  }

  /** A {@code HealthCheckRequest}: field 1 is the service's name. */
  private static final class Request implements MethodDescriptor.Marshaller<String> {
    @Override
    public InputStream stream(String service) {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      CodedOutputStream out = CodedOutputStream.newInstance(bytes);
      try {
        if (!service.isEmpty()) {
          out.writeString(1, service);
        }
        out.flush();
      } catch (IOException impossible) {
        throw new UncheckedIOException(impossible);
      }
      return new ByteArrayInputStream(bytes.toByteArray());
    }

    @Override
    public String parse(InputStream stream) {
      throw new UnsupportedOperationException("requests are sent only");
    }
  }

  /** A {@code HealthCheckResponse}: field 1 is the status, of which 1 is {@code SERVING}. */
  private static final class Response implements MethodDescriptor.Marshaller<Health> {
    private static final int STATUS_TAG = 1 << 3;
    private static final int SERVING = 1;

    @Override
    public InputStream stream(Health health) {
      throw new UnsupportedOperationException("responses are read only");
    }

    @Override
    public Health parse(InputStream stream) {
      try {
        CodedInputStream in = CodedInputStream.newInstance(stream);
        int status = 0;
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
          if (tag == STATUS_TAG) {
            status = in.readEnum();
          } else {
            in.skipField(tag);
          }
        }
        return status == SERVING ? Health.PASSING : Health.CRITICAL;
      } catch (IOException malformed) {
        throw Status.INTERNAL.withCause(malformed).asRuntimeException();
      }
    }
  }
}
