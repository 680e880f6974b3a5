package dev.rollcall.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import dev.rollcall.Balancer;
import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.cloud.client.loadbalancer.DefaultRequest;
import org.springframework.cloud.client.loadbalancer.LoadBalanced;
import org.springframework.cloud.client.loadbalancer.LoadBalancerClient;
import org.springframework.cloud.client.loadbalancer.RetryableRequestContext;
import org.springframework.cloud.client.loadbalancer.reactive.ReactiveLoadBalancer;
import org.springframework.cloud.loadbalancer.core.DiscoveryClientServiceInstanceListSupplier;
import org.springframework.cloud.loadbalancer.core.ReactorLoadBalancer;
import org.springframework.cloud.loadbalancer.core.ServiceInstanceListSupplier;
import org.springframework.cloud.loadbalancer.support.LoadBalancerClientFactory;
import org.springframework.cloud.openfeign.EnableFeignClients;
import org.springframework.cloud.openfeign.FeignClient;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.client.RestClient;
import org.springframework.web.reactive.function.client.WebClient;
import reactor.core.publisher.Mono;

/** Clients of Spring's that call a service by its name, over HTTP. */
class LoadBalancerTest {
  private static final String URI = "memory:spring-loadbalancer";
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private static final Map<String, HttpServer> servers = new TreeMap<>();
  private static final ExecutorService serving = Executors.newCachedThreadPool();
  private static final CountDownLatch held = new CountDownLatch(1);
  private static final AtomicInteger holding = new AtomicInteger();
  private static Registry others;
  private static ConfigurableApplicationContext application;

  /** What an application declares. */
  @SpringBootConfiguration
  @EnableAutoConfiguration
  @EnableFeignClients(clients = Names.class)
  static class Caller {
    @Bean
    @LoadBalanced
    RestClient.Builder restClient() {
      return RestClient.builder();
    }

    @Bean
    @LoadBalanced
    WebClient.Builder webClient() {
      return WebClient.builder();
    }

    @Bean
    Balancer balancer() {
      return Balancer.preferZone("eu-1a", Balancer.leastLoaded());
    }
  }

  /** A client of Feign's. */
  @FeignClient("names")
  interface Names {
    @GetMapping("/name")
    String name();
  }

  @BeforeAll
  static void start() throws IOException {
    others = Registry.open(URI);
    for (String zone : List.of("eu-1a", "eu-1b")) {
      for (int i = 1; i <= 2; i++) {
        serve("names", zone + "-" + i, zone);
      }
    }
    application = Apps.plain(Caller.class, "--rollcall.uri=" + URI);
  }

  @AfterAll
  static void stop() {
    held.countDown();
    application.close();
    others.close();
    servers.values().forEach(server -> server.stop(0));
    serving.shutdownNow();
  }

