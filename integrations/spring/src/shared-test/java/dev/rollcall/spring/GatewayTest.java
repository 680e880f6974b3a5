package dev.rollcall.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.rollcall.Registry;
import dev.rollcall.ServiceView;
import dev.rollcall.testkit.server.ConsulServer;
import dev.rollcall.testkit.server.EtcdServer;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.cloud.loadbalancer.support.LoadBalancerClientFactory;
import org.springframework.context.ConfigurableApplicationContext;

/** Spring Cloud Gateway, on both of its web servers, before applications that Rollcall finds. */
class GatewayTest {
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  private static ConfigurableApplicationContext webflux(String uri, String... more) {
    String prefix = "--spring.cloud.gateway.server.webflux";
    return Apps.reactive(Apps.Bare.class, arguments(uri, prefix + ".enabled=true", prefix, more));
  }

  private static ConfigurableApplicationContext webmvc(String uri, String... more) {
    String prefix = "--spring.cloud.gateway.server.webmvc";
    return Apps.web(
        Apps.Bare.class, arguments(uri, "--spring.autoconfigure.exclude=", prefix, more));
  }

  private static String[] arguments(String uri, String enabled, String prefix, String... more) {
    List<String> all =
        new ArrayList<>(
            List.of(
                "--rollcall.uri=" + uri, "--rollcall.loadbalancer.balancer=round-robin", enabled));
    for (String each : more) {
      all.add(prefix + each);
    }
    return all.toArray(String[]::new);
  }

  private static ConfigurableApplicationContext orders(String uri) {
    return Apps.web(Apps.Orders.class, "--spring.application.name=orders", "--rollcall.uri=" + uri);
  }

  private static HttpResponse<String> hello(ConfigurableApplicationContext gateway, String path) {
    try {
      return Apps.get(Apps.port(gateway, "server"), path);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** Instances come, one leaves, and the last one leaves. */
  private static void routes(ConfigurableApplicationContext gateway, String uri, String path) {
    try (gateway) {
      ServiceView view = gateway.getBean(Registry.class).service("orders");
      try (ConfigurableApplicationContext stays = orders(uri)) {
        String second = String.valueOf(Apps.port(stays, "server"));
        try (ConfigurableApplicationContext leaves = orders(uri)) {
          String first = String.valueOf(Apps.port(leaves, "server"));
          Set<String> reached = new TreeSet<>();
          await()
              .atMost(PATIENCE)
              .untilAsserted(
                  () -> {
                    HttpResponse<String> answer = hello(gateway, path);
                    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
                    reached.add(answer.body());
                    assertThat(reached).hasSize(2);
                  });
          assertThat(reached).containsExactlyInAnyOrder(first, second);
        }
        await().atMost(PATIENCE).until(() -> view.instances().size() == 1);
        for (int i = 0; i < 20; i++) {
          assertThat(hello(gateway, path).body()).as("the first one has left").isEqualTo(second);
        }
        RollcallLoadBalancer balancer =
            (RollcallLoadBalancer)
                gateway.getBean(LoadBalancerClientFactory.class).getInstance("orders");
        await().atMost(PATIENCE).until(() -> balancer.inFlight.size() == 0);
      }
      await().atMost(PATIENCE).until(() -> view.instances().isEmpty());
      assertThat(hello(gateway, path).statusCode()).isIn(404, 500, 503); // as each says it
    }
  }

  private static String[] route() {
    return new String[] {
      ".routes[0].id=orders", ".routes[0].uri=lb://orders", ".routes[0].predicates[0]=Path=/hello"
    };
  }

  @Test
  void webflux_routesByTheNameOfAService() {
    String uri = "memory:spring-gateway-webflux";
    routes(webflux(uri, route()), uri, "/hello");
  }

  @Test
  void webmvc_routesByTheNameOfAService() {
    String uri = "memory:spring-gateway-webmvc";
    routes(webmvc(uri, route()), uri, "/hello");
  }

  /** What comes later than the gateway has a route by the heartbeat. */
  @Test
  void locator_makesARouteForEachService() {
    String uri = "memory:spring-gateway-locator";
    routes(webflux(uri, ".discovery.locator.enabled=true"), uri, "/orders/hello");
  }

  @Test
  @Tag("stores")
  void gateway_onConsul() {
    try (ConsulServer server = ConsulServer.launch()) {
      String uri = "consul://127.0.0.1:" + server.port();
      routes(webflux(uri, route()), uri, "/hello");
    }
  }

  @Test
  @Tag("stores")
  void gateway_onEtcd() {
    try (EtcdServer server = EtcdServer.launch("3.5")) {
      String uri = "etcd://127.0.0.1:" + server.port();
      routes(webmvc(uri, route()), uri, "/hello");
    }
  }
}
