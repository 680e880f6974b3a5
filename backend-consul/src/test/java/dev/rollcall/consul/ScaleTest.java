package dev.rollcall.consul;

import static dev.rollcall.consul.Bench.eventually;
import static dev.rollcall.consul.Bench.instance;
import static dev.rollcall.consul.Bench.put;
import static dev.rollcall.consul.Bench.within;
import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Change;
import dev.rollcall.Liveness;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Selector;
import dev.rollcall.testkit.ChangeChecker;
import dev.rollcall.testkit.RecordingSink;
import dev.rollcall.testkit.server.ConsulServer;
import dev.rollcall.testkit.server.FaultProxy;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Numbers: many services, latency, many changes, many lives. Each prints what it has measured. */
@Tag("long")
class ScaleTest {
  private static final int SERVICES = 2_000;
  private static final int CHANGES = 300;

  private final Bench bench = new Bench();

  @AfterEach
  void close() {
    bench.close();
  }

  @Test
  @DisplayName("2,000 services watched at once: at most 64 connections and 64 threads")
  void thousandsOfServices_inFewThreads() {
    ConsulServer consul = bench.closing(ConsulServer.launch());
    RawConsul raw = new RawConsul(consul.endpoint());
    for (int i = 0; i < SERVICES; i++) {
      raw.register(
          "{\"Name\":\"s"
              + i
              + "\",\"ID\":\"s"
              + i
              + "-raw\",\"Port\":1,\"Check\":{\"CheckID\":\"c"
              + i
              + "\",\"TTL\":\"1h\",\"Status\":\"passing\"}}");
    }
    Set<Thread> before = Usage.threads();
    Registry registry = Registry.open("consul://127.0.0.1:" + consul.port());
    Map<String, AtomicLong> heard = new ConcurrentHashMap<>();
    double cpu = Usage.ownSeconds();
    double agentCpu = Usage.secondsOf(consul.pid());
    long began = System.nanoTime();
    for (int i = 0; i < SERVICES; i++) {
      AtomicLong last = new AtomicLong();
      heard.put("s" + i, last);
      var unused = registry.service("s" + i).watch(change -> heardOf(change, last));
    }
    within(
        Duration.ofSeconds(60),
        () -> assertThat(heard.values()).allSatisfy(at -> assertThat(at.get()).isPositive()));
    print(
        "%,d services: all first states after %.1f s, CPU %.1f s, agent %.1f s",
        SERVICES,
        (System.nanoTime() - began) / 1e9,
        Usage.ownSeconds() - cpu,
        Usage.secondsOf(consul.pid()) - agentCpu);

    int maxThreads = 0;
    long maxConnections = 0;
    cpu = Usage.ownSeconds();
    agentCpu = Usage.secondsOf(consul.pid());
    Bench.pass(Duration.ofSeconds(10));
    print(
        "idle for 10 s: CPU %.2f s, agent %.2f s",
        Usage.ownSeconds() - cpu, Usage.secondsOf(consul.pid()) - agentCpu);

    ConsulBackend writer = bench.open(consul.port());
    Owner owner = Bench.owner();
    Random random = new Random(7);
    Map<String, BiConsumer<String, Integer>> kinds = new HashMap<>();
    kinds.put("health of another tool's", (name, n) -> flip(raw, name, n));
    kinds.put("instance of this library", (name, n) -> update(writer, owner, name, n));
    kinds.put("metadata of another tool's (blind)", (name, n) -> blind(raw, name, n));
    for (var kind : kinds.entrySet()) {
      List<Long> nanos = new ArrayList<>();
      cpu = Usage.ownSeconds();
      agentCpu = Usage.secondsOf(consul.pid());
      int changes = kind.getKey().contains("blind") ? CHANGES / 10 : CHANGES;
      for (int n = 0; n < changes; n++) {
        String name = "s" + (50 + random.nextInt(SERVICES - 50));
        AtomicLong last = heard.get(name);
        long seen = last.get();
        long sent = System.nanoTime();
        kind.getValue().accept(name, n);
        within(Duration.ofSeconds(30), () -> assertThat(last.get()).isNotEqualTo(seen));
        nanos.add(last.get() - sent);
        maxThreads = Math.max(maxThreads, Usage.threadsBesides(before).size());
        maxConnections = Math.max(maxConnections, Usage.connectionsTo(consul.port()));
        Bench.pass(Duration.ofMillis(random.nextInt(60)));
      }
      print(
          "%s: change to callback %s; CPU a change %.1f ms, agent %.1f ms",
          kind.getKey(),
          Usage.quantiles(nanos),
          (Usage.ownSeconds() - cpu) * 1e3 / changes,
          (Usage.secondsOf(consul.pid()) - agentCpu) * 1e3 / changes);
    }
    print("at most %d threads and %d connections", maxThreads, maxConnections);
    assertThat(maxThreads).isLessThanOrEqualTo(64);
    assertThat(maxConnections).isLessThanOrEqualTo(64);
    registry.close();
  }

