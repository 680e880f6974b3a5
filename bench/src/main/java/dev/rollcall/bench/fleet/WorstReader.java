package dev.rollcall.bench.fleet;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongFunction;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * What a client of the registry centre notices of another one whose token may read, and which asks
 * for the costliest that there is, over and over, on some connections: how long the first one waits
 * for {@code health/service}, with nobody else there and beside each of these requests.
 *
 * <p>Client, reader and centre share the processors here. How much of it is the machine's is
 * measured as well: beside threads that compute as much as the reader and the centre did, and ask
 * for nothing.
 */
final class WorstReader {
  private static final int SERVICES = 2_000;
  private static final int EACH = 4;
  private static final int WIDE = 1_500;
  private static final int OWN = 500;
  private static final int NODES = 100;
  private static final int KEYS = 2_000;
  private static final int CONNECTIONS = 64;
  private static final int ROUNDS = 3;
  private static final long ENDLESS = Long.MAX_VALUE;

  private static final String OPERATOR = "operator-operator-operator-operator";
  private static final String READER = "reader-reader-reader-reader-reader";
  private static final String OTHER = "other-other-other-other-other-other";

  /** About the most that a filter may compute: of each name, some 360 steps a character. */
  private static final String COSTLY = "Name matches \"(.?){85}!\"";

  private final double seconds;
  private final int rounds;
  private final CentreProcess centre;
  private final Map<String, Found> found = new LinkedHashMap<>();

  private WorstReader(boolean quick, CentreProcess centre) {
    seconds = quick ? 1.5 : 3;
    rounds = quick ? 1 : ROUNDS;
    this.centre = centre;
  }

  /** A request that costs much. */
  private record Costly(String id, String label, String path, int connections, long most) {
    static Costly of(String id, String label, String path) {
      return new Costly(id, label, path, CONNECTIONS, ENDLESS);
    }

    boolean waits() {
      return id.equals("woken");
    }

    LongFunction<byte[]> requests() {
      byte[] fixed = HttpLoad.request("GET", path, "", READER);
      return after ->
          waits() && after > 0
              ? HttpLoad.request("GET", path + "&wait=60s&index=" + after, "", READER)
              : fixed;
    }
  }

  private static final List<Costly> ALL =
      List.of(
          Costly.of("filter", "a costly filter", "/v1/health/state/any?filter=" + coded(COSTLY)),
          Costly.of("state", "health/state/any", "/v1/health/state/any"),
          Costly.of("near", "health/state/any?near", "/v1/health/state/any?near=_agent"),
          Costly.of("services", "catalog/services", "/v1/catalog/services"),
          Costly.of("meta", "catalog/services?node-meta", "/v1/catalog/services?node-meta=zone:eu"),
          Costly.of("tag", "a large service by tag", "/v1/health/service/wide?tag=v2"),
          Costly.of("node", "a node's services", "/v1/catalog/node/node-1"),
          Costly.of("keys", "all keys with values", "/v1/kv/?recurse"),
          Costly.of("names", "the names of all keys", "/v1/kv/?keys&separator=/"),
          Costly.of("agent", "agent/checks", "/v1/agent/checks"),
          Costly.of("search", "the dashboard's search", "/dashboard/search?text=zzz"),
          Costly.of("nodes", "the dashboard's nodes", "/dashboard/nodes?count=1000"),
          Costly.of("metrics", "metrics", "/metrics"),
          new Costly("pages", "dashboards that come and go", "/dashboard/events", 16, 100_000),
          new Costly("cheap", "status/leader", "/v1/status/leader", 256, ENDLESS),
          Costly.of(
              "woken",
              "queries that wait, 20 changes a second",
              "/v1/health/state/any?near=_agent"));

  static List<String> figures() {
    List<String> ids = new ArrayList<>(List.of("idle", "worst", "computing"));
    ALL.forEach(each -> ids.add(each.id()));
    ids.replaceAll(id -> "centre.reader." + id);
    return ids;
  }

  private static String coded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  /** What was found of one request. */
  private static final class Found {
    private LongStream took = LongStream.empty();
    private double asked;
    private long answers;
    private long refusals;
    private double readersCpu;
    private double centresCpu;

    void add(long[] times, double forSeconds) {
      took = LongStream.concat(took, Arrays.stream(times));
      asked += forSeconds;
    }

    long[] sorted() {
      long[] sorted = took.sorted().toArray();
      took = Arrays.stream(sorted);
      return sorted;
    }
  }

