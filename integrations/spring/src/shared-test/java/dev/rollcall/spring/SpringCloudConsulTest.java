package dev.rollcall.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import dev.rollcall.testkit.server.ConsulServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.web.client.RestClient;

/**
 * What Spring Cloud Consul writes is found, and what it asks for is answered, by the requests that
 * it sends. The long tests of {@code it} run the real one beside the starter.
 */
@Tag("stores")
class SpringCloudConsulTest {
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  private static void put(ConsulServer consul, String path, String body)
      throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + consul.port() + "/v1/" + path))
            .PUT(HttpRequest.BodyPublishers.ofString(body))
            .build();
    HttpResponse<String> reply =
        HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
  }

  /** Answers everything with 200, as the health of an old application and as its service. */
  private static HttpServer oldApplication() throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          byte[] answer = "old".getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(200, answer.length);
          exchange.getResponseBody().write(answer);
          exchange.close();
        });
    server.start();
    return server;
  }

  @Test
  void oldAndNew_findEachOther_andReadTheSameKeys() throws Exception {
    HttpServer old = oldApplication();
    try (ConsulServer consul = ConsulServer.launch()) {
      String uri = "consul://127.0.0.1:" + consul.port();
      int port = old.getAddress().getPort();
      put(consul, "kv/config/application/greeting", "hello");
      put(consul, "kv/config/orders/db/pool", "20");
      put(
          consul,
          "agent/service/register",
          """
          {"ID":"billing-1","Name":"billing","Tags":[],"Address":"127.0.0.1","Port":%d,
           "Meta":{"secure":"false"},"Check":{"Interval":"1s","HTTP":"http://127.0.0.1:%d/health"}}
          """
              .formatted(port, port));
      try (ConfigurableApplicationContext orders =
              Apps.web(
                  Apps.Orders.class,
                  "--spring.application.name=orders",
                  "--rollcall.uri=" + uri,
                  "--spring.config.import=rollcall:");
          ConfigurableApplicationContext caller =
              Apps.plain(LoadBalancerTest.Caller.class, "--rollcall.uri=" + uri)) {
        assertThat(orders.getEnvironment().getProperty("greeting")).isEqualTo("hello");
        assertThat(orders.getEnvironment().getProperty("db.pool")).isEqualTo("20");
        await()
            .atMost(PATIENCE)
            .ignoreExceptions()
            .untilAsserted(() -> assertThat(callBilling(caller)).isEqualTo("old"));
        await()
            .atMost(PATIENCE)
            .untilAsserted(
                () ->
                    assertThat(Apps.get(consul.port(), "/v1/health/service/orders?passing").body())
                        .containsPattern("\"Address\": ?\"127.0.0.1\"")
                        .containsPattern("\"Port\": ?" + Apps.port(orders, "server")));
      }
    } finally {
      old.stop(0);
    }
  }

  private static String callBilling(ConfigurableApplicationContext caller) {
    RestClient client = caller.getBean(RestClient.Builder.class).build();
    return String.valueOf(client.get().uri("http://billing/hello").retrieve().body(String.class));
  }
}