  private static void heardOf(Change change, AtomicLong at) {
    if (!change.now().all().isEmpty()) {
      at.set(System.nanoTime());
    }
  }

  private static void flip(RawConsul raw, String name, int n) {
    String check = "c" + name.substring(1);
    boolean passes = raw.get("health/checks/" + name).body().contains("passing");
    raw.put("agent/check/" + (passes ? "fail/" : "pass/") + check, "");
    assertThat(n).isNotNegative();
  }

  private static void update(RegistryBackend writer, Owner owner, String name, int n) {
    put(
        writer,
        instance(name, name + "-mine", n),
        Liveness.heartbeat(Duration.ofHours(1)),
        owner,
        end -> {});
  }

  private static void blind(RawConsul raw, String name, int n) {
    raw.register(
        "{\"Name\":\""
            + name
            + "\",\"ID\":\""
            + name
            + "-raw\",\"Port\":1,\"Meta\":{\"n\":\""
            + System.nanoTime()
            + n
            + "\"},\"Check\":{\"CheckID\":\"c"
            + name.substring(1)
            + "\",\"TTL\":\"1h\",\"Status\":\"passing\"}}");
  }

  @Test
  @DisplayName("latency of a watch beside that of a raw blocking query, change about")
  void latency_besideARawQuery() throws Exception {
    ConsulServer consul = bench.closing(ConsulServer.launch());
    RawConsul raw = new RawConsul(consul.endpoint());
    ConsulBackend backend = bench.open("consul://127.0.0.1:" + consul.port());
    AtomicLong ours = new AtomicLong();
    AtomicLong theirs = new AtomicLong();
    RegistryBackend.Watch watch =
        bench.closing(
            backend.watch(
                Selector.service("ours"), new NoticingSink(() -> ours.set(System.nanoTime()))));
    RawQuery query = bench.closing(new RawQuery(consul.endpoint(), "theirs", theirs));
    query.start();
    List<Long> oursNanos = new ArrayList<>();
    List<Long> theirsNanos = new ArrayList<>();
    Random random = new Random(11);
    for (int n = 0; n < 2 * (CHANGES + 50); n++) {
      boolean mine = n % 2 == 0;
      AtomicLong at = mine ? ours : theirs;
      long seen = at.get();
      String name = mine ? "ours" : "theirs";
      long sent = System.nanoTime();
      raw.register("{\"Name\":\"" + name + "\",\"ID\":\"" + name + "\",\"Port\":" + (n + 1) + "}");
      while (at.get() == seen) {
        Thread.onSpinWait();
        if (System.nanoTime() - sent > 5e9) {
          throw new AssertionError(name + " has seen nothing for 5 s");
        }
      }
      if (n >= 100) {
        (mine ? oursNanos : theirsNanos).add(at.get() - sent);
      }
      Bench.pass(Duration.ofMillis(3 + random.nextInt(10)));
    }
    watch.close();
    print("watch: %s", Usage.quantiles(oursNanos));
    print("raw query: %s", Usage.quantiles(theirsNanos));
    double ratio = Usage.median(oursNanos) / Usage.median(theirsNanos);
    print("ratio of the medians %.3f", ratio);
    assertThat(ratio).isLessThan(2);
  }

  /** The least that can be done: one thread, one connection, one query after the other. */
  private static final class RawQuery extends Thread implements AutoCloseable {
    private final String url;
    private final AtomicLong at;
    private final AtomicBoolean over = new AtomicBoolean();

    RawQuery(String endpoint, String service, AtomicLong at) {
      super("raw-query");
      setDaemon(true);
      this.url = endpoint + "/v1/health/service/" + service + "?wait=5s&index=";
      this.at = at;
    }

    @Override
    public void run() {
      String index = "1";
      while (!over.get()) {
        try {
          HttpURLConnection connection =
              (HttpURLConnection) URI.create(url + index).toURL().openConnection();
          byte[] body;
          try (InputStream in = connection.getInputStream()) {
            body = in.readAllBytes();
          }
          assertThat(body).isNotEmpty();
          String next = connection.getHeaderField("X-Consul-Index");
          if (!next.equals(index)) {
            at.set(System.nanoTime());
          }
          index = next;
        } catch (IOException failed) {
          if (!over.get()) {
            throw new IllegalStateException(failed);
          }
        }
      }
    }

