package consumer;

import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceView;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.retry.ExponentialBackoffRetry;
import org.apache.curator.test.TestingServer;
import org.apache.curator.x.discovery.ServiceDiscovery;
import org.apache.curator.x.discovery.ServiceDiscoveryBuilder;

/** An old and a new instance, in ZooKeeper and in Rollcall's store, and the mirror between them. */
public final class Application {
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private Application() {}

  /** Takes the URI of Rollcall's store and the name of the service. */
  public static void main(String[] args) throws Exception {
    String name = args[1];
    ScheduledExecutorService worker = Executors.newSingleThreadScheduledExecutor();
    try (TestingServer zookeeper = new TestingServer();
        CuratorFramework client =
            CuratorFrameworkFactory.newClient(
                zookeeper.getConnectString(), new ExponentialBackoffRetry(100, 5));
        ServiceDiscovery<Void> discovery =
            ServiceDiscoveryBuilder.builder(Void.class).client(client).basePath("/shop").build();
        Registry bridge = Registry.open(args[0]);
        Registry registry = Registry.open(args[0]);
        Mirror mirror = new Mirror(bridge)) {
      client.start();
      discovery.start();
      discovery.registerService(old(name, 8001));
      worker.scheduleWithFixedDelay(() -> look(discovery, mirror), 0, 1, TimeUnit.SECONDS);
      ServiceView view = registry.service(name);
      String first = name + "-8001";
      String second = name + "-8002";
      await("the old one by Rollcall", () -> ids(view).equals(List.of(first)));

      // A new one, in both places.
      ServiceInstance self =
          ServiceInstance.builder(name).id(second).address("127.0.0.1", 8002).build();
      Registration registration =
          registry.register(self, Liveness.heartbeat(Duration.ofSeconds(10))).join();
      discovery.registerService(old(name, 8002));
      await("both by Rollcall", () -> ids(view).equals(List.of(first, second)));
      await("both by Curator", () -> instances(discovery).keySet().equals(Set.of(first, second)));

      discovery.unregisterService(old(name, 8001));
      await("the new one alone", () -> ids(view).equals(List.of(second)));
      discovery.unregisterService(old(name, 8002));
      mirror.show(instances(discovery));
      if (registration.state() != Registration.State.ACTIVE || !ids(view).equals(List.of(second))) {
        throw new IllegalStateException("the mirror has taken away what is not its own");
      }
      registration.deregister().join();
      System.out.println("CALL moved " + name);
    } finally {
      worker.shutdownNow();
    }
  }

  private static org.apache.curator.x.discovery.ServiceInstance<Void> old(String name, int port)
      throws Exception {
    return org.apache.curator.x.discovery.ServiceInstance.<Void>builder()
        .name(name)
        .id(name + "-" + port)
        .address("127.0.0.1")
        .port(port)
        .build();
  }

  private static List<String> ids(ServiceView view) {
    return view.instances().stream().map(ServiceInstance::id).toList();
  }

  /** Goes on where a look has failed: the next one is a second later. */
  private static void look(ServiceDiscovery<Void> discovery, Mirror mirror) {
    try {
      mirror.show(instances(discovery));
    } catch (IllegalStateException failed) {
      System.err.println("not mirrored: " + failed);
    }
  }

  private static Map<String, ServiceInstance> instances(ServiceDiscovery<Void> discovery) {
    try {
      Map<String, ServiceInstance> instances = new HashMap<>();
      for (String name : discovery.queryForNames()) {
        for (var each : discovery.queryForInstances(name)) {
          instances.put(
              each.getId(),
              ServiceInstance.builder(name)
                  .id(each.getId())
                  .address(each.getAddress(), each.getPort())
                  .build());
        }
      }
      return instances;
    } catch (Exception failed) {
      throw new IllegalStateException(failed);
    }
  }

  private static void await(String what, Supplier<Boolean> holds) throws InterruptedException {
    long start = System.nanoTime();
    while (!holds.get()) {
      if (System.nanoTime() - start > PATIENCE.toNanos()) {
        throw new IllegalStateException(what + ": not within " + PATIENCE);
      }
      Thread.sleep(50);
    }
  }
}