  /**
   * Measures, {@code full} or {@code quick}; further words are ids of what to measure alone, {@code
   * near} say.
   */
  public static void main(String[] args) throws Exception {
    Path folder = Files.createTempDirectory("rollcall-bench-reader-");
    Path tokens =
        Files.createFile(
            folder.resolve("tokens"),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(
        tokens,
        "operator token:"
            + OPERATOR
            + " admin\nreader token:"
            + READER
            + " read\nother token:"
            + OTHER
            + " read\n");
    boolean quick = Arrays.asList(args).contains("quick");
    try (CentreProcess centre = new CentreProcess("--no-data", "--tokens", tokens.toString())) {
      WorstReader measured = new WorstReader(quick, centre);
      measured.fill();
      List<Costly> chosen =
          ALL.stream()
              .filter(each -> args.length == 1 || Arrays.asList(args).contains(each.id()))
              .toList();
      measured.run(chosen);
    } finally {
      try (Stream<Path> files = Files.walk(folder)) {
        files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
      }
    }
    System.exit(0);
  }

  private void fill() throws IOException {
    try (HttpLoad load = new HttpLoad(centre.address(), 8)) {
      AtomicInteger next = new AtomicInteger();
      load.run(() -> entry(next.getAndIncrement()), SERVICES * EACH + WIDE);
      AtomicInteger own = new AtomicInteger();
      load.run(() -> own(own.getAndIncrement(), 80), OWN);
      AtomicInteger key = new AtomicInteger();
      String value = "v".repeat(1_000);
      load.run(
          () ->
              HttpLoad.request("PUT", "/v1/kv/settings/" + key.getAndIncrement(), value, OPERATOR),
          KEYS);
    }
  }

  private static byte[] entry(int i) {
    String name = i < WIDE ? "wide" : "service-" + (i - WIDE) / EACH;
    String node = "node-" + i % NODES;
    return HttpLoad.request(
        "PUT",
        "/v1/catalog/register",
        "{\"Node\":\""
            + node
            + "\",\"Address\":\"10.0.0.1\",\"NodeMeta\":{\"zone\":\"eu\"},\"Service\":{\"ID\":\"i-"
            + i
            + "\",\"Service\":\""
            + name
            + "\",\"Port\":8080,\"Tags\":[\"http\",\"v2\"],\"Meta\":{\"zone\":\"eu-1a\","
            + "\"version\":\"2.14.3\",\"build\":\"a81f02c\"}},\"Check\":{\"Node\":\""
            + node
            + "\",\"CheckID\":\"c-"
            + i
            + "\",\"Name\":\"Service '"
            + name
            + "' check\",\"Status\":\"passing\",\"ServiceID\":\"i-"
            + i
            + "\",\"Output\":\"HTTP GET http://10.0.0.1:8080/health: 200 OK Output: ok\"}}",
        OPERATOR);
  }

  private static byte[] own(int i, int port) {
    return HttpLoad.request(
        "PUT",
        "/v1/agent/service/register",
        "{\"ID\":\"own-"
            + i
            + "\",\"Name\":\"own\",\"Address\":\"10.0.0.1\",\"Port\":"
            + port
            + ",\"Check\":{\"TTL\":\"1h\",\"Status\":\"passing\"}}",
        OPERATOR);
  }

  private void run(List<Costly> chosen) throws Exception {
    byte[] asked = HttpLoad.request("GET", "/v1/health/service/service-7", "", OTHER);
    try (Pinger client = new Pinger(centre.address(), asked)) {
      client.run(seconds); // until its code is compiled on both sides
      for (int round = 0; round < rounds; round++) {
        of("idle").add(client.run(seconds), seconds);
        for (Costly each : chosen) {
          beside(each, client);
        }
      }
      Found idle = of("idle");
      print("idle", "another client, nobody else there", idle);
      Costly worst = null;
      for (Costly each : chosen) {
        print(each.id(), "another client beside " + each.label(), of(each.id()));
        if (worst == null || p99(of(each.id())) > p99(of(worst.id()))) {
          worst = each;
        }
      }
      if (worst == null) {
        return;
      }
      of("computing").add(besideComputing(of(worst.id()), client), seconds);
      print("computing", "another client beside threads that compute as much", of("computing"));
      Figure.print(
          "centre.reader.worst",
          p99(of(worst.id())),
          "ms",
          "another client beside the worst reader, p99: " + worst.label());
      Figure.print(
          "centre.reader.worst.ratio",
          p99(of(worst.id())) / p99(idle),
          "times",
          "the same beside nobody else there");
    }
  }

  private Found of(String id) {
    return found.computeIfAbsent(id, first -> new Found());
  }

  private static double p99(Found of) {
    return Deploy.quantile(of.sorted(), 0.99) / 1e6;
  }

  private static void print(String what, String label, Found of) {
    String id = "centre.reader." + what;
    Figure.print(id, p99(of), "ms", label + ", p99");
    Figure.print(id + ".p50", Deploy.quantile(of.sorted(), 0.5) / 1e6, "ms", label + ", p50");
    if (of.answers + of.refusals > 0) {
      Figure.print(id + ".answers", of.answers / of.asked, "a second", label + ": answers");
      Figure.print(id + ".refusals", of.refusals / of.asked, "a second", label + ": refusals");
      Figure.print(id + ".cpu", of.centresCpu / of.asked, "processors", label + ": the centre");
      Figure.print(id + ".reader", of.readersCpu / of.asked, "processors", label + ": the reader");
    }
  }

  private void beside(Costly costly, Pinger client) throws Exception {
    Found of = of(costly.id());
    try (RequestLoop loop =
            new RequestLoop(
                centre.address(), costly.connections(), costly.most(), costly.requests());
        Changes changes = costly.waits() ? new Changes() : null) {
      TimeUnit.MILLISECONDS.sleep(700); // until all is under way
      long id = loop.thread().getId();
      long answers = loop.answers();
      long refusals = loop.refusals();
      double readersCpu = cpuOf(id);
      double centresCpu = Cpu.of(centre.pid());
      long from = System.nanoTime();
      long[] took = client.run(seconds);
      of.add(took, (System.nanoTime() - from) / 1e9);
      of.answers += loop.answers() - answers;
      of.refusals += loop.refusals() - refusals;
      of.readersCpu += cpuOf(id) - readersCpu;
      of.centresCpu += Cpu.of(centre.pid()) - centresCpu;
    }
    TimeUnit.MILLISECONDS.sleep(300);
  }

  private static double cpuOf(long thread) {
    return ManagementFactory.getThreadMXBean().getThreadCpuTime(thread) / 1e9;
  }

  private long[] besideComputing(Found of, Pinger client) throws Exception {
    double left = (of.readersCpu + of.centresCpu) / of.asked;
    List<Computing> all = new ArrayList<>();
    try {
      for (; left > 0.02; left -= 1) {
        all.add(new Computing(Math.min(1, left)));
      }
      return client.run(seconds);
    } finally {
      for (Computing each : all) {
        each.close();
      }
    }
  }

  /** A thread that computes for a part of each millisecond. */
  private static final class Computing implements AutoCloseable {
    private static final long TURN_NANOS = 1_000_000;

    private final long nanos;
    private final Thread thread = new Thread(this::run, "bench-computing");
    private volatile boolean ended;

    Computing(double share) {
      nanos = (long) (share * TURN_NANOS);
      thread.setDaemon(true);
      thread.start();
    }

    private void run() {
      long begin = System.nanoTime();
      while (!ended) {
        while (System.nanoTime() - begin < nanos) {
          Thread.onSpinWait();
        }
        long rest = begin + TURN_NANOS - System.nanoTime();
        if (rest > 0 && nanos < TURN_NANOS) {
          LockSupport.parkNanos(rest);
        }
        begin = System.nanoTime();
      }
    }

    @Override
    public void close() throws InterruptedException {
      ended = true;
      thread.join();
    }
  }

  /** Twenty changes a second of an instance that others wait for. */
  private final class Changes implements AutoCloseable {
    private final HttpLoad load = new HttpLoad(centre.address(), 1);
    private final Thread thread = new Thread(this::run, "bench-changes");
    private volatile boolean ended;

    Changes() throws IOException {
      thread.setDaemon(true);
      thread.start();
    }

    private void run() {
      try {
        for (int port = 1_000; !ended; port++) {
          load.call(
              HttpLoad.request(
                  "PUT",
                  "/v1/agent/check/" + (port % 2 == 0 ? "warn" : "pass") + "/service:own-1",
                  "",
                  OPERATOR));
          TimeUnit.MILLISECONDS.sleep(50);
        }
      } catch (IOException | InterruptedException over) {
        throw new IllegalStateException(String.format(Locale.ROOT, "changes: %s", over), over);
      }
    }

    @Override
    public void close() throws IOException, InterruptedException {
      ended = true;
      thread.join();
      load.close();
    }
  }
}