    @Override
    public void close() {
      over.set(true);
    }
  }

  @Test
  @DisplayName(
      "10,000 changes under connection cuts: the final views equal the store, every diff exact")
  void manyChanges_underCuts() {
    ConsulServer consul = bench.closing(ConsulServer.launch());
    FaultProxy proxy = bench.closing(FaultProxy.to(consul));
    RawConsul raw = new RawConsul(consul.endpoint());
    Registry registry =
        bench.closing(
            Registry.builder("consul://127.0.0.1:" + proxy.port() + "?wait=1s")
                .massLossProtection(1, Duration.ofMinutes(5))
                .build());
    List<String> names = new ArrayList<>();
    Map<String, ChangeChecker> checkers = new HashMap<>();
    for (int i = 0; i < 20; i++) {
      names.add("cut" + i);
      ChangeChecker checker = new ChangeChecker();
      checkers.put("cut" + i, checker);
      bench.closing(registry.service("cut" + i).watch(checker));
    }
    ConsulBackend backend = bench.open(proxy.port());
    RecordingSink everything = bench.watch(backend, Selector.everything());
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    long began = System.nanoTime();
    int cuts = 0;
    for (int n = 0; n < 10_000; n++) {
      String name = names.get(random.nextInt(names.size()));
      String id = name + "-" + random.nextInt(5);
      if (random.nextInt(4) == 0) {
        raw.put("agent/service/deregister/" + id, "");
      } else {
        raw.register(
            "{\"Name\":\"" + name + "\",\"ID\":\"" + id + "\",\"Port\":" + (n % 60_000 + 1) + "}");
      }
      if (random.nextInt(100) == 0) {
        cuts++;
        proxy.resetAll();
      }
    }
    double writing = (System.nanoTime() - began) / 1e9;
    ConsulBackend beside = bench.open(consul.port());
    List<ServiceInstance> all =
        Bench.get(beside.snapshot(Selector.everything())).instances().stream()
            .sorted((a, b) -> a.key().compareTo(b.key()))
            .toList();
    long done = System.nanoTime();
    eventually(() -> assertThat(everything.state()).as("seed %s", seed).isEqualTo(all));
    for (String name : names) {
      List<ServiceInstance> last =
          all.stream().filter(instance -> instance.service().equals(name)).toList();
      eventually(
          () -> assertThat(checkers.get(name).instances()).as("seed %s", seed).isEqualTo(last));
      assertThat(checkers.get(name).violations()).as("seed %s", seed).isEmpty();
    }
    print(
        "10,000 changes in %.1f s under %d cuts: %d changes delivered, equal %.0f ms later",
        writing,
        cuts,
        checkers.values().stream().mapToInt(checker -> checker.changes().size()).sum(),
        (System.nanoTime() - done) / 1e6);
    assertThat(everything.interruptions()).isNotEmpty();
  }

  @Test
  @DisplayName("100 lives: no thread and no connection is left after close()")
  void closing_leavesNothing() {
    ConsulServer consul = bench.closing(ConsulServer.launch());
    oneLife(consul); // what the libraries start once in a process is there now
    Set<Thread> before = Usage.threads();
    for (int i = 0; i < 100; i++) {
      oneLife(consul);
    }
    eventually(() -> assertThat(Usage.connectionsTo(consul.port())).isZero());
    eventually(
        () ->
            assertThat(Usage.threadsBesides(before))
                .filteredOn(name -> !name.matches("(OkHttp|Okio|awaitility).*"))
                .isEmpty());
    assertThat(Usage.threadsBesides(before)).as("OkHttp's idle ones").hasSizeLessThan(8);
    print("threads after 100 lives besides those of before: %s", Usage.threadsBesides(before));
  }

  private static void oneLife(ConsulServer consul) {
    try (Registry registry = Registry.open("consul://127.0.0.1:" + consul.port())) {
      var one =
          registry
              .register(instance("life", "a", 1), Liveness.heartbeat(Duration.ofSeconds(5)))
              .join();
      registry.service("life").await(Duration.ofSeconds(5));
      registry.catalog().await(Duration.ofSeconds(5));
      assertThat(one.instance().id()).isEqualTo("a");
    }
  }

  private static void print(String format, Object... values) {
    System.out.println("MEASURED " + String.format(java.util.Locale.ROOT, format, values));
  }
}
