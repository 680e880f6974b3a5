package dev.rollcall.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.rollcall.Health;
import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.cloud.client.discovery.DiscoveryClient;
import org.springframework.cloud.client.discovery.ReactiveDiscoveryClient;
import org.springframework.cloud.client.discovery.composite.CompositeDiscoveryClient;
import org.springframework.cloud.client.discovery.event.HeartbeatEvent;
import org.springframework.cloud.client.discovery.simple.SimpleDiscoveryClient;
import org.springframework.context.ApplicationListener;
import org.springframework.context.ConfigurableApplicationContext;
import reactor.core.Disposable;
import reactor.core.scheduler.Schedulers;

/** Spring's discovery clients on a store that another process, here another registry, fills. */
class DiscoveryTest {
  private static final String URI = "memory:spring-discovery";
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private static Registry others;
  private static ConfigurableApplicationContext application;

  @BeforeAll
  static void start() {
    others = Registry.open(URI);
    register("payments", "a", 8001, Health.PASSING);
    register("payments", "b", 8002, Health.CRITICAL);
    application =
        Apps.plain(
            Apps.Bare.class,
            "--rollcall.uri=" + URI,
            "--rollcall.discovery.order=-5",
            "--spring.cloud.discovery.client.simple.instances.legacy[0].uri=http://127.0.0.1:7",
            "--spring.cloud.discovery.client.simple.instances.payments[0].uri=http://127.0.0.1:9");
  }

  @AfterAll
  static void stop() {
    application.close();
    others.close();
  }

  private static Registration register(String service, String id, int port, Health health) {
    return others
        .register(
            ServiceInstance.builder(service)
                .id(id)
                .address("127.0.0.1", port)
                .zone("eu-1a")
                .weight(3)
                .metadata("version", "2")
                .health(health)
                .build(),
            Liveness.heartbeat(Duration.ofSeconds(30)))
        .orTimeout(30, TimeUnit.SECONDS)
        .join();
  }

  @Test
  void passingInstances_areShownWithAllThatSpringKnows() {
    RollcallDiscoveryClient client = application.getBean(RollcallDiscoveryClient.class);
    List<org.springframework.cloud.client.ServiceInstance> found = client.getInstances("payments");
    assertThat(found).hasSize(1);
    org.springframework.cloud.client.ServiceInstance one = found.get(0);
    assertThat(one.getInstanceId()).isEqualTo("a");
    assertThat(one.getServiceId()).isEqualTo("payments");
    assertThat(one.getUri()).hasToString("http://127.0.0.1:8001");
    assertThat(one.isSecure()).isFalse();
    assertThat(one.getMetadata())
        .containsEntry("version", "2")
        .containsEntry("zone", "eu-1a")
        .containsEntry("weight", "3");
    assertThat(client.getServices()).contains("payments");
    assertThat(client.getInstances("nobody")).isEmpty();
    assertThat(client.getInstances("no/name")).isEmpty();
  }

  @Test
  void otherClients_stayBesideIt_inTheirOrder() {
    DiscoveryClient all = application.getBean(DiscoveryClient.class);
    assertThat(all).isInstanceOf(CompositeDiscoveryClient.class);
    assertThat(((CompositeDiscoveryClient) all).getDiscoveryClients())
        .hasAtLeastOneElementOfType(SimpleDiscoveryClient.class)
        .first()
        .isInstanceOf(RollcallDiscoveryClient.class);
    assertThat(all.getInstances("payments")).extracting("port").containsExactly(8001);
    assertThat(all.getInstances("legacy")).extracting("port").containsExactly(7);
    assertThat(all.getServices()).contains("payments", "legacy");
  }

  @Test
  void reactiveClient_findsTheSame() {
    ReactiveDiscoveryClient client = application.getBean(RollcallReactiveDiscoveryClient.class);
    assertThat(client.getOrder()).isEqualTo(-5);
    assertThat(client.getInstances("payments").collectList().block(PATIENCE))
        .extracting("port")
        .containsExactly(8001);
    assertThat(client.getServices().collectList().block(PATIENCE)).contains("payments");
    assertThat(client.getInstances("no/name").collectList().block(PATIENCE)).isEmpty();
    assertThat(
            application
                .getBean(ReactiveDiscoveryClient.class)
                .getInstances("payments")
                .collectList()
                .block(PATIENCE))
        .extracting("port")
        .contains(8001);
  }

  /** The store takes connections and never answers: whoever waited for it would stand still. */
  @Test
  void reactiveClient_keepsNoThreadWaiting_andFailsInTime() throws Exception {
    try (ServerSocket silent = silent();
        Registry registry = Registry.open("consul://127.0.0.1:" + silent.getLocalPort())) {
      ReactiveDiscoveryClient patient = reactive(registry, Duration.ofDays(1));
      CompletableFuture<Boolean> loop = new CompletableFuture<>();
      Schedulers.parallel()
          .schedule(
              () -> {
                Disposable waiting = patient.getInstances("payments").subscribe();
                loop.complete(waiting.isDisposed());
                waiting.dispose();
              });
      assertThat(loop.get(30, TimeUnit.SECONDS)).as("an answer that there cannot be").isFalse();

      ReactiveDiscoveryClient brief = reactive(registry, Duration.ofMillis(100));
      assertThatThrownBy(() -> brief.getInstances("payments").collectList().block(PATIENCE))
          .isInstanceOf(RegistryException.class)
          .hasMessageContaining("payments");
    }
  }

  private static ServerSocket silent() throws IOException {
    return new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  }

  private static ReactiveDiscoveryClient reactive(Registry registry, Duration await) {
    return new RollcallReactiveDiscoveryClient(
        registry, new RollcallProperties.Discovery(true, 0, await, true));
  }

  @Test
  void heartbeats_tellOfEachChangeOfTheCatalog() {
    List<Object> beats = new CopyOnWriteArrayList<>();
    application.addApplicationListener(
        (ApplicationListener<HeartbeatEvent>) event -> beats.add(event.getValue()));
    Registration comes = register("newcomers", "n", 8003, Health.PASSING);
    await().atMost(PATIENCE).untilAsserted(() -> assertThat(beats).isNotEmpty());
    int before = beats.size();
    comes.close();
    await().atMost(PATIENCE).untilAsserted(() -> assertThat(beats).hasSizeGreaterThan(before));
    assertThat(beats).doesNotHaveDuplicates();
  }
}
