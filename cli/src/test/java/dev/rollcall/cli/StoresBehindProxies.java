package dev.rollcall.cli;

import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceView;
import dev.rollcall.testkit.server.ConsulExtension;
import dev.rollcall.testkit.server.EtcdExtension;
import dev.rollcall.testkit.server.FaultProxy;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Real stores, each behind a line that a test can cut. */
abstract class StoresBehindProxies {
  @RegisterExtension static final EtcdExtension etcd = EtcdExtension.version("3.5");
  @RegisterExtension static final ConsulExtension consul = ConsulExtension.create();

  /** One instance of the service {@code orders}, registered and looked at on such a line. */
  record Orders(FaultProxy proxy, Registry registry, Registration registration, ServiceView view)
      implements AutoCloseable {
    @Override
    public void close() {
      registry.close();
      proxy.close();
    }
  }

  static Orders orders(String store) {
    FaultProxy proxy =
        store.equals("etcd") ? FaultProxy.to(etcd.server()) : FaultProxy.to(consul.server());
    Registry registry = Registry.open(uri(store, proxy.port()));
    Registration registration =
        registry
            .register(
                ServiceInstance.builder("orders").address("127.0.0.1", 1).build(),
                Liveness.heartbeat(Duration.ofSeconds(3)))
            .join();
    ServiceView view = registry.service("orders");
    view.await(Duration.ofMinutes(1));
    return new Orders(proxy, registry, registration, view);
  }

  static String uri(String store, int port) {
    return store.equals("etcd")
        ? "etcd://127.0.0.1:" + port + "/" + UUID.randomUUID()
        : "consul://127.0.0.1:" + port;
  }
}
