package dev.rollcall.bench;

import com.google.common.net.HostAndPort;
import com.orbitz.consul.Consul;
import com.orbitz.consul.model.agent.ImmutableRegistration;
import com.sun.management.OperatingSystemMXBean;
import dev.rollcall.Liveness;
import dev.rollcall.Registry;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.options.PutOption;
import io.etcd.jetcd.support.CloseableClient;
import io.etcd.jetcd.support.Observers;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/**
 * The CPU time of a fresh JVM, of all its threads, from {@code main} until the store has confirmed
 * its first registration with a TTL of 10 s and its first heartbeat: by a store's own client, and
 * by Rollcall.
 */
final class RegisterProbe {
  private static final int TTL_SECONDS = 10;

  private RegisterProbe() {}

  /**
   * Registers once.
   *
   * @param args who: {@code consulRaw}, {@code consul}, {@code etcdRaw} or {@code etcd}
   */
  public static void main(String[] args) throws Exception {
    OperatingSystemMXBean system =
        (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    long before = system.getProcessCpuTime();
    switch (args[0]) {
      case "consulRaw" -> consulRaw(URI.create(System.getProperty(Servers.CONSUL)));
      case "consul" -> rollcall(System.getProperty(Servers.CONSUL).replace("http:", "consul:"));
      case "etcdRaw" -> etcdRaw(System.getProperty(Servers.ETCD));
      case "etcd" -> rollcall(System.getProperty(Servers.ETCD).replace("http:", "etcd:"));
      default -> throw new IllegalArgumentException(args[0]);
    }
    System.out.println("result " + (system.getProcessCpuTime() - before) / 1e6);
    System.exit(0);
  }

  private static void rollcall(String uri) {
    Registry.open(uri)
        .register(Fleet.instance(0, 0, 8080), Liveness.heartbeat(Duration.ofSeconds(TTL_SECONDS)))
        .join();
  }

  private static void consulRaw(URI endpoint) throws Exception {
    Consul client =
        Consul.builder()
            .withHostAndPort(HostAndPort.fromParts(endpoint.getHost(), endpoint.getPort()))
            .withPing(false)
            .build();
    client
        .agentClient()
        .register(
            ImmutableRegistration.builder()
                .id("raw-orders-1")
                .name("raw-orders")
                .address("10.0.0.7")
                .port(8080)
                .check(com.orbitz.consul.model.agent.Registration.RegCheck.ttl(TTL_SECONDS))
                .build());
    client.agentClient().pass("raw-orders-1");
  }

  private static void etcdRaw(String endpoint) throws Exception {
    Client client = Client.builder().endpoints(endpoint).build();
    long lease = client.getLeaseClient().grant(TTL_SECONDS).get().getID();
    CloseableClient unused =
        client.getLeaseClient().keepAlive(lease, Observers.observer(response -> {}));
    client
        .getKVClient()
        .put(
            bytes("/raw/orders/1"),
            bytes("10.0.0.7:8080"),
            PutOption.builder().withLeaseId(lease).build())
        .get();
  }

  private static ByteSequence bytes(String text) {
    return ByteSequence.from(text, StandardCharsets.UTF_8);
  }
}
