package dev.rollcall.examples.grpc;

import com.google.protobuf.Int32Value;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerServiceDefinition;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.util.Map;

/** Knows which customer each order is of, and asks the other service for his name. */
final class Orders implements AutoCloseable {
  /**
   * How many orders a customer has. In a project of your own, protoc makes this of a .proto file.
   */
  static final MethodDescriptor<Int32Value, Int32Value> COUNT =
      MethodDescriptor.<Int32Value, Int32Value>newBuilder()
          .setType(MethodType.UNARY)
          .setFullMethodName("shop.Orders/Count")
          .setRequestMarshaller(ProtoUtils.marshaller(Int32Value.getDefaultInstance()))
          .setResponseMarshaller(ProtoUtils.marshaller(Int32Value.getDefaultInstance()))
          .build();

  private static final Map<Integer, Integer> CUSTOMER_OF_ORDER = Map.of(1, 1, 2, 1, 3, 2);

  private final Service service;

  Orders(String store) throws IOException {
    ServerServiceDefinition methods =
        ServerServiceDefinition.builder("shop.Orders")
            .addMethod(COUNT, ServerCalls.asyncUnaryCall(Orders::count))
            .build();
    service = new Service(store, "orders", methods, "customers");
  }

  private static void count(Int32Value customer, StreamObserver<Int32Value> answer) {
    long count =
        CUSTOMER_OF_ORDER.values().stream().filter(each -> each == customer.getValue()).count();
    answer.onNext(Int32Value.of((int) count));
    answer.onCompleted();
  }

  String describe(int order) {
    Int32Value customer = Int32Value.of(CUSTOMER_OF_ORDER.getOrDefault(order, 0));
    return "order " + order + " is of " + service.call(Customers.NAME, customer).getValue();
  }

  @Override
  public void close() {
    service.close();
  }
}
