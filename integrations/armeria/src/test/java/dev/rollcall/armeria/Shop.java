package dev.rollcall.armeria;

import com.linecorp.armeria.client.WebClient;
import com.linecorp.armeria.common.AggregatedHttpResponse;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.server.Server;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;

/** Servers that tell their names. */
final class Shop {
  /** What a server waits for after it has deregistered: no request for so long. */
  private static final Duration QUIET = Duration.ofSeconds(2);

  private Shop() {}

  static Server open(Registry registry, String name) {
    return open(
        registry, ServiceInstance.builder("orders").id(name).address("127.0.0.1", 1).build());
  }

  /** The address of the instance is replaced by the server's. */
  static Server open(Registry registry, ServiceInstance like) {
    return open(
        like.id(),
        RollcallUpdatingListener.builder(registry, like.service())
            .instance(it -> it.id(like.id()).weight(like.weight()).zone(like.zone()))
            .build());
  }

  static Server open(String name, RollcallUpdatingListener listener) {
    Server server =
        Server.builder()
            .http(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .service("/name", (ctx, request) -> HttpResponse.of(name))
            .gracefulShutdownTimeout(QUIET, Duration.ofMinutes(1))
            .serverListener(listener)
            .build();
    server.start().join();
    return server;
  }

  static String name(WebClient client) {
    AggregatedHttpResponse response = client.get("/name").aggregate().join();
    if (!response.status().equals(HttpStatus.OK)) {
      throw new IllegalStateException(response.toString());
    }
    return response.contentUtf8();
  }
}
