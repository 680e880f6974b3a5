package dev.rollcall.etcd;

import static dev.rollcall.etcd.Rig.bytes;
import static dev.rollcall.etcd.Rig.done;
import static dev.rollcall.etcd.Rig.instance;
import static dev.rollcall.etcd.Rig.pass;
import static dev.rollcall.etcd.Rig.put;
import static dev.rollcall.etcd.Rig.putting;
import static dev.rollcall.etcd.Rig.stored;
import static dev.rollcall.etcd.Rig.within;
import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.InstanceKey;
import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registration.State;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.InstanceEvent;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest.Claim;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.WatchSink;
import dev.rollcall.spi.support.SystemTimer;
import dev.rollcall.testkit.ChangeChecker;
import dev.rollcall.testkit.RecordingSink;
import dev.rollcall.testkit.server.EtcdServer;
import dev.rollcall.testkit.server.FaultProxy;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.Watch;
import io.etcd.jetcd.options.WatchOption;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;

/** What takes minutes, or measures. The figures are published as report entries. */
@Tag("long")
@Isolated
@Timeout(value = 10, unit = TimeUnit.MINUTES)
final class EtcdLongTest {
  private EtcdServer server;
  private Rig rig;

  @BeforeEach
  void start() {
    server = EtcdServer.launch("3.5");
    rig = new Rig();
  }

  @AfterEach
  void stop() {
    rig.close();
    server.close();
  }

  private String uri() {
    return "etcd://127.0.0.1:" + server.port();
  }

  @Test
  @DisplayName("10,000 changes while the connection is cut every 200 ms: the view is the store's")
  void tenThousandChangesUnderCuts(TestReporter reporter) {
    try (FaultProxy proxy = FaultProxy.to(server)) {
      EtcdBackend writer = rig.backend(uri());
      Registry reader = rig.registry("etcd://127.0.0.1:" + proxy.port());
      RecordingSink sink = rig.liveSink(rig.backend("etcd://127.0.0.1:" + proxy.port()));
      ChangeChecker checker = new ChangeChecker();
      rig.closing(reader.service(Rig.SERVICE).watch(checker));
      AtomicBoolean writing = new AtomicBoolean(true);
      CompletableFuture<Integer> cutting =
          CompletableFuture.supplyAsync(
              () -> {
                int cuts = 0;
                while (writing.get()) {
                  pass(Duration.ofMillis(200));
                  proxy.resetAll();
                  cuts++;
                }
                return cuts;
              });
      long seed = new Random().nextLong();
      Random random = new Random(seed);
      Semaphore slots = new Semaphore(8);
      for (int n = 0; n < 10_000; n++) {
        slots.acquireUninterruptibly();
        String id = "i" + random.nextInt(50);
        CompletionStage<?> change =
            random.nextInt(5) == 0
                ? writer.deregister(Rig.key(id), Owner.ANY)
                : putting(
                    writer, instance(id, n), Liveness.permanent(), Claim.TAKE_OVER, end -> {});
        change.whenComplete((value, failed) -> slots.release());
      }
      slots.acquireUninterruptibly(8);
      writing.set(false);
      Rig.report(reporter, "cuts during 10,000 changes", cutting.join() + ", seed " + seed);

      List<ServiceInstance> all = stored(writer);
      within(Duration.ofSeconds(10), () -> assertThat(sink.state()).isEqualTo(all));
      within(Duration.ofSeconds(10), () -> assertThat(checker.instances()).isEqualTo(all));
      assertThat(sink.violations()).isEmpty();
      assertThat(checker.violations()).isEmpty();
      Rig.report(reporter, "interruptions", Integer.toString(sink.interruptions().size()));
    }
  }

  @Test
  @DisplayName("watch latency beside raw jetcd, interleaved: put to callback")
  void latencyBesideRawJetcd(TestReporter reporter) throws Exception {
    Client client = rig.jetcd(server.endpoint());
    Semaphore raw = new Semaphore(0);
    Watch.Watcher watcher =
        rig.jetcd(server.endpoint())
            .getWatchClient()
            .watch(
                bytes("/raw/"),
                WatchOption.builder().isPrefix(true).build(),
                response -> raw.release());
    rig.closing(watcher);
    Semaphore ours = new Semaphore(0);
    rig.closing(rig.backend(uri()).watch(Selector.service(Rig.SERVICE), new Ringing(ours)));
    Registry registry = rig.registry(uri());
    Semaphore listener = new Semaphore(0);
    // A service of its own: etcd tells each put to one watcher, whichever of the three is timed.
    rig.closing(registry.service("payments").watch(change -> listener.release()));
    pass(Duration.ofSeconds(1));
    ours.drainPermits();
    listener.drainPermits();

    int rounds = 3000;
    long[][] nanos = new long[3][rounds];
    for (int n = -500; n < rounds; n++) {
      int at = Math.max(n, 0);
      nanos[0][at] = timed(client, "/raw/a", n, raw);
      nanos[1][at] = timed(client, "/rollcall/orders/a", n, ours);
      nanos[2][at] = timed(client, "/rollcall/payments/a", n, listener);
    }
    for (long[] one : nanos) {
      Arrays.sort(one);
    }
    int p99 = rounds * 99 / 100;
    for (int i = 0; i < 3; i++) {
      String who = new String[] {"raw jetcd", "backend's sink", "registry's listener"}[i];
      Rig.report(
          reporter,
          who,
          String.format(
              "median %.0f us, p99 %.0f us; ratio of medians %.3f, of p99 %.3f",
              nanos[i][rounds / 2] / 1e3,
              nanos[i][p99] / 1e3,
              (double) nanos[i][rounds / 2] / nanos[0][rounds / 2],
              (double) nanos[i][p99] / nanos[0][p99]));
    }
  }

