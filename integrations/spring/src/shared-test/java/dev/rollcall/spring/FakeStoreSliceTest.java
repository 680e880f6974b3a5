package dev.rollcall.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import dev.rollcall.Freshness;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import dev.rollcall.junit.FakeStore;
import dev.rollcall.spring.test.AutoConfigureFakeStore;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.cloud.client.discovery.DiscoveryClient;
import org.springframework.cloud.client.loadbalancer.LoadBalanced;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.test.context.TestPropertySource;
import org.springframework.test.context.junit.jupiter.SpringJUnitConfig;
import org.springframework.web.client.RestClient;

/** Tests of an application, as its authors write them, with the store in their hand. */
@TestPropertySource(
    properties = {
      "spring.application.name=shop",
      "server.address=127.0.0.1",
      "spring.config.import=rollcall:",
      Apps.NO_WEBFLUX_GATEWAY,
      Apps.NO_WEBMVC_GATEWAY,
      Apps.NO_SPRING_CLOUD_CONSUL
    })
class FakeStoreSliceTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private static HttpServer payments;

  /** A client of the service {@code payments}. */
  static class Checkout {
    private final RestClient client;

    Checkout(RestClient.Builder client) {
      this.client = client.baseUrl("http://payments").build();
    }

    String pay() {
      return String.valueOf(client.get().uri("/pay").retrieve().body(String.class));
    }
  }

  /** The beans that are tested. */
  @Configuration(proxyBeanMethods = false)
  static class CheckoutBeans {
    @Bean
    @LoadBalanced
    RestClient.Builder restClient() {
      return RestClient.builder();
    }

    @Bean
    Checkout checkout(@LoadBalanced RestClient.Builder client) {
      return new Checkout(client);
    }
  }

  /** The whole application. */
  @SpringBootConfiguration
  @EnableAutoConfiguration
  static class Shop extends CheckoutBeans {}

  @BeforeAll
  static void serve() throws IOException {
    payments = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    payments.createContext(
        "/pay",
        exchange -> {
          byte[] body = "paid".getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    payments.start();
  }

  @AfterAll
  static void stop() {
    payments.stop(0);
  }

  private static String address() {
    return "127.0.0.1:" + payments.getAddress().getPort();
  }

  private static void callsWhatTheTestPutsThere(FakeStore store, Checkout checkout) {
    assertThatThrownBy(checkout::pay).hasMessageContaining("payments");
    store.service("payments").passing(address());
    assertThat(checkout.pay()).isEqualTo("paid");

    store.outage();
    assertThat(checkout.pay()).as("an outage removes nothing").isEqualTo("paid");
    store.recover().service("payments").critical(address());
    assertThatThrownBy(checkout::pay).hasMessageContaining("payments");
  }

  @Nested
  @SpringBootTest(classes = Shop.class)
  @AutoConfigureFakeStore
  class CheckoutTest {
    @Autowired FakeStore store;
    @Autowired Checkout checkout;

    @Test
    void pays_inAnOutageAsWell() {
      store.service("payments").passing(address());
      assertThat(checkout.pay()).isEqualTo("paid");

      store.outage();
      assertThat(checkout.pay()).isEqualTo("paid");
    }
  }

  @Nested
  @SpringBootTest(classes = Shop.class, webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
  @AutoConfigureFakeStore
  class WholeApplication {
    @Autowired FakeStore store;
    @Autowired Registry registry;
    @Autowired Checkout checkout;

    @Test
    void callsAndRegisters_inTheStoreOfTheTest() {
      callsWhatTheTestPutsThere(store, checkout);
      await().atMost(PATIENCE).until(() -> store.service("shop").instances().size() == 1);
      ServiceInstance self = store.service("shop").instances().get(0);
      assertThat(self.host()).isEqualTo("127.0.0.1");
      store.service("shop").outage();
      assertThat(registry.service("shop").snapshot().freshness())
          .isNotInstanceOf(Freshness.Live.class);
    }
  }

  @Nested
  @SpringJUnitConfig(CheckoutBeans.class)
  @AutoConfigureFakeStore
  class ClientAlone {
    @Autowired FakeStore store;
    @Autowired Checkout checkout;
    @Autowired DiscoveryClient discovery;
    @Autowired ApplicationContext context;

    @Test
    void calls_andIsNotRegistered() {
      callsWhatTheTestPutsThere(store, checkout);
      assertThat(discovery.getServices()).containsExactly("payments");
      assertThat(context.getBeansOfType(RollcallRegistration.class)).isEmpty();
    }
  }
}
