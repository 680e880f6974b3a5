package dev.rollcall.stork;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.rollcall.Liveness;
import dev.rollcall.Registry;
import io.smallrye.stork.Stork;
import io.smallrye.stork.api.Service;
import io.smallrye.stork.api.ServiceDefinition;
import io.smallrye.stork.api.ServiceInstance;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The code of {@code docs/how-to-use-stork.md}, as it runs. */
class HowToTest {
  @AfterEach
  void close() {
    Stork.shutdown();
    RollcallStork.close();
  }

  @Test
  void aCall() throws Exception {
    TestConfig.set();
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(200, 2);
          try (OutputStream body = exchange.getResponseBody()) {
            body.write(new byte[] {'4', '2'});
          }
        });
    server.start();
    String uri = "memory:stork-how-to";
    try (Registry registry = Registry.open(uri)) {
      registry
          .register(
              dev.rollcall.ServiceInstance.builder("orders")
                  .address("127.0.0.1", server.getAddress().getPort())
                  .build(),
              Liveness.heartbeat(Duration.ofSeconds(10)))
          .join();

      Stork.initialize();
      Service orders =
          Stork.getInstance()
              .defineIfAbsent(
                  "orders",
                  ServiceDefinition.of(
                      new RollcallAttributes().with("uri", uri),
                      new RollcallAttributes().with("zone", "eu-1a")))
              .getService("orders");

      ServiceInstance target = orders.selectInstance().await().atMost(Duration.ofSeconds(10));
      URI address = URI.create("http://" + target.getHost() + ":" + target.getPort() + "/orders");
      HttpResponse<String> answer =
          HttpClient.newHttpClient()
              .send(HttpRequest.newBuilder(address).build(), HttpResponse.BodyHandlers.ofString());
      assertThat(answer.body()).isEqualTo("42");
    } finally {
      server.stop(0);
    }
  }
}
