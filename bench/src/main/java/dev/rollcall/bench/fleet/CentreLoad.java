package dev.rollcall.bench.fleet;

import dev.rollcall.testkit.server.TestServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * The registry centre under load, once with nothing kept and once with a data folder, beside a
 * Consul agent in development mode, which keeps nothing: the same requests by the same client, in
 * turn. Then dashboards, which are the centre's alone.
 */
final class CentreLoad {
  private static final int CONNECTIONS = 8;
  private static final int INSTANCES = 10_000;
  private static final int MANY = 40_000;
  private static final int OF_THE_AGENT = 500;
  private static final int EACH = 10;

  /** After so long each has given back what it needed for a burst: the centre's JVM within 30 s. */
  private static final int SECONDS_TO_GIVE_BACK = 40;

  private static final List<Integer> WAITING = List.of(1, 100, 5_000);
  private static final List<String> CONSUL_AND_OURS = List.of("consul", "memory");
  private static final Map<String, String> NAMES =
      Map.of("consul", "Consul", "memory", "the centre", "data", "the centre with a data folder");

  private final boolean quick;
  private final Map<String, Target> targets = new LinkedHashMap<>();
  private int port = 1_000;

  private CentreLoad(boolean quick) {
    this.quick = quick;
  }

  static List<String> figures() {
    List<String> ids = new ArrayList<>();
    for (String who : List.of("consul", "memory", "data")) {
      ids.add("centre.register." + who);
      ids.add("centre.renew." + who);
      ids.add("centre.memory." + who);
    }
    for (int waiting : WAITING) {
      CONSUL_AND_OURS.forEach(who -> ids.add("centre.wake." + waiting + "." + who));
    }
    ids.add("centre.dashboard.first");
    return ids;
  }

  /** Measures, {@code full} or {@code quick}. */
  public static void main(String[] args) throws Exception {
    Path data = Files.createTempDirectory("rollcall-bench-centre-");
    try (TestServer consul = Store.CONSUL.launch();
        CentreProcess memory = new CentreProcess("--no-data");
        CentreProcess kept = new CentreProcess("--data", data.toString())) {
      CentreLoad load = new CentreLoad(args[0].equals("quick"));
      load.targets.put("consul", new Target(Store.address(consul), consul.pid(), () -> 0L));
      load.targets.put("memory", new Target(memory.address(), memory.pid(), memory::allocated));
      load.targets.put("data", new Target(kept.address(), kept.pid(), kept::allocated));
      load.run();
    } finally {
      try (Stream<Path> files = Files.walk(data)) {
        files.sorted((a, b) -> b.compareTo(a)).forEach(file -> file.toFile().delete());
      }
    }
    System.exit(0);
  }

  private record Target(String address, long pid, Counter allocated) {}

  private interface Counter {
    long get() throws Exception;
  }

  private void run() throws Exception {
    for (Target target : targets.values()) {
      try (HttpLoad load = new HttpLoad(target.address(), CONNECTIONS)) {
        load.run(entries(0), INSTANCES);
      }
    }
    TimeUnit.SECONDS.sleep(quick ? 1 : SECONDS_TO_GIVE_BACK);
    for (String who : targets.keySet()) {
      Figure.print(
          "centre.memory." + who,
          residentMegabytes(targets.get(who).pid()),
          "MB",
          NAMES.get(who) + ": resident with 10,000 instances");
    }
    for (Target target : targets.values()) {
      try (HttpLoad load = new HttpLoad(target.address(), CONNECTIONS)) {
        load.run(registrations(0), OF_THE_AGENT);
      }
    }
    rates("register", "registrations a second", this::registrations);
    rates("renew", "renewals a second", this::renewals);
    for (int waiting : WAITING) {
      wakes(waiting);
    }
    dashboards();
  }

  /**
   * Entries of the catalog, on a hundred nodes: an agent takes the longer for an instance of its
   * own the more it has, and would not have ten thousand of them in time.
   */
  private static Supplier<byte[]> entries(int from) {
    AtomicInteger next = new AtomicInteger(from);
    return () -> {
      int i = next.getAndIncrement();
      return HttpLoad.request(
          "PUT",
          "/v1/catalog/register",
          "{\"Node\":\"node-"
              + i % 100
              + "\",\"Address\":\"10.0.0.1\",\"Service\":{\"ID\":\"entry-"
              + i / EACH
              + "-"
              + i % EACH
              + "\",\"Service\":\"entry-"
              + i / EACH
              + "\",\"Port\":8080,\"Tags\":[\"http\",\"v2\"],\"Meta\":{\"zone\":\"eu-1a\","
              + "\"version\":\"2.14.3\",\"build\":\"a81f02c\"}}}");
    };
  }

  private static String body(int number, int port) {
    return "{\"ID\":\"service-"
        + number / EACH
        + "-"
        + number % EACH
        + "\",\"Name\":\"service-"
        + number / EACH
        + "\",\"Port\":"
        + port
        + ",\"Address\":\"10.0.0.1\",\"Tags\":[\"http\",\"v2\"],\"Meta\":{\"zone\":\"eu-1a\","
        + "\"version\":\"2.14.3\",\"build\":\"a81f02c\"},"
        + "\"Check\":{\"TTL\":\"1h\",\"Status\":\"passing\"}}";
  }