  private static long timed(Client client, String key, int number, Semaphore rung)
      throws Exception {
    String value = "{\"host\":\"127.0.0.1\",\"port\":" + (Math.floorMod(number, 60_000) + 1) + "}";
    long began = System.nanoTime();
    client.getKVClient().put(bytes(key), bytes(value));
    if (!rung.tryAcquire(10, TimeUnit.SECONDS)) {
      throw new AssertionError("never told of " + key);
    }
    return System.nanoTime() - began;
  }

  private record Ringing(Semaphore bell) implements WatchSink {
    @Override
    public void replace(Selector scope, List<ServiceInstance> instances, long revision) {}

    @Override
    public void apply(List<InstanceEvent> events, long revision) {
      bell.release();
    }

    @Override
    public void synced() {}

    @Override
    public void interrupted(dev.rollcall.RegistryException cause) {}
  }

  @Test
  @DisplayName("10,000 registrations of one process: kept alive, and what that costs")
  void tenThousandRegistrations(TestReporter reporter) {
    Registry registry = rig.registry(uri());
    List<Registration> all = new ArrayList<>();
    Semaphore slots = new Semaphore(200);
    List<CompletableFuture<Registration>> sent = new ArrayList<>();
    long began = System.nanoTime();
    for (int i = 0; i < 10_000; i++) {
      slots.acquireUninterruptibly();
      ServiceInstance next =
          ServiceInstance.builder("s" + i % 100).id("i" + i).address("127.0.0.1", 9).build();
      CompletableFuture<Registration> one =
          registry.register(next, Liveness.heartbeat(Duration.ofSeconds(30)));
      one.whenComplete((done, failed) -> slots.release());
      sent.add(one);
    }
    sent.forEach(one -> all.add(done(one)));
    Rig.report(
        reporter, "10,000 registrations took", (System.nanoTime() - began) / 1_000_000 + " ms");
    pass(Duration.ofSeconds(200)); // the compiler takes its time with what runs seldom
    long cpu = cpuNanos();
    long wall = System.nanoTime();
    pass(Duration.ofSeconds(60));
    double share = 100.0 * (cpuNanos() - cpu) / (System.nanoTime() - wall);
    Rig.report(
        reporter,
        "10,000 registrations, TTL 30 s, keep alive",
        String.format("%.1f %% of a core", share));

    assertThat(all).allSatisfy(one -> assertThat(one.state()).isEqualTo(State.ACTIVE));
    assertThat(done(rig.backend(uri()).snapshot(Selector.everything())).instances())
        .hasSize(10_000);
    long closing = System.nanoTime();
    registry.close();
    Rig.report(
        reporter,
        "10,000 registrations closed in",
        (System.nanoTime() - closing) / 1_000_000 + " ms");
    // Closing takes a bounded time; what a busy machine has not confirmed by then goes with its
    // lease.
    EtcdBackend beside = rig.backend(uri());
    within(
        Duration.ofSeconds(60),
        () -> assertThat(done(beside.snapshot(Selector.everything())).instances()).isEmpty());
  }

  private static long cpuNanos() {
    return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }

  @Test
  @DisplayName("a hundred times opened and closed: no thread, no connection more")
  void openedAndClosedAHundredTimes() {
    try (FaultProxy proxy = FaultProxy.to(server)) {
      String uri = "etcd://127.0.0.1:" + proxy.port();
      openAndClose(uri);
      within(Duration.ofSeconds(90), () -> assertThat(clientThreads()).isEmpty());
      for (int i = 0; i < 100; i++) {
        openAndClose(uri);
      }
      within(Duration.ofSeconds(90), () -> assertThat(clientThreads()).isEmpty());
      within(Duration.ofSeconds(10), () -> assertThat(proxy.counts().active()).isZero());
    }
  }

