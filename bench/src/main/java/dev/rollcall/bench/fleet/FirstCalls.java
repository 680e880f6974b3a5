package dev.rollcall.bench.fleet;

import com.google.common.net.HostAndPort;
import com.orbitz.consul.Consul;
import com.orbitz.consul.model.agent.ImmutableRegistration;
import com.orbitz.consul.model.health.ServiceHealth;
import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;
import dev.rollcall.Liveness;
import dev.rollcall.Registry;
import dev.rollcall.ServiceView;
import dev.rollcall.testkit.server.TestServer;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.options.GetOption;
import io.etcd.jetcd.options.PutOption;
import io.etcd.jetcd.support.CloseableClient;
import io.etcd.jetcd.support.Observers;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;

/**
 * What a fresh JVM spends, on all its threads, until the store has confirmed its first
 * registration, and until it has picked its first instance of ten: by a store's own client, and by
 * Rollcall. Each in a JVM of its own, by turns.
 */
final class FirstCalls {
  private static final int TTL_SECONDS = 10;
  private static final int EACH = 10;
  private static final List<String> CALLS = List.of("register", "pick");

  private FirstCalls() {}

  static List<String> figures() {
    List<String> ids = new ArrayList<>();
    for (Store store : Store.values()) {
      for (String call : CALLS) {
        for (String who : List.of("raw", "rollcall")) {
          ids.add(id(store, call, who) + ".cpu");
          ids.add(id(store, call, who) + ".bytes");
        }
      }
    }
    return ids;
  }

  private static String id(Store store, String call, String who) {
    return "first." + store.word() + "." + call + "." + who;
  }

  /**
   * Measures everything.
   *
   * @param args {@code full} or {@code quick}; in the JVMs that this one starts: the store, the
   *     call, who, and the address
   */
  public static void main(String[] args) throws Exception {
    if (args.length == 1) {
      all(args[0].equals("quick") ? 1 : 3);
    } else {
      once(Store.of(args[0]), args[1], args[2], args[3]);
    }
    System.exit(0);
  }

  private static void all(int rounds) throws Exception {
    Map<String, List<Figure>> measured = new LinkedHashMap<>();
    for (Store store : Store.values()) {
      try (TestServer server = store.launch()) {
        try (Registry seeder = Registry.open(store.uri(Store.address(server)))) {
          for (int i = 0; i < EACH; i++) {
            seeder.register(Instances.of("seeded", i, 8080), Liveness.permanent()).join();
          }
          for (int round = 0; round < rounds; round++) {
            for (String call : CALLS) {
              for (String who : List.of("raw", "rollcall")) {
                List<String> command = Scenario.jvm(768);
                command.add(1, "-Xms768m");
                command.add(2, "-Xmn700m"); // no collection, so that all that is allocated is seen
                command.addAll(
                    List.of(
                        FirstCalls.class.getName(),
                        store.word(),
                        call,
                        who,
                        Store.address(server)));
                for (Figure figure : Scenario.figuresOf(command)) {
                  measured.computeIfAbsent(figure.id(), any -> new ArrayList<>()).add(figure);
                }
              }
            }
          }
        }
      }
    }
    measured.forEach(
        (id, of) -> {
          double[] values = of.stream().mapToDouble(Figure::value).sorted().toArray();
          Figure any = of.get(0);
          Figure.print(id, values[(values.length - 1) / 4], any.unit(), any.label());
        });
  }

  private static void once(Store store, String call, String who, String address) throws Exception {
    OperatingSystemMXBean system =
        (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    long bytesBefore = allocated();
    long cpuBefore = system.getProcessCpuTime();
    boolean registers = call.equals("register");
    if (who.equals("rollcall")) {
      rollcall(store.uri(address), registers);
    } else if (store == Store.CONSUL) {
      consul(address, registers);
    } else {
      etcd(address, registers);
    }
    double millis = (system.getProcessCpuTime() - cpuBefore) / 1e6;
    double megabytes = (allocated() - bytesBefore) / 1e6;
    String label =
        store.title()
            + ", first "
            + (registers ? "registration" : "pick")
            + ", "
            + (who.equals("raw") ? "the store's client" : "Rollcall");
    Figure.print(id(store, call, who) + ".cpu", millis, "ms CPU", label);
    Figure.print(id(store, call, who) + ".bytes", megabytes, "MB allocated", label);
  }

  private static long allocated() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    return Arrays.stream(threads.getThreadAllocatedBytes(threads.getAllThreadIds()))
        .filter(bytes -> bytes > 0)
        .sum();
  }

  private static void rollcall(String uri, boolean registers) {
    Registry registry = Registry.open(uri);
    if (registers) {
      registry
          .register(
              Instances.of("first", 1, 8080), Liveness.heartbeat(Duration.ofSeconds(TTL_SECONDS)))
          .join();
    } else {
      ServiceView view = registry.service("seeded");
      view.await(Duration.ofSeconds(10));
      require(view.pick().port());
    }
  }

  private static void consul(String address, boolean registers) throws Exception {
    Consul client =
        Consul.builder().withHostAndPort(HostAndPort.fromString(address)).withPing(false).build();
    if (registers) {
      client
          .agentClient()
          .register(
              ImmutableRegistration.builder()
                  .id("raw-first-1")
                  .name("raw-first")
                  .address("10.0.0.1")
                  .port(8080)
                  .addTags("http", "v2")
                  .putMeta("zone", "eu-1a")
                  .putMeta("version", "2.14.3")
                  .putMeta("build", "a81f02c")
                  .check(com.orbitz.consul.model.agent.Registration.RegCheck.ttl(TTL_SECONDS))
                  .build());
      client.agentClient().pass("raw-first-1");
    } else {
      List<ServiceHealth> all =
          client.healthClient().getHealthyServiceInstances("seeded").getResponse();
      require(all.get(ThreadLocalRandom.current().nextInt(all.size())).getService().getPort());
    }
  }

  private static void etcd(String address, boolean registers) throws Exception {
    Client client = Client.builder().endpoints("http://" + address).build();
    if (registers) {
      long lease = client.getLeaseClient().grant(TTL_SECONDS).get().getID();
      CloseableClient unused =
          client.getLeaseClient().keepAlive(lease, Observers.observer(response -> {}));
      client
          .getKVClient()
          .put(
              bytes("/raw/first/1"),
              bytes("10.0.0.1:8080"),
              PutOption.builder().withLeaseId(lease).build())
          .get();
    } else {
      List<KeyValue> all =
          client
              .getKVClient()
              .get(bytes("/bench/seeded/"), GetOption.builder().isPrefix(true).build())
              .get()
              .getKvs();
      KeyValue one = all.get(ThreadLocalRandom.current().nextInt(all.size()));
      require(one.getValue().toString(StandardCharsets.UTF_8).contains("8080") ? 8080 : 0);
    }
  }

  private static void require(int port) {
    if (port != 8080) {
      throw new IllegalStateException("port: " + port + " (expected: 8080)");
    }
  }

  private static ByteSequence bytes(String text) {
    return ByteSequence.from(text, StandardCharsets.UTF_8);
  }
}
