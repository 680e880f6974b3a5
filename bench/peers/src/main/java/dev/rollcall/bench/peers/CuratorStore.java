package dev.rollcall.bench.peers;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.retry.ExponentialBackoffRetry;
import org.apache.curator.test.InstanceSpec;
import org.apache.curator.test.TestingServer;
import org.apache.curator.x.discovery.ServiceDiscovery;
import org.apache.curator.x.discovery.ServiceDiscoveryBuilder;
import org.apache.curator.x.discovery.ServiceInstance;

/** A ZooKeeper in this JVM, on loopback, with the fleet in it, and Curator's discovery on it. */
final class CuratorStore implements AutoCloseable {
  private static final String ROOT = "/services";

  private final Path folder;
  private final TestingServer server;
  private final CuratorFramework client;
  private final ServiceDiscovery<Payload> discovery;

  /** One thread takes the changes of all caches, which else have one each. */
  private final ExecutorService changes =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread thread = new Thread(task, "curator-changes");
            thread.setDaemon(true);
            return thread;
          });

  /**
   * What Curator has no field for, and stores as its user says. Its hash is the cheapest there is,
   * since a provider asks for that of all instances at each call.
   */
  public static final class Payload {
    /** Two tags. */
    public List<String> tags = List.of();

    /** Three entries. */
    public Map<String, String> metadata = Map.of();

    /** Creates an empty one, to be filled. */
    public Payload() {}
  }

  /** Starts the server and registers the fleet. */
  CuratorStore() throws Exception {
    // The fleet lives as long as this JVM: nothing has to reach the disk.
    System.setProperty("zookeeper.forceSync", "no");
    // The server leaves its configuration beside its data.
    folder = Files.createTempDirectory("rollcall-zookeeper");
    server =
        new TestingServer(
            new InstanceSpec(folder.resolve("data").toFile(), -1, -1, -1, true, -1), true);
    client =
        CuratorFrameworkFactory.newClient(
            server.getConnectString(), new ExponentialBackoffRetry(100, 5));
    client.start();
    // On a connection that comes later, the discovery registers all anew, beside what is measured.
    if (!client.blockUntilConnected(30, TimeUnit.SECONDS)) {
      throw new IllegalStateException("no connection to " + server.getConnectString());
    }
    discovery =
        ServiceDiscoveryBuilder.builder(Payload.class).client(client).basePath(ROOT).build();
    discovery.start();
    register();
  }

  ServiceDiscovery<Payload> discovery() {
    return discovery;
  }

  ExecutorService changes() {
    return changes;
  }

  /** A registration waits for its answer, so several are under way at a time. */
  private void register() throws Exception {
    ExecutorService writers = Executors.newFixedThreadPool(16);
    try {
      List<Future<?>> all = new ArrayList<>();
      for (int i = 0; i < Names.SERVICES; i++) {
        int service = i;
        all.add(
            writers.submit(
                () -> {
                  for (Node node : Node.of(service)) {
                    discovery.registerService(instance(node));
                  }
                  return null;
                }));
      }
      for (Future<?> one : all) {
        one.get();
      }
    } finally {
      writers.shutdownNow();
    }
  }

  private static ServiceInstance<Payload> instance(Node node) throws Exception {
    Payload payload = new Payload();
    payload.tags = node.tags();
    payload.metadata = node.metadata();
    return ServiceInstance.<Payload>builder()
        .name(node.service())
        .id(node.id())
        .address(node.host())
        .port(node.port())
        .payload(payload)
        .build();
  }

  /**
   * Ends the session and the server. The discovery and its caches are not closed one by one: that
   * would delete each of the nodes, which end with their session.
   */
  @Override
  public void close() throws Exception {
    client.close();
    changes.shutdownNow();
    server.close();
    try (Stream<Path> left = Files.walk(folder)) {
      for (Path path : left.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
