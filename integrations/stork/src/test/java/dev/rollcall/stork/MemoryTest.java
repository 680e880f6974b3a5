package dev.rollcall.stork;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.rollcall.RegistryException;
import io.smallrye.stork.api.NoServiceInstanceFoundException;
import io.smallrye.stork.api.Service;
import io.smallrye.stork.api.ServiceInstance;
import io.smallrye.stork.spi.config.SimpleServiceConfig.SimpleLoadBalancerConfig;
import io.smallrye.stork.spi.config.SimpleServiceConfig.SimpleServiceDiscoveryConfig;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class MemoryTest extends StoreTest {
  private static final AtomicInteger STORES = new AtomicInteger();

  @Override
  String uri() {
    return "memory:stork-" + STORES.incrementAndGet();
  }

  private Service define(Map<String, String> discovery) {
    return define(
        new SimpleServiceDiscoveryConfig("rollcall", discovery),
        new SimpleLoadBalancerConfig("rollcall", Map.of()));
  }

  @Test
  void attributes_areReadByTheirNames() {
    register(
        dev.rollcall.ServiceInstance.builder(application)
            .id("a")
            .address("127.0.0.1", 1)
            .tag("canary")
            .build());
    register(
        dev.rollcall.ServiceInstance.builder(application).id("b").address("127.0.0.1", 2).build());
    Service service =
        define(Map.of("uri", uri, "application", application, "tag", "canary", "secure", "true"));
    awaitInstances(service, 1);
    ServiceInstance selected = now(service.selectInstance());
    assertThat(selected.getPort()).isEqualTo(1);
    assertThat(selected.isSecure()).isTrue();
  }

  @Test
  void anInstanceWhoseCallsFail_isLeftAloneForAWhile() {
    register(orders("a", 1).build());
    register(orders("b", 2).build());
    Service service = define(attributes().parameters());
    awaitInstances(service, 2);
    ServiceInstance failing = now(service.selectInstanceAndRecordStart(false));
    for (int i = 0; i < 10; i++) { // for 32 s: the loop below ends before
      failing.recordEnd(new IllegalStateException("refused"));
    }
    for (int i = 0; i < 50; i++) {
      assertThat(now(service.selectInstance()).getPort()).isNotEqualTo(failing.getPort());
    }
    assertThat(now(service.getInstances())).hasSize(2);
  }

  @Test
  void aSelectionOfSome_staysAmongThem() {
    for (int i = 1; i <= 5; i++) {
      register(orders("i" + i, i).build());
    }
    Service service = define(attributes().parameters());
    awaitInstances(service, 5);
    List<ServiceInstance> some =
        now(service.getInstances()).stream().filter(it -> it.getPort() > 3).toList();
    Set<Integer> selected = new TreeSet<>();
    await()
        .until(
            () -> {
              selected.add(service.selectInstance(some).getPort());
              return selected.size() == 2;
            });
    assertThat(selected).containsExactly(4, 5);
  }

  @Test
  void aStoreThatDoesNotAnswer_isTheReason() {
    Service service = define(Map.of("uri", "consul://127.0.0.1:1", "timeout", "1s"));
    assertThatThrownBy(() -> now(service.selectInstance()))
        .isInstanceOf(NoServiceInstanceFoundException.class)
        .hasMessageContaining("orders");
  }

  @Test
  void whatCannotWork_isRefusedAtOnce() {
    assertThatThrownBy(() -> define(Map.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("uri: none");
    assertThatThrownBy(() -> define(Map.of("uri", uri, "application", "a/b")))
        .isInstanceOf(RegistryException.class);
    RollcallLoadBalancerProvider balancers = new RollcallLoadBalancerProvider();
    assertThatThrownBy(() -> balancers.createLoadBalancer(new RollcallAttributes(), () -> null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected: the service discovery rollcall");
    assertThatThrownBy(() -> define(attributes().with("balancer", "best")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("balancer: best");
  }

  @Test
  void aUri_isNotShown() {
    assertThat(new RollcallAttributes().with("uri", "consul://h?token=secret").toString())
        .doesNotContain("secret");
  }
}
