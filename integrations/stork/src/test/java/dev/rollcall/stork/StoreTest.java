package dev.rollcall.stork;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import io.smallrye.mutiny.Uni;
import io.smallrye.stork.Stork;
import io.smallrye.stork.api.Metadata;
import io.smallrye.stork.api.NoServiceInstanceFoundException;
import io.smallrye.stork.api.Service;
import io.smallrye.stork.api.ServiceRegistrar.RegistrarOptions;
import io.smallrye.stork.api.config.ConfigWithType;
import io.smallrye.stork.spi.config.SimpleServiceConfig;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Stork itself, and another process's registry, which share nothing but a store. */
abstract class StoreTest {
  private static final AtomicInteger SERVICES = new AtomicInteger();

  /** Its name in the store is another one in each test: a server may be slow to forget. */
  final String application = "orders-" + SERVICES.incrementAndGet();

  String uri;
  Registry theirs;

  abstract String uri();

  @BeforeAll
  static void beforeAll() {
    Awaitility.setDefaultTimeout(30, TimeUnit.SECONDS);
  }

  @BeforeEach
  void open() {
    uri = uri();
    theirs = Registry.open(uri);
  }

  @AfterEach
  void close() {
    Stork.shutdown();
    RollcallStork.close();
    theirs.close();
  }

  RollcallAttributes attributes() {
    return new RollcallAttributes().with("uri", uri).with("application", application);
  }

  Service define(RollcallAttributes balancer) {
    return define(attributes(), balancer);
  }

  /** As a configuration file does it: programs that define services can give no registrar. */
  Service define(ConfigWithType discovery, ConfigWithType balancer) {
    TestConfig.set(
        new SimpleServiceConfig.Builder()
            .setServiceName("orders")
            .setServiceDiscovery(discovery)
            .setServiceRegistrar(attributes())
            .setLoadBalancer(balancer)
            .build());
    Stork.shutdown();
    Stork.initialize();
    return Stork.getInstance().getService("orders");
  }

  Registration register(ServiceInstance instance) {
    return theirs.register(instance, Liveness.heartbeat(Duration.ofSeconds(10))).join();
  }

  /** Ports where nobody listens: what is doubted is asked. */
  ServiceInstance.Builder orders(String id, int port) {
    return ServiceInstance.builder(application).id(id).address("127.0.0.1", port);
  }

  static <T> T now(Uni<T> uni) {
    return uni.await().atMost(Duration.ofSeconds(30));
  }

  static void awaitInstances(Service service, int count) {
    await().until(() -> now(service.getInstances()).size() == count);
  }

  @Test
  void aService_isFoundWithAllThatIsKnown() {
    register(orders("a", 1).tag("v2").metadata("team", "shop").zone("eu-1a").weight(3).build());
    Service service = define(new RollcallAttributes());
    awaitInstances(service, 1);
    assertThat(now(service.selectInstance()))
        .satisfies(
            it -> {
              assertThat(it.getHost()).isEqualTo("127.0.0.1");
              assertThat(it.getPort()).isEqualTo(1);
              assertThat(it.isSecure()).isFalse();
              assertThat(it.getLabels()).containsEntry("v2", "v2").containsEntry("team", "shop");
              assertThat(Map.<Object, Object>copyOf(it.getMetadata().getMetadata()))
                  .containsEntry(RollcallMetadataKey.META_ROLLCALL_ID, "a")
                  .containsEntry(RollcallMetadataKey.META_ROLLCALL_WEIGHT, 3)
                  .containsEntry(RollcallMetadataKey.META_ROLLCALL_ZONE, "eu-1a");
            });
  }

  @Test
  void changes_areFollowed_andNumbersStay() {
    Service service = define(new RollcallAttributes());
    Registration a = register(orders("a", 1).build());
    awaitInstances(service, 1);
    long number = now(service.getInstances()).get(0).getId();

    a.update(orders("a", 2).build()).join();
    await().until(() -> now(service.getInstances()).get(0).getPort() == 2);
    assertThat(now(service.getInstances()).get(0).getId()).isEqualTo(number);

    a.deregister().join();
    awaitInstances(service, 0);
    assertThatThrownBy(() -> now(service.selectInstance()))
        .isInstanceOf(NoServiceInstanceFoundException.class)
        .hasMessageContaining("no passing instance of " + application);
    register(orders("b", 1).build());
    awaitInstances(service, 1);
    assertThat(now(service.selectInstance()).getId()).isNotEqualTo(number);
  }

  @Test
  void theBalancer_goesByZoneAndWeight() {
    register(orders("near", 1).zone("eu-1a").weight(3).build());
    register(orders("idle", 2).zone("eu-1a").weight(0).build());
    register(orders("far", 3).zone("eu-1b").build());
    Service service = define(new RollcallAttributes().with("zone", "eu-1a"));
    awaitInstances(service, 3);
    Map<Integer, Integer> selected = new TreeMap<>();
    for (int i = 0; i < 100; i++) {
      selected.merge(now(service.selectInstance()).getPort(), 1, Integer::sum);
    }
    assertThat(selected).containsOnlyKeys(1);
  }

  @Test
  void whatStorkRegisters_isFoundByOthers_untilItIsDeregistered() {
    Service service = define(new RollcallAttributes());
    now(
        service.registerInstance(
            new RegistrarOptions(
                application, "127.0.0.1", 1, List.of("v2"), Map.of("team", "shop"))));
    RollcallServiceRegistrar registrar = (RollcallServiceRegistrar) service.getServiceRegistrar();
    now(
        registrar.registerServiceInstance(
            application,
            Metadata.of(RollcallMetadataKey.class).with(RollcallMetadataKey.META_ROLLCALL_ID, "me"),
            "127.0.0.1",
            2));
    List<ServiceInstance> found = theirs.snapshot(application).join().instances();
    assertThat(found).extracting(ServiceInstance::port).containsExactlyInAnyOrder(1, 2);
    assertThat(found)
        .filteredOn(it -> it.port() == 1)
        .singleElement()
        .satisfies(
            it -> {
              assertThat(it.tags()).containsExactly("v2");
              assertThat(it.metadata()).containsEntry("team", "shop");
            });
    assertThat(found).filteredOn(it -> it.id().equals("me")).hasSize(1);

    now(service.deregisterServiceInstance(application));
    assertThat(theirs.snapshot(application).join().all()).isEmpty();
  }

  @Test
  void close_deregistersWhatStorkHasRegistered() {
    Service service = define(new RollcallAttributes());
    now(service.registerInstance(application, "127.0.0.1", 1));
    assertThat(theirs.snapshot(application).join().instances()).hasSize(1);
    RollcallStork.close();
    assertThat(theirs.snapshot(application).join().all()).isEmpty();
  }
}
