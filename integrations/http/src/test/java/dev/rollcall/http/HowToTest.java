package dev.rollcall.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.rollcall.Balancer;
import dev.rollcall.Liveness;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The code of {@code docs/how-to-use-http.md}, as it runs. */
class HowToTest {
  private final Registry registry = Registry.open("memory:");
  private HttpServer server;

  @BeforeEach
  void start() throws Exception {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/charges",
        exchange -> {
          byte[] body = "paid".getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
    ServiceInstance self =
        ServiceInstance.builder("payments")
            .address("127.0.0.1", server.getAddress().getPort())
            .build();
    registry.register(self, Liveness.permanent()).join();
    registry.service("payments").await(Duration.ofMinutes(1));
  }

  @AfterEach
  void stop() {
    registry.close();
    server.stop(0);
  }

  @Test
  void aRequestIsSent() throws Exception {
    ServiceClient payments = ServiceClient.of(registry.service("payments"));
    HttpResponse<String> answer =
        payments.send(
            "/charges?customer=7",
            HttpRequest.newBuilder().timeout(Duration.ofSeconds(30)),
            HttpResponse.BodyHandlers.ofString());
    assertThat(answer.body()).isEqualTo("paid");
  }

  @Test
  void allSettings() throws Exception {
    ServiceClient payments =
        ServiceClient.builder(registry.service("payments").balancedBy(Balancer.leastLoaded()))
            .client(HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build())
            .attempts(3) // the first one included
            .retryBudget(0.2, 10) // for all requests together: a fifth of them, and 10 in reserve
            .failing(status -> status == 502 || status == 503 || status == 504)
            .build();
    assertPaid(payments);
  }

  @Test
  void whatMayBeSentTwice() throws Exception {
    ServiceClient payments =
        ServiceClient.builder(registry.service("payments"))
            .repeatable(request -> request.headers().firstValue("Idempotency-Key").isPresent())
            .build();
    assertPaid(payments);
  }

  private static void assertPaid(ServiceClient payments) throws Exception {
    HttpRequest.Builder charge =
        HttpRequest.newBuilder().POST(HttpRequest.BodyPublishers.ofString("7"));
    assertThat(payments.send("/charges", charge, HttpResponse.BodyHandlers.ofString()).statusCode())
        .isEqualTo(200);
  }
}