  /** Answers with its name; below {@code /hold} when it is told to. */
  private static Registration serve(String service, String name, String zone) throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(serving);
    server.createContext(
        "/",
        exchange -> {
          if (exchange.getRequestURI().getPath().equals("/hold")) {
            holding.incrementAndGet();
            try {
              held.await();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          }
          byte[] body = name.getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
    servers.put(name, server);
    return register(service, name, zone, server.getAddress().getPort());
  }

  private static Registration register(String service, String name, String zone, int port) {
    return others
        .register(
            ServiceInstance.builder(service).id(name).address("127.0.0.1", port).zone(zone).build(),
            Liveness.heartbeat(Duration.ofSeconds(30)))
        .orTimeout(30, TimeUnit.SECONDS)
        .join();
  }

  private static String byRestClient(String uri) {
    return String.valueOf(
        application
            .getBean(RestClient.Builder.class)
            .build()
            .get()
            .uri(uri)
            .retrieve()
            .body(String.class));
  }

  private static Mono<String> byWebClient(String uri) {
    return application
        .getBean(WebClient.Builder.class)
        .build()
        .get()
        .uri(uri)
        .retrieve()
        .bodyToMono(String.class);
  }

  private static PicksInFlight inFlight(String service) {
    return ((RollcallLoadBalancer) balancer(service)).inFlight;
  }

  private static ReactiveLoadBalancer<org.springframework.cloud.client.ServiceInstance> balancer(
      String service) {
    return application.getBean(LoadBalancerClientFactory.class).getInstance(service);
  }

  @Test
  void restClient_webClientAndFeign_callTheirOwnZone() {
    Set<String> own = Set.of("eu-1a-1", "eu-1a-2");
    for (int i = 0; i < 10; i++) {
      assertThat(own).contains(byRestClient("http://names/name"));
      assertThat(own).contains(byWebClient("http://names/name").block(PATIENCE));
      assertThat(own).contains(application.getBean(Names.class).name());
    }
    assertThat(inFlight("names").size()).isZero();
  }

  @Test
  void requestsInFlight_areCounted_andTheLeastLoadedIsChosen() throws Exception {
    serve("slow", "a", "eu-1a");
    serve("slow", "b", "eu-1a");
    ExecutorService callers = Executors.newFixedThreadPool(6);
    try {
      List<Future<String>> answers = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        answers.add(callers.submit(() -> byRestClient("http://slow/hold")));
        int begun = i + 1;
        await().atMost(PATIENCE).until(() -> holding.get() == begun);
      }
      assertThat(inFlight("slow").size()).isEqualTo(6);
      held.countDown();
      List<String> names = new ArrayList<>();
      for (Future<String> answer : answers) {
        names.add(answer.get(30, TimeUnit.SECONDS));
      }
      assertThat(names).containsExactlyInAnyOrder("a", "a", "a", "b", "b", "b");
      await().atMost(PATIENCE).until(() -> inFlight("slow").size() == 0);
    } finally {
      callers.shutdownNow();
    }
  }

  @Test
  void instanceThatIsNotReached_isLeftOut() throws IOException {
    serve("halves", "alive", "eu-1a");
    HttpServer gone = servers.remove(serve("halves", "gone", "eu-1a").instance().id());
    gone.stop(0);
    await()
        .atMost(PATIENCE)
        .ignoreExceptions()
        .until(
            () -> {
              for (int i = 0; i < 20; i++) {
                byRestClient("http://halves/name");
              }
              return true;
            });
  }

  @Test
  void retry_isGivenAnotherInstance() throws IOException {
    serve("retried", "a", "eu-1a");
    serve("retried", "b", "eu-1a");
    for (int i = 0; i < 10; i++) {
      org.springframework.cloud.client.ServiceInstance first = choose("retried", null);
      org.springframework.cloud.client.ServiceInstance second = choose("retried", first);
      assertThat(second.getInstanceId()).isNotEqualTo(first.getInstanceId());
    }
  }

  private static org.springframework.cloud.client.ServiceInstance choose(
      String service, org.springframework.cloud.client.ServiceInstance previous) {
    return Mono.from(
            balancer(service).choose(new DefaultRequest<>(new RetryableRequestContext(previous))))
        .block(PATIENCE)
        .getServer();
  }

  /** Spring Cloud tells of no end of a request that was cancelled. */
  @Test
  void requestThatIsForgotten_isCountedNoMore() throws IOException {
    serve("forgotten", "a", "eu-1a");
    for (int i = 0; i < 5; i++) {
      choose("forgotten", null);
    }
    PicksInFlight inFlight = inFlight("forgotten");
    await()
        .atMost(PATIENCE)
        .until(
            () -> {
              System.gc();
              choose("forgotten", null);
              return inFlight.size() < 5;
            });
  }

  @Test
  void choiceWithoutARequest_isNotCounted() {
    LoadBalancerClient client = application.getBean(LoadBalancerClient.class);
    assertThat(client.choose("names")).isNotNull();
    assertThat(inFlight("names").size()).isZero();
    assertThat(client.choose("nobody")).isNull();
    assertThatThrownBy(() -> byRestClient("http://nobody/name"))
        .hasMessageContaining("No instances available for nobody");
  }

  @Test
  void supplier_listsAll_forOtherBalancers() {
    ServiceInstanceListSupplier supplier =
        application
            .getBean(LoadBalancerClientFactory.class)
            .getInstance("names", ServiceInstanceListSupplier.class);
    assertThat(supplier).isInstanceOf(DiscoveryClientServiceInstanceListSupplier.class);
    assertThat(supplier.get().next().block(PATIENCE))
        .extracting(each -> each.getInstanceId())
        .containsExactly("eu-1a-1", "eu-1a-2", "eu-1b-1", "eu-1b-2");
    assertThat(balancer("names")).isInstanceOf(ReactorLoadBalancer.class);
  }
}