  private static void openAndClose(String uri) {
    try (Timer timer = SystemTimer.named("cycle-timer");
        EtcdBackend backend = EtcdBackend.open(uri, timer)) {
      RecordingSink sink = new RecordingSink(Selector.service(Rig.SERVICE));
      backend.watch(Selector.service(Rig.SERVICE), sink);
      var lease =
          done(
              putting(
                  backend,
                  instance("a", 1),
                  Liveness.heartbeat(Duration.ofSeconds(5)),
                  Claim.TAKE_OVER,
                  end -> {}));
      done(lease.renew());
      within(Duration.ofSeconds(10), () -> assertThat(sink.state()).hasSize(1));
    }
  }

  private static Set<String> clientThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .filter(
            name ->
                name.startsWith("rollcall-etcd")
                    || name.startsWith("jetcd")
                    || name.startsWith("vert.x")
                    || name.startsWith("vertx")
                    || name.startsWith("grpc")
                    || name.startsWith("cycle-timer"))
        .collect(Collectors.toSet());
  }

  @Test
  @DisplayName("both cores busy for 30 s: no false expiry, no flicker")
  void busyMachine() {
    Registry registry = rig.registry(uri());
    Registration registration =
        done(registry.register(instance("a", 1), Liveness.heartbeat(Duration.ofSeconds(5))));
    RecordingSink sink = rig.liveSink(rig.backend(uri()));
    AtomicBoolean busy = new AtomicBoolean(true);
    for (int i = 0; i < Runtime.getRuntime().availableProcessors(); i++) {
      Thread burner = new Thread(() -> burn(busy), "burner");
      burner.setDaemon(true);
      burner.start();
    }
    pass(Duration.ofSeconds(30));
    busy.set(false);
    assertThat(sink.removals()).isEmpty();
    assertThat(registration.state()).isEqualTo(State.ACTIVE);
  }

  private static void burn(AtomicBoolean busy) {
    long x = 1;
    while (busy.get()) {
      x = x * 31 + 7;
    }
    assertThat(Long.toString(x)).isNotEmpty(); // so that the loop is not optimised away
  }

  @Test
  @DisplayName("1,000 changes a second for 20 s: the final state is the store's")
  void aThousandChangesASecond(TestReporter reporter) {
    EtcdBackend writer = rig.backend(uri());
    LastState last = new LastState();
    rig.closing(rig.backend(uri()).watch(Selector.everything(), last));
    Semaphore slots = new Semaphore(64);
    long began = System.nanoTime();
    int n = 0;
    while (System.nanoTime() - began < TimeUnit.SECONDS.toNanos(20)) {
      slots.acquireUninterruptibly();
      putting(writer, instance("i" + n % 100, n), Liveness.permanent(), Claim.TAKE_OVER, end -> {})
          .whenComplete((lease, failed) -> slots.release());
      n++;
    }
    slots.acquireUninterruptibly(64);
    Rig.report(reporter, "changes a second", Integer.toString(n / 20));
    List<ServiceInstance> all = stored(writer);
    within(Duration.ofSeconds(10), () -> assertThat(last.state()).isEqualTo(all));
  }

  /** Keeps the last state alone, since 20,000 of them would not fit. */
  private static final class LastState implements WatchSink {
    private final java.util.TreeMap<InstanceKey, ServiceInstance> state = new java.util.TreeMap<>();

    synchronized List<ServiceInstance> state() {
      return List.copyOf(state.values());
    }

    @Override
    public synchronized void replace(
        Selector scope, List<ServiceInstance> instances, long revision) {
      state.clear();
      instances.forEach(one -> state.put(one.key(), one));
    }

    @Override
    public synchronized void apply(List<InstanceEvent> events, long revision) {
      for (InstanceEvent event : events) {
        if (event instanceof InstanceEvent.Put put) {
          state.put(put.key(), put.instance());
        } else {
          state.remove(event.key());
        }
      }
    }

    @Override
    public void synced() {}

    @Override
    public void interrupted(dev.rollcall.RegistryException cause) {}
  }

  @Test
  @DisplayName("an owner that dies is gone within its TTL and the slack that is stated")
  void deadOwner(TestReporter reporter) {
    EtcdBackend dying = EtcdBackend.open(uri(), rig.timer);
    RecordingSink sink = rig.liveSink(rig.backend(uri()));
    var lease =
        done(
            putting(
                dying,
                instance("dead", 1),
                Liveness.heartbeat(Duration.ofSeconds(5)),
                Claim.TAKE_OVER,
                end -> {}));
    dying.close();
    long began = System.nanoTime();
    put(rig.backend(uri()), instance("other", 1));
    within(Duration.ofSeconds(20), () -> assertThat(sink.removals()).hasSize(1));
    Duration took = Duration.ofNanos(System.nanoTime() - began);
    Rig.report(reporter, "gone after", took.toMillis() + " ms, TTL " + lease.ttl());
    assertThat(took).isLessThan(lease.ttl().plus(rig.backend(uri()).capabilities().expirySlack()));
  }
}
