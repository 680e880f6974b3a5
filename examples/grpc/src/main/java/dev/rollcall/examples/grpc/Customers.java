package dev.rollcall.examples.grpc;

import com.google.protobuf.Int32Value;
import com.google.protobuf.StringValue;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerServiceDefinition;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.util.Map;

/** Knows the customers' names, and asks the other service how many orders each one has. */
final class Customers implements AutoCloseable {
  /** A customer's name. In a project of your own, protoc makes this of a .proto file. */
  static final MethodDescriptor<Int32Value, StringValue> NAME =
      MethodDescriptor.<Int32Value, StringValue>newBuilder()
          .setType(MethodType.UNARY)
          .setFullMethodName("shop.Customers/Name")
          .setRequestMarshaller(ProtoUtils.marshaller(Int32Value.getDefaultInstance()))
          .setResponseMarshaller(ProtoUtils.marshaller(StringValue.getDefaultInstance()))
          .build();

  private static final Map<Integer, String> NAMES = Map.of(1, "Ada", 2, "Ben");

  private final Service service;

  Customers(String store) throws IOException {
    ServerServiceDefinition methods =
        ServerServiceDefinition.builder("shop.Customers")
            .addMethod(NAME, ServerCalls.asyncUnaryCall(Customers::name))
            .build();
    service = new Service(store, "customers", methods, "orders");
  }

  private static void name(Int32Value id, StreamObserver<StringValue> answer) {
    answer.onNext(StringValue.of(NAMES.getOrDefault(id.getValue(), "nobody")));
    answer.onCompleted();
  }

  String describe(int id) {
    int count = service.call(Orders.COUNT, Int32Value.of(id)).getValue();
    return NAMES.getOrDefault(id, "nobody") + " has " + count + " orders";
  }

  @Override
  public void close() {
    service.close();
  }
}
