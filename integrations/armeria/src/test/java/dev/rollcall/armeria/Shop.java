package dev.rollcall.armeria;

import com.linecorp.armeria.client.WebClient;
import com.linecorp.armeria.common.AggregatedHttpResponse;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.server.Server;
import dev.rollcall.Registry;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;

/** Servers that tell their names. */
final class Shop {
  private Shop() {}

  static Server open(Registry registry, String name, Duration quiet) {
    return open(
        name,
        RollcallUpdatingListener.builder(registry, "orders").instance(it -> it.id(name)).build(),
        quiet);
  }

  /** Stops once no request has come for the quiet period. */
  static Server open(String name, RollcallUpdatingListener listener, Duration quiet) {
    Server server =
        Server.builder()
            .http(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .service("/name", (ctx, request) -> HttpResponse.of(name))
            .gracefulShutdownTimeout(quiet, quiet.multipliedBy(30))
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
