package dev.rollcall.server.consul;

import static org.assertj.core.api.Assertions.assertThat;

import com.linecorp.armeria.client.ClientFactory;
import com.linecorp.armeria.client.WebClient;
import com.linecorp.armeria.common.AggregatedHttpResponse;
import com.linecorp.armeria.common.SessionProtocol;
import dev.rollcall.testkit.server.ConsulServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The centre, in a process of its own, beside a Consul agent in development mode: one run, one
 * client, one machine. Prints a table; only its ratios count.
 */
@Tag("long")
class LoadTest {
  private static final int REGISTRATIONS = 10_000;
  private static final int WARMUP = 2_000;
  private static final int IN_FLIGHT = 16;
  private static final int CHANGES = 100;

  private record Figures(
      double registrationsASecond, List<long[]> wakeNanos, long residentKilobytes) {}

  @Test
  void besideConsul() throws Exception {
    Figures theirs;
    try (ConsulServer consul =
        ConsulServer.builder().hcl("limits{http_max_conns_per_client=12000}").launch()) {
      theirs = measure(consul.endpoint(), consulProcess(consul.port()));
    }
    Figures ours;
    Process process = centre();
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      String line = lines.readLine();
      ours = measure(line.substring(line.indexOf("http")), process.pid());
    } finally {
      process.destroy();
      process.waitFor();
    }
    print(theirs, ours);
    assertThat(ours.registrationsASecond()).isGreaterThan(2 * theirs.registrationsASecond());
  }

  /** Starts a centre as a program. */
  public static void main(String[] arguments) throws InterruptedException {
    System.out.println("ready at " + CentreUnderTest.start("memory:").uri());
    System.out.flush();
    Thread.currentThread().join();
  }

  private static Process centre() throws IOException {
    return new ProcessBuilder(
            System.getProperty("java.home") + "/bin/java",
            "-Xmx512m",
            "-cp",
            System.getProperty("java.class.path"),
            LoadTest.class.getName())
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  private static long consulProcess(int port) {
    return ProcessHandle.current()
        .descendants()
        .filter(child -> child.info().commandLine().orElse("").contains("-http-port=" + port))
        .findFirst()
        .orElseThrow()
        .pid();
  }

  private static Figures measure(String address, long pid) throws Exception {
    try (ClientFactory factory =
        ClientFactory.builder()
            .idleTimeout(Duration.ofMinutes(5))
            .connectTimeout(Duration.ofSeconds(20))
            .build()) {
      WebClient client =
          WebClient.builder(address.replace("http://", SessionProtocol.H1C.uriText() + "://"))
              .factory(factory)
              .responseTimeout(Duration.ofMinutes(2))
              .maxResponseLength(64 << 20)
              .build();
      register(client, "warm", WARMUP);
      long began = System.nanoTime();
      register(client, "svc", REGISTRATIONS);
      double rate = REGISTRATIONS * 1e9 / (System.nanoTime() - began);
      long resident = resident(pid);
      List<long[]> wakes = new ArrayList<>();
      for (int waiting : new int[] {1, 100, 5_000}) {
        wakes.add(wakes(client, waiting));
      }
      return new Figures(rate, wakes, resident);
    }
  }

  private static void register(WebClient client, String name, int count) throws Exception {
    Semaphore places = new Semaphore(IN_FLIGHT);
    List<CompletableFuture<?>> failed = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      places.acquire();
      CompletableFuture<AggregatedHttpResponse> done =
          client
              .put("/v1/agent/service/register", instance(name + i % 1_000, name + i, 8080))
              .aggregate();
      done.whenComplete((response, thrown) -> places.release());
      if (i % 1_000 == 0) {
        failed.add(done);
      }
    }
    places.acquire(IN_FLIGHT);
    for (CompletableFuture<?> done : failed) {
      assertThat(((AggregatedHttpResponse) done.join()).status().code()).isEqualTo(200);
    }
  }

  private static String instance(String service, String id, int port) {
    return "{\"ID\":\""
        + id
        + "\",\"Name\":\""
        + service
        + "\",\"Port\":"
        + port
        + ",\"Address\":\"10.0.0.1\",\"Tags\":[\"v1\"],\"Meta\":{\"zone\":\"a\"},\"Check\":{\"TTL\":\"1h\",\"Status\":\"passing\"}}";
  }

  /** Times from a change until each of some queries that wait for it is answered. */
  private static long[] wakes(WebClient client, int waiting) throws Exception {
    String service = "woken" + waiting;
    client.put("/v1/agent/service/register", instance(service, service, 1)).aggregate().join();
    int rounds = waiting == 5_000 ? 5 : CHANGES;
    List<Long> nanos = new ArrayList<>();
    String path = "/v1/health/service/" + service;
    for (int round = 0; round < rounds + 2; round++) {
      TimeUnit.MILLISECONDS.sleep(50); // an agent brings its catalog up to date in between
      long index = client.get(path).aggregate().join().headers().getLong("x-consul-index", 0);
      AtomicLong changed = new AtomicLong();
      List<CompletableFuture<Long>> answers = new ArrayList<>();
      for (int i = 0; i < waiting; i++) {
        answers.add(
            client
                .get(path + "?wait=60s&index=" + index)
                .aggregate()
                .thenApply(response -> System.nanoTime() - changed.get()));
      }
      TimeUnit.MILLISECONDS.sleep(waiting == 5_000 ? 4_000 : 100);
      changed.set(System.nanoTime());
      CompletableFuture<AggregatedHttpResponse> change =
          client
              .put("/v1/agent/service/register", instance(service, service, round + 2))
              .aggregate();
      for (CompletableFuture<Long> answer : answers) {
        long took = answer.join();
        if (round >= 2) {
          nanos.add(took);
        }
      }
      change.join();
    }
    long[] sorted = nanos.stream().mapToLong(Long::longValue).toArray();
    Arrays.sort(sorted);
    return sorted;
  }

  private static long resident(long pid) throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/status"))) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("[^0-9]", ""));
      }
    }
    return 0;
  }

  private static void print(Figures theirs, Figures ours) {
    row("", "Consul dev", "centre");
    row(
        "registrations a second",
        String.format(Locale.ROOT, "%.0f", theirs.registrationsASecond()),
        String.format(Locale.ROOT, "%.0f", ours.registrationsASecond()));
    int[] waiting = {1, 100, 5_000};
    for (int i = 0; i < waiting.length; i++) {
      row(
          "change to woken query, " + waiting[i] + " waiting, p50 / p99 ms",
          quantiles(theirs.wakeNanos().get(i)),
          quantiles(ours.wakeNanos().get(i)));
    }
    row(
        "resident memory with 12,000 instances, MB",
        Long.toString(theirs.residentKilobytes() / 1024),
        Long.toString(ours.residentKilobytes() / 1024));
  }

  private static String quantiles(long[] sorted) {
    return String.format(
        Locale.ROOT,
        "%.2f / %.2f",
        sorted[sorted.length / 2] / 1e6,
        sorted[(int) Math.min(sorted.length - 1L, sorted.length * 99L / 100)] / 1e6);
  }

  private static void row(String what, String theirs, String ours) {
    System.out.printf(Locale.ROOT, "| %-55s | %20s | %20s |%n", what, theirs, ours);
  }
}