  /** Registrations of one instance after the other, each time as it was not before. */
  private Supplier<byte[]> registrations(int from) {
    int now = ++port;
    AtomicInteger next = new AtomicInteger(from);
    return () -> {
      int i = next.getAndIncrement();
      return HttpLoad.request("PUT", "/v1/agent/service/register", body(i % OF_THE_AGENT, now));
    };
  }

  private Supplier<byte[]> renewals(int from) {
    AtomicInteger next = new AtomicInteger(from);
    return () -> {
      int i = next.getAndIncrement() % OF_THE_AGENT;
      return HttpLoad.request(
          "PUT", "/v1/agent/check/pass/service:service-" + i / EACH + "-" + i % EACH, "");
    };
  }

  private interface Requests {
    Supplier<byte[]> from(int instance);
  }

  /** In turn, and the best block of each: what disturbs a block only ever takes from it. */
  private void rates(String what, String label, Requests requests) throws Exception {
    Map<String, Double> best = new LinkedHashMap<>();
    Map<String, Double> micros = new LinkedHashMap<>();
    Map<String, Double> bytes = new LinkedHashMap<>();
    int rounds = quick ? 2 : 5;
    double seconds = quick ? 0.7 : 2;
    for (int round = 0; round < rounds; round++) {
      for (Map.Entry<String, Target> entry : targets.entrySet()) {
        Target target = entry.getValue();
        try (HttpLoad load = new HttpLoad(target.address(), CONNECTIONS)) {
          boolean last = round == rounds - 1;
          double cpu = Cpu.of(target.pid());
          long allocated = last ? target.allocated().get() : 0;
          double rate = load.rate(requests.from(0), seconds);
          best.merge(entry.getKey(), rate, Math::max);
          micros.merge(
              entry.getKey(), (Cpu.of(target.pid()) - cpu) * 1e6 / (rate * seconds), Math::min);
          if (last) {
            bytes.put(entry.getKey(), (target.allocated().get() - allocated) / (rate * seconds));
          }
        }
      }
    }
    for (String who : targets.keySet()) {
      String id = "centre." + what + "." + who;
      Figure.print(id, best.get(who), "a second", NAMES.get(who) + ": " + label);
      Figure.print(
          id + ".cpu", micros.get(who), "µs CPU", NAMES.get(who) + ": CPU a call, " + label);
      if (!who.equals("consul")) {
        Figure.print(
            id + ".bytes", bytes.get(who), "B", NAMES.get(who) + ": allocated a call, " + label);
      }
    }
  }

  /** From a registration until the last of some queries that wait for it has its answer. */
  private void wakes(int waiting) throws Exception {
    Map<String, List<Long>> last = new LinkedHashMap<>();
    Map<String, List<Long>> each = new LinkedHashMap<>();
    Map<String, HttpLoad> waiters = new LinkedHashMap<>();
    Map<String, HttpLoad> controls = new LinkedHashMap<>();
    int rounds = waiting > 1_000 ? (quick ? 3 : 8) : (quick ? 20 : 60);
    int warm = waiting > 1_000 ? 2 : 10;
    String path = "/v1/health/service/woken-" + waiting;
    try {
      for (String who : CONSUL_AND_OURS) {
        waiters.put(who, new HttpLoad(targets.get(who).address(), waiting));
        controls.put(who, new HttpLoad(targets.get(who).address(), 1));
        last.put(who, new ArrayList<>());
        each.put(who, new ArrayList<>());
      }
      for (int round = 0; round < warm + rounds; round++) {
        for (String who : CONSUL_AND_OURS) {
          HttpLoad control = controls.get(who);
          if (round == 0) {
            control.call(woken(waiting, 1));
            TimeUnit.MILLISECONDS.sleep(500); // an agent brings its catalog up to date in between
          }
          long index = control.call(HttpLoad.request("GET", path, "")).index();
          HttpLoad load = waiters.get(who);
          load.sendAll(HttpLoad.request("GET", path + "?wait=60s&index=" + index, ""));
          TimeUnit.MILLISECONDS.sleep(60 + waiting / 4); // until all are waiting
          long from = System.nanoTime();
          control.sendAll(woken(waiting, round + 2));
          List<HttpLoad.Answer> answers = load.awaitAll();
          control.awaitAll();
          if (round >= warm) {
            long latest = 0;
            for (HttpLoad.Answer answer : answers) {
              each.get(who).add(answer.nanos() - from);
              latest = Math.max(latest, answer.nanos() - from);
            }
            last.get(who).add(latest);
          }
        }
      }
    } finally {
      for (HttpLoad one : waiters.values()) {
        one.close();
      }
      for (HttpLoad one : controls.values()) {
        one.close();
      }
    }
    for (String who : CONSUL_AND_OURS) {
      String id = "centre.wake." + waiting + "." + who;
      String label =
          String.format(Locale.ROOT, "%s: a change to %,d waiting", NAMES.get(who), waiting);
      Figure.print(id, quantile(last.get(who), 0.5) / 1e6, "ms", label + ", the last, p50");
      Figure.print(id + ".p50", quantile(each.get(who), 0.5) / 1e6, "ms", label + ", each, p50");
      Figure.print(id + ".p99", quantile(each.get(who), 0.99) / 1e6, "ms", label + ", each, p99");
    }
  }

