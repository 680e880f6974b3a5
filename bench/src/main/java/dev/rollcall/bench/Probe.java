package dev.rollcall.bench;

import dev.rollcall.Liveness;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceListener;
import dev.rollcall.bench.fleet.Scenario;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.support.BackendProviders;
import dev.rollcall.spi.support.SystemTimer;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.openjdk.jol.info.GraphLayout;

/**
 * What is counted or happens once, and is no loop for JMH: heap, expiry, threads, start. Each runs
 * in a JVM of its own, by name, and prints one number.
 */
final class Probe {
  /** Where the launcher of the command line is. */
  static final String LAUNCHER = Scenario.LAUNCHER;

  private static final int COUNTED = 10_000;

  private Probe() {}

  /**
   * Runs one probe.
   *
   * @param args its name, and its size where it has one
   */
  public static void main(String[] args) throws Exception {
    double result =
        switch (args[0]) {
          case "heap" -> heap();
          case "expiry" -> expiry(Integer.parseInt(args[1]));
          case "threads" -> threads(Integer.parseInt(args[1]));
          case "start" -> start();
          case "serve" -> serve();
          case "tasks" -> tasks();
          default -> throw new IllegalArgumentException(args[0]);
        };
    System.out.println("result " + result);
    System.exit(0);
  }

  /** Bytes an instance with 2 tags and 3 metadata entries, with all that its view holds. */
  private static double heap() {
    FedBackend backend = new FedBackend(Probe::decoded);
    try (Registry registry = Registry.builder(backend).build()) {
      List<Object> roots = new ArrayList<>();
      for (int i = 0; i < COUNTED / LookupBenchmark.EACH; i++) {
        var view = registry.service(Fleet.name(i));
        view.await(Duration.ofSeconds(10));
        roots.add(view.snapshot().all());
      }
      return (double) GraphLayout.parseInstance(roots.toArray()).totalSize() / COUNTED;
    }
  }

  /** Instances as a decoder makes them: every string is a new one. */
  private static List<ServiceInstance> decoded(String service) {
    List<ServiceInstance> instances = new ArrayList<>();
    for (int i = 0; i < LookupBenchmark.EACH; i++) {
      int number = Integer.parseInt(service.substring(8)) * LookupBenchmark.EACH + i;
      instances.add(
          ServiceInstance.builder(fresh(service))
              .id(fresh("i" + number))
              .address(fresh("10.1." + (number >> 8 & 255) + "." + (number & 255)), 8080)
              .scheme(fresh("http"))
              .zone(fresh("eu-" + number % 3))
              .tag(fresh("v" + number % 4))
              .tag(fresh("primary"))
              .metadata(fresh("version"), fresh("1." + number % 4 + ".0"))
              .metadata(fresh("region"), fresh("eu-west"))
              .metadata(fresh("team"), fresh("payments"))
              .build());
    }
    return instances;
  }

  private static String fresh(String text) {
    return new String(text.toCharArray());
  }

  /**
   * Milliseconds by which the latest of many leases outlived its deadline. The store counts only
   * the time in which it runs: a collection's pause moves all deadlines. So that none falls between
   * a registration and its end, everything that lives is made and collected before.
   */
  private static double expiry(int leases) throws InterruptedException {
    Duration ttl = Duration.ofSeconds(10);
    AtomicLong latest = new AtomicLong();
    CountDownLatch left = new CountDownLatch(leases);
    RegisterRequest[] requests = new RegisterRequest[leases];
    for (int i = 0; i < leases; i++) {
      requests[i] = request(i, ttl);
    }
    System.gc();
    try (Timer timer = SystemTimer.named("expiry");
        RegistryBackend backend = BackendProviders.open("memory:?guard=off", timer)) {
      for (RegisterRequest request : requests) {
        // The lease began at some time after this: what is measured is never less than what was.
        long deadline = System.nanoTime() + ttl.toNanos();
        register(
            backend,
            request,
            () -> {
              latest.accumulateAndGet(System.nanoTime() - deadline, Math::max);
              left.countDown();
            });
      }
      if (!left.await(2, TimeUnit.MINUTES)) {
        throw new IllegalStateException(left.getCount() + " leases have not expired");
      }
    }
    return latest.get() / 1e6;
  }

