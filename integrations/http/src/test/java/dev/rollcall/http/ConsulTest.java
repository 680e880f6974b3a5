package dev.rollcall.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceView;
import dev.rollcall.testkit.server.ConsulExtension;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Servers and a client that meet in a real Consul. */
class ConsulTest {
  @RegisterExtension static final ConsulExtension consul = ConsulExtension.create();

  @BeforeAll
  static void beforeAll() {
    Awaitility.setDefaultTimeout(2, TimeUnit.MINUTES);
  }

  private static Registration register(Registry registry, Shop shop) {
    ServiceInstance self = shop.instance().build();
    return registry
        .register(self, Liveness.httpCheck(self.uri("/health"), Duration.ofSeconds(1)))
        .join();
  }

  private static void awaitPassing(ServiceView view, String... names) {
    await()
        .until(
            () ->
                view.instances().stream().map(ServiceInstance::id).toList().equals(List.of(names)));
  }

  @Test
  void killedAndDrainedServers_costNoRequest() {
    String store = "consul://127.0.0.1:" + consul.port();
    try (Shop a = new Shop("a");
        Shop b = new Shop("b");
        Shop c = new Shop("c");
        Registry servers = Registry.open(store);
        Registry clients = Registry.open(store)) {
      register(servers, a);
      Registration leaving = register(servers, b);
      register(servers, c);
      ServiceView view = clients.service("shop");
      awaitPassing(view, "a", "b", "c");
      try (Load load = new Load(ServiceClient.of(view))) {
        load.awaitAnswersOf("a", "b", "c");
        a.kill();
        load.awaitRequests(100);
        awaitPassing(view, "b", "c");
        leaving.drain(Duration.ofSeconds(1)).join();
        b.stop();
        load.awaitRequests(100);
        awaitPassing(view, "c");
        assertThat(load.failures()).isEmpty();
      }
    }
  }
}
