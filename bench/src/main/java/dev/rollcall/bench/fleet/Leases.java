package dev.rollcall.bench.fleet;

import dev.rollcall.Liveness;
import dev.rollcall.Registry;
import dev.rollcall.testkit.server.TestServer;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.lease.LeaseKeepAliveResponse;
import io.etcd.jetcd.options.PutOption;
import io.etcd.jetcd.support.Observers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Many leases of one process, 10,000 at etcd and 2,000 at Consul, whose agent takes the longer for
 * a registration the more it has: what it takes to get them, and what they cost the store and the
 * process while nothing happens. By the store's own client, and by Rollcall, each on a store of its
 * own and in a JVM of its own.
 */
final class Leases {
  private static final int TTL_SECONDS = 30;
  private static final int IN_FLIGHT = 32;

  private Leases() {}

  static List<String> figures(Store store) {
    List<String> ids = new ArrayList<>();
    for (String who : List.of("raw", "rollcall")) {
      for (String what : List.of("register", "store", "client", "messages", "bytes")) {
        ids.add("leases." + store.word() + "." + who + "." + what);
      }
    }
    return ids;
  }

  /**
   * Measures on the store that is given, {@code full} or {@code quick}; in the JVMs that this one
   * starts, who comes between the two.
   */
  public static void main(String[] args) throws Exception {
    if (args.length == 2) {
      for (String who : List.of("raw", "rollcall")) {
        List<String> command = Scenario.jvm(1024);
        command.addAll(List.of(Leases.class.getName(), args[0], who, args[1]));
        Scenario.figuresOf(command).forEach(figure -> System.out.println(figure.line()));
      }
    } else {
      boolean quick = args[2].equals("quick");
      Store store = Store.of(args[0]);
      int leases = store == Store.ETCD ? 10_000 : 2_000;
      run(store, args[1], quick ? leases / 10 : leases, quick ? 10 : 20);
    }
    System.exit(0);
  }

  private static void run(Store store, String who, int leases, int seconds) throws Exception {
    try (TestServer server = store.launch();
        Wire wire = new Wire(server)) {
      long began = System.nanoTime();
      if (who.equals("rollcall")) {
        rollcall(store.uri(wire.address()), leases);
      } else if (store == Store.ETCD) {
        etcd(wire.address(), leases);
      } else {
        consul(wire.address(), leases);
      }
      double took = (System.nanoTime() - began) / 1e9;
      TimeUnit.SECONDS.sleep(2); // the last registrations have their first renewals behind them
      double storeCpu = Cpu.of(server.pid());
      double ownCpu = Cpu.own();
      Wire.Traffic before = wire.traffic();
      TimeUnit.SECONDS.sleep(seconds);
      Wire.Traffic moved = wire.traffic().since(before);
      double scale = 1e6 / leases / moved.seconds();
      String id = "leases." + store.word() + "." + who + ".";
      String label =
          String.format(
              Locale.ROOT,
              "%s, %,d leases of one process, TTL %d s, %s",
              store.title(),
              leases,
              TTL_SECONDS,
              who.equals("raw") ? "the store's client" : "Rollcall");
      Figure.print(id + "register", took * 1e3 / leases, "ms", label + ": a registration");
      Figure.print(
          id + "store",
          (Cpu.of(server.pid()) - storeCpu) * scale,
          "µs CPU",
          label + ": the store, a lease and second");
      Figure.print(
          id + "client",
          (Cpu.own() - ownCpu) * scale,
          "µs CPU",
          label + ": the process, a lease and second");
      Figure.print(
          id + "messages",
          moved.messages() / moved.seconds(),
          "a second",
          label + ": messages to the store");
      Figure.print(
          id + "bytes",
          moved.bytes() / moved.seconds() / leases,
          "B",
          label + ": bytes a lease and second");
    }
  }

  private static void rollcall(String uri, int leases) throws InterruptedException {
    Registry registry = Registry.open(uri);
    Limit limit = new Limit();
    for (int i = 0; i < leases; i++) {
      limit.start(
          registry.register(
              Instances.of(Instances.service(i / 100), i, 8080),
              Liveness.heartbeat(Duration.ofSeconds(TTL_SECONDS))));
    }
    limit.end();
  }

  private static void etcd(String address, int leases) throws InterruptedException {
    Client client = Client.builder().endpoints("http://" + address).build();
    Limit limit = new Limit();
    for (int i = 0; i < leases; i++) {
      int number = i;
      limit.start(
          client
              .getLeaseClient()
              .grant(TTL_SECONDS)
              .thenCompose(
                  lease -> {
                    client
                        .getLeaseClient()
                        .keepAlive(
                            lease.getID(),
                            Observers.<LeaseKeepAliveResponse>observer(response -> {}));
                    return client
                        .getKVClient()
                        .put(
                            bytes("/raw/service-" + number / 100 + "/" + number),
                            bytes("10.0.0.7:8080"),
                            PutOption.builder().withLeaseId(lease.getID()).build());
                  }));
    }
    limit.end();
  }

  private static void consul(String address, int leases) throws Exception {
    ConsulCalls calls = new ConsulCalls(address);
    Limit limit = new Limit();
    for (int i = 0; i < leases; i++) {
      int number = i;
      limit.start(
          calls
              .put(
                  "/v1/agent/service/register",
                  "{\"ID\":\"i"
                      + i
                      + "\",\"Name\":\"service-"
                      + i / 100
                      + "\",\"Address\":\"10.0.0.7\",\"Port\":8080,\"Tags\":[\"http\",\"v2\"],"
                      + "\"Meta\":{\"zone\":\"eu-1a\",\"version\":\"2.14.3\",\"build\":\"a81f02c\"},"
                      + "\"Check\":{\"TTL\":\""
                      + TTL_SECONDS
                      + "s\"}}")
              .thenCompose(done -> calls.put("/v1/agent/check/pass/service:i" + number, "")));
    }
    limit.end();
    ScheduledExecutorService beats =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "raw-consul-heartbeats");
              thread.setDaemon(true);
              return thread;
            });
    long periodNanos = TimeUnit.SECONDS.toNanos(TTL_SECONDS) / 3;
    for (int i = 0; i < leases; i++) {
      String path = "/v1/agent/check/pass/service:i" + i;
      beats.scheduleAtFixedRate(
          () -> calls.put(path, ""), periodNanos * i / leases, periodNanos, TimeUnit.NANOSECONDS);
    }
  }

  private static ByteSequence bytes(String text) {
    return ByteSequence.from(text, StandardCharsets.UTF_8);
  }

  /** Lets some calls be under way at a time, and fails with the first that failed. */
  private static final class Limit {
    private final Semaphore places = new Semaphore(IN_FLIGHT);
    private final List<CompletableFuture<?>> all = new ArrayList<>();

    void start(CompletableFuture<?> call) throws InterruptedException {
      places.acquire();
      all.add(call.whenComplete((result, failure) -> places.release()));
    }

    void end() {
      all.forEach(CompletableFuture::join);
    }
  }
}