  private static byte[] woken(int waiting, int port) {
    return HttpLoad.request(
        "PUT",
        "/v1/agent/service/register",
        "{\"ID\":\"woken-"
            + waiting
            + "\",\"Name\":\"woken-"
            + waiting
            + "\",\"Address\":\"10.0.0.1\",\"Port\":"
            + port
            + "}");
  }

  private static long quantile(List<Long> values, double share) {
    return Deploy.quantile(values.stream().mapToLong(Long::longValue).sorted().toArray(), share);
  }

  /** Twenty pages that show 40,000 instances, while 100 instances a second change. */
  private void dashboards() throws Exception {
    Target target = targets.get("memory");
    int pages = 20;
    try (HttpLoad load = new HttpLoad(target.address(), CONNECTIONS)) {
      load.run(entries(INSTANCES), MANY - INSTANCES);
      double cpuBefore = Cpu.of(target.pid());
      List<Page> open = new ArrayList<>();
      try {
        long began = System.nanoTime();
        for (int i = 0; i < pages; i++) {
          open.add(new Page(target.address()));
        }
        for (Page page : open) {
          page.awaitFirst();
        }
        double took = (System.nanoTime() - began) / 1e6;
        TimeUnit.SECONDS.sleep(1);
        long firstBytes = open.get(0).bytes.get();
        Figure.print(
            "centre.dashboard.first",
            took,
            "ms",
            pages + " dashboards with 40,000 instances: until all have their first state");
        Figure.print(
            "centre.dashboard.bytes",
            firstBytes / 1e3,
            "kB",
            "a dashboard with 40,000 instances: its first state");
        Figure.print(
            "centre.dashboard.cpu",
            (Cpu.of(target.pid()) - cpuBefore) * 1e3 / pages,
            "ms CPU",
            "a dashboard with 40,000 instances: the centre, its first state");
        int changes = quick ? 200 : 800;
        double cpu = Cpu.of(target.pid());
        Supplier<byte[]> requests = registrations(0);
        for (int i = 0; i < changes; i++) {
          load.call(requests.get());
          TimeUnit.MILLISECONDS.sleep(10);
        }
        TimeUnit.SECONDS.sleep(1);
        Figure.print(
            "centre.dashboard.change.bytes",
            (open.get(0).bytes.get() - firstBytes) / (double) changes,
            "B",
            "a dashboard: bytes a change, some 100 changes a second");
        Figure.print(
            "centre.dashboard.change.cpu",
            (Cpu.of(target.pid()) - cpu) * 1e6 / changes,
            "µs CPU",
            pages + " dashboards: the centre, a change and its registration");
        Figure.print(
            "centre.dashboard.memory",
            residentMegabytes(target.pid()),
            "MB",
            "the centre: resident with 40,000 instances and " + pages + " dashboards");
      } finally {
        open.forEach(Page::close);
      }
    }
  }

  private static double residentMegabytes(long pid) throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/status"))) {
      if (line.startsWith("VmRSS:")) {
        return Double.parseDouble(line.replaceAll("[^0-9]", "")) / 1024;
      }
    }
    throw new IOException("no VmRSS of process " + pid);
  }

  /** A dashboard's stream of events, read and counted by a thread of its own. */
  private static final class Page implements AutoCloseable {
    private final Socket socket;
    private final AtomicLong bytes = new AtomicLong();
    private final Thread thread = new Thread(this::read, "bench-dashboard");
    private volatile boolean first;

    Page(String address) throws IOException {
      String[] parts = address.split(":");
      socket = new Socket(parts[0], Integer.parseInt(parts[1]));
      socket
          .getOutputStream()
          .write(
              "GET /dashboard/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n"
                  .getBytes(StandardCharsets.US_ASCII));
      thread.setDaemon(true);
      thread.start();
    }

    private void read() {
      byte[] piece = new byte[64 * 1024];
      try (InputStream in = socket.getInputStream()) {
        for (int count = in.read(piece); count > 0; count = in.read(piece)) {
          bytes.addAndGet(count);
          first |= new String(piece, 0, count, StandardCharsets.ISO_8859_1).contains("\ndata:");
        }
      } catch (IOException closed) {
        // By close(), which nobody waits for.
      }
    }

    void awaitFirst() throws InterruptedException, IOException {
      for (int tries = 0; !first; tries++) {
        if (tries > 6000 || !thread.isAlive()) {
          throw new IOException("a dashboard has no state");
        }
        TimeUnit.MILLISECONDS.sleep(5);
      }
    }

    @Override
    public void close() {
      try {
        socket.close();
      } catch (IOException gone) {
        // It is what was wanted.
      }
    }
  }
}
