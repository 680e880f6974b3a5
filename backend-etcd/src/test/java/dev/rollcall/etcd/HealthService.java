package dev.rollcall.etcd;

import com.google.protobuf.CodedInputStream;
import io.grpc.MethodDescriptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** {@code grpc.health.v1.Health/Check}, as its definition says; the server as a whole serves. */
final class HealthService {
  static final int SERVING = 1;

  /** By service, as the wire has them: 0 unknown, 1 serving, 2 not serving, 3 no such service. */
  final Map<String, Integer> statuses = new ConcurrentHashMap<>(Map.of("", SERVING));

  ServerServiceDefinition definition() {
    MethodDescriptor<byte[], byte[]> check =
        MethodDescriptor.<byte[], byte[]>newBuilder()
            .setType(MethodDescriptor.MethodType.UNARY)
            .setFullMethodName("grpc.health.v1.Health/Check")
            .setRequestMarshaller(new Bytes())
            .setResponseMarshaller(new Bytes())
            .build();
    return ServerServiceDefinition.builder("grpc.health.v1.Health")
        .addMethod(check, ServerCalls.asyncUnaryCall(this::answer))
        .build();
  }

  private void answer(byte[] request, StreamObserver<byte[]> observer) {
    Integer status = statuses.get(service(request));
    if (status == null) {
      observer.onError(Status.NOT_FOUND.asRuntimeException());
    } else {
      // A field that is zero is not written; one that is not known is passed over.
      observer.onNext(
          status == 0 ? new byte[0] : new byte[] {0x12, 1, 'x', 0x08, status.byteValue()});
      observer.onCompleted();
    }
  }

  private static String service(byte[] request) {
    try {
      CodedInputStream in = CodedInputStream.newInstance(request);
      return in.readTag() == 0 ? "" : in.readString();
    } catch (IOException malformed) {
      throw new UncheckedIOException(malformed);
    }
  }

  private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] bytes) {
      return new ByteArrayInputStream(bytes);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try {
        return stream.readAllBytes();
      } catch (IOException broken) {
        throw new UncheckedIOException(broken);
      }
    }
  }
}