  /** How many threads a store of many leases has started. */
  private static double threads(int leases) {
    int before = Thread.getAllStackTraces().size();
    try (Timer timer = SystemTimer.named("threads");
        RegistryBackend backend = BackendProviders.open("memory:", timer)) {
      for (int i = 0; i < leases; i++) {
        register(backend, request(i, Duration.ofHours(1)), () -> {});
      }
      return Thread.getAllStackTraces().size() - before;
    }
  }

  private static RegisterRequest request(int index, Duration ttl) {
    return new RegisterRequest(
        Fleet.instance(index / 100, index, 8080),
        Liveness.heartbeat(ttl),
        new Owner("owner-" + index, 1),
        RegisterRequest.Claim.TAKE_OVER);
  }

  private static void register(RegistryBackend backend, RegisterRequest request, Runnable ended) {
    backend.register(request, end -> ended.run()).toCompletableFuture().join();
  }

  /** Milliseconds from nothing to the first look-up, once the classes are loaded. */
  private static double start() {
    firstLookUp();
    long began = System.nanoTime();
    firstLookUp();
    return (System.nanoTime() - began) / 1e6;
  }

  /**
   * Seconds from the start of the launcher to the line in which the registry centre says it serves;
   * of the second start, since the first one prepares what is done once.
   */
  private static double serve() throws IOException {
    double unused = serveOnce();
    return serveOnce();
  }

  private static double serveOnce() throws IOException {
    long began = System.nanoTime();
    Process centre =
        new ProcessBuilder(
                System.getProperty(LAUNCHER),
                "serve",
                "--backend",
                "memory:",
                "--port",
                "0",
                "--no-data")
            .redirectErrorStream(true)
            .start();
    StringBuilder said = new StringBuilder();
    try (BufferedReader output = centre.inputReader(StandardCharsets.UTF_8)) {
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        if (line.startsWith("rollcall: ready at")) {
          return (System.nanoTime() - began) / 1e9;
        }
        said.append(line).append('\n');
      }
    } finally {
      centre.destroyForcibly();
    }
    throw new IllegalStateException("the centre has not started:\n" + said);
  }

  private static void firstLookUp() {
    try (Registry registry = Registry.open("memory:")) {
      registry
          .register(Fleet.instance(0, 0, 8080), Liveness.heartbeat(Duration.ofSeconds(10)))
          .join();
      registry.service(Fleet.name(0)).await(Duration.ofSeconds(10));
      if (registry.service(Fleet.name(0)).instances().size() != 1) {
        throw new IllegalStateException("the instance does not show");
      }
    }
  }

  /** Tasks on the listeners' executor, a change, with 1,000 listeners. */
  private static double tasks() throws Exception {
    int changes = 1000;
    AtomicInteger tasks = new AtomicInteger();
    AtomicInteger heard = new AtomicInteger();
    ExecutorService one = Executors.newSingleThreadExecutor();
    int listeners = 1000;
    try (FedRegistry fed =
        new FedRegistry(
            1,
            LookupBenchmark.EACH,
            task -> {
              tasks.incrementAndGet();
              one.execute(task);
            })) {
      ServiceListener listener = change -> heard.incrementAndGet();
      for (int i = 0; i < listeners; i++) {
        fed.view(0).watch(listener);
      }
      await(heard, listeners);
      tasks.set(0);
      for (int i = 0; i < changes; i++) {
        heard.set(0);
        fed.put(0, Fleet.instance(0, 0, 9000 + i));
        await(heard, listeners);
      }
      return (double) tasks.get() / changes;
    } finally {
      one.shutdownNow();
    }
  }

  private static void await(AtomicInteger heard, int count) {
    while (heard.get() < count) {
      Thread.onSpinWait();
    }
  }
}
