package dev.rollcall.consul;

import static dev.rollcall.consul.Bench.eventually;
import static dev.rollcall.consul.Bench.inTime;
import static dev.rollcall.consul.Bench.instance;
import static dev.rollcall.consul.Bench.put;
import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Health;
import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.RegistryException.Kind;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.Selector;
import dev.rollcall.testkit.RecordingSink;
import dev.rollcall.testkit.server.ConsulExtension;
import dev.rollcall.testkit.server.ConsulServer;
import dev.rollcall.testkit.server.FaultProxy;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The Consul column of the fault matrix, as far as the line can show it; numbers are its rows. */
@Execution(ExecutionMode.CONCURRENT)
class OutageTest {
  @RegisterExtension static final ConsulExtension CONSUL = ConsulExtension.create();

  private final Bench bench = new Bench();
  private FaultProxy proxy;
  private ConsulBackend beside;
  private ConsulBackend watcher;
  private String service;

  /** What a client may be given in place of an answer. */
  enum Reply {
    HTML("200 OK", "<html>maintenance</html>"),
    GARBAGE("200 OK", "[{\"Service\":"),
    EMPTY("200 OK", ""),
    OBJECT("200 OK", "{}"),
    NUMBERS("200 OK", "[1,2]"),
    REDIRECT("302 Found\r\nLocation: http://127.0.0.1:1/", "gone"),
    TOO_MANY("429 Too Many Requests", "slow down"),
    BROKEN("500 Internal Server Error\r\nX-Consul-Index: 1", "rpc error"),
    LEADERLESS("200 OK\r\nX-Consul-Index: 7\r\nX-Consul-KnownLeader: false", "[]"),
    WITHOUT_INDEX("200 OK", "[]");

    private final String text;

    Reply(String head, String body) {
      text = "HTTP/1.1 " + head + "\r\nContent-Length: " + body.length() + "\r\n\r\n" + body;
    }

    byte[] bytes() {
      return text.getBytes(StandardCharsets.US_ASCII);
    }
  }

  @BeforeEach
  void open() {
    service = "outage" + System.nanoTime();
    proxy = bench.closing(FaultProxy.to(CONSUL.server()));
    beside = bench.open(CONSUL.port());
    watcher = bench.open(proxy.port());
    put(beside, instance(service, "a", 0));
    put(beside, instance(service, "b", 0));
  }

  @AfterEach
  void close() {
    bench.close();
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("10, 11: replies that are none remove nobody; after them the watch goes on")
  void strangeReplies_removeNobody(Reply reply) {
    List<RecordingSink> sinks = both();
    proxy.replaceReplies(reply.bytes());
    proxy.resetAll();
    sinks.forEach(sink -> eventually(() -> assertThat(sink.interruptions()).isNotEmpty()));
    Bench.pass(Duration.ofMillis(300));
    long tries = proxy.counts().attempted();
    Bench.pass(Duration.ofSeconds(1));
    assertThat(proxy.counts().attempted() - tries).as("attempts a second").isLessThan(12);
    put(beside, instance(service, "c", 0));
    proxy.heal();

    for (RecordingSink sink : sinks) {
      inTime(Duration.ofSeconds(6), () -> assertThat(mine(sink)).containsExactly("a", "b", "c"));
      assertThat(sink.states())
          .filteredOn(state -> !state.isEmpty())
          .allSatisfy(state -> assertThat(Bench.ids(of(state))).contains("a", "b"));
      assertThat(sink.interruptions())
          .extracting(failure -> failure.kind())
          .containsOnly(Kind.UNAVAILABLE);
    }
  }

  @Test
  @DisplayName("6, 10: replies that end in the middle remove nobody")
  void truncatedReplies_removeNobody() {
    List<RecordingSink> sinks = both();
    for (int bytes : List.of(0, 10, 200, 700)) {
      proxy.truncateAfter(bytes);
      put(beside, instance(service, "c", bytes));
      Bench.pass(Duration.ofMillis(200));
      proxy.heal();
      for (RecordingSink sink : sinks) {
        inTime(
            Duration.ofSeconds(6),
            () -> assertThat(of(sink.state())).contains(instance(service, "c", bytes)));
      }
    }
    sinks.forEach(
        sink ->
            assertThat(sink.states())
                .allSatisfy(s -> assertThat(Bench.ids(of(s))).contains("a", "b")));
  }

  @Test
  @DisplayName("6: resets at any time lose nothing")
  void resets_loseNothing() {
    List<RecordingSink> sinks = both();
    for (int n = 1; n <= 20; n++) {
      proxy.resetAll();
      put(beside, instance(service, "c", n));
    }
    for (RecordingSink sink : sinks) {
      inTime(
          Duration.ofSeconds(6),
          () -> assertThat(of(sink.state())).contains(instance(service, "c", 20)));
      assertThat(sink.states())
          .allSatisfy(state -> assertThat(Bench.ids(of(state))).contains("a", "b"));
    }
  }

  @Test
  @DisplayName("8: half a second of delay, more or less, is no outage")
  void delay_doesNotFlap() {
    List<RecordingSink> sinks = both();
    Owner owner = Bench.owner();
    proxy.delay(Duration.ofMillis(250), Duration.ofMillis(150));
    for (int n = 1; n <= 2; n++) {
      int number = n;
      // With a check: the catalog cannot tell what has changed of an instance without one.
      put(
          beside,
          instance(service, "c", n),
          Liveness.heartbeat(Duration.ofHours(1)),
          owner,
          end -> {});
      sinks.forEach(
          sink ->
              eventually(
                  () -> assertThat(of(sink.state())).contains(instance(service, "c", number))));
    }
    sinks.forEach(sink -> assertThat(sink.interruptions()).isEmpty());
  }

  @Test
  @DisplayName("9: one byte at a time, the watch goes on or keeps what it has")
  void slices_keepOrGoOn() {
    List<RecordingSink> sinks = both();
    proxy.slice(1, Duration.ofMillis(1));
    // With a check, as in delay_doesNotFlap: what cannot be attributed waits for a slow line's
    // sweep.
    put(
        beside,
        instance(service, "c", 1),
        Liveness.heartbeat(Duration.ofHours(1)),
        Bench.owner(),
        end -> {});
    Bench.pass(Duration.ofSeconds(5));
    proxy.heal();
    for (RecordingSink sink : sinks) {
      inTime(
          Duration.ofSeconds(6),
          () -> assertThat(of(sink.state())).contains(instance(service, "c", 1)));
      assertThat(sink.states())
          .allSatisfy(state -> assertThat(Bench.ids(of(state))).contains("a", "b"));
    }
  }

  @Test
  @DisplayName("3: a suspended agent is noticed by the stated time, and the watch resumes")
  void suspendedAgent_isNoticed() {
    ConsulServer alone = bench.closing(ConsulServer.launch());
    beside = bench.open(alone.port());
    watcher = beside;
    put(beside, instance(service, "a", 0));
    put(beside, instance(service, "b", 0));
    List<RecordingSink> sinks = both();
    alone.pause();
    try {
      // wait 1 s: 17/16 s and 2 s, from the last answer, which may be 17/16 s away.
      sinks.forEach(
          sink ->
              inTime(
                  Duration.ofMillis(4_500), () -> assertThat(sink.interruptions()).isNotEmpty()));
      assertThat(sinks).noneMatch(RecordingSink::isLive);
    } finally {
      alone.resume();
    }
    sinks.forEach(sink -> inTime(Duration.ofSeconds(6), () -> assertThat(sink.isLive()).isTrue()));
    sinks.forEach(sink -> assertThat(mine(sink)).containsExactly("a", "b"));
  }

  @Test
  @DisplayName("down: all watches together make one attempt a back-off step")
  void downAgent_isAskedByOneWatchAtATime() {
    for (int i = 0; i < 30; i++) {
      bench.watch(watcher, service + "x" + i);
    }
    List<RecordingSink> sinks = both();
    proxy.cut();
    sinks.forEach(sink -> eventually(() -> assertThat(sink.interruptions()).isNotEmpty()));
    Bench.pass(Duration.ofSeconds(2));
    long before = proxy.counts().attempted();
    Bench.pass(Duration.ofSeconds(8));
    long attempts = proxy.counts().attempted() - before;
    proxy.heal();
    sinks.forEach(sink -> inTime(Duration.ofSeconds(6), () -> assertThat(sink.isLive()).isTrue()));
    // Steps of 4 s ± 20 % by then; OkHttp tries a connection that fails at once a second time.
    assertThat(attempts).isLessThanOrEqualTo(8);
  }

  @Test
  @Tag("long")
  @DisplayName("11: 60 s of 500: the last state is kept, at a bounded rate")
  void aMinuteOfErrors_isKeptThrough() {
    List<RecordingSink> sinks = both();
    proxy.replaceReplies(Reply.BROKEN.bytes());
    proxy.resetAll();
    long before = proxy.counts().attempted();
    Bench.pass(Duration.ofSeconds(60));
    long attempts = proxy.counts().attempted() - before;
    System.out.println("attempts in 60 s of errors, two watches: " + attempts);
    assertThat(attempts).isLessThan(60);
    sinks.forEach(sink -> assertThat(mine(sink)).containsExactly("a", "b"));
    proxy.heal();
    sinks.forEach(sink -> inTime(Duration.ofSeconds(6), () -> assertThat(sink.isLive()).isTrue()));
  }

  @Test
  @Tag("long")
  @DisplayName("17: with both cores busy for 30 s, no instance that lives is shown as dead")
  void busyCores_expireNobody() {
    Registry owner = bench.closing(Registry.open("consul://127.0.0.1:" + CONSUL.port()));
    Registration unused =
        owner
            .register(instance(service, "busy", 1), Liveness.heartbeat(Duration.ofSeconds(5)))
            .join();
    RecordingSink sink = bench.watch(watcher, service);
    eventually(() -> assertThat(mine(sink)).contains("busy"));
    AtomicBoolean over = new AtomicBoolean();
    List<Thread> burners = new ArrayList<>();
    for (int i = 0; i < Runtime.getRuntime().availableProcessors(); i++) {
      Thread burner = new Thread(() -> burn(over), "burner-" + i);
      burner.setDaemon(true);
      burner.start();
      burners.add(burner);
    }
    Bench.pass(Duration.ofSeconds(30));
    over.set(true);
    assertThat(burners).hasSizeGreaterThan(0);
    assertThat(sink.states())
        .filteredOn(state -> Bench.ids(of(state)).contains("busy"))
        .allSatisfy(state -> assertThat(of(state)).allMatch(one -> one.health() == Health.PASSING));
    assertThat(mine(sink)).contains("busy");
  }

  private static void burn(AtomicBoolean over) {
    while (!over.get()) {
      Thread.onSpinWait();
    }
  }

  @Test
  @DisplayName("an idle service is asked for at most once a second while others change")
  void idleService_isNotAskedForByOthersChanges() {
    ConsulBackend idle = bench.open("consul://127.0.0.1:" + proxy.port() + "?wait=10s&timeout=3s");
    RecordingSink sink = bench.watch(idle, service + "-not-there");
    eventually(() -> assertThat(sink.isLive()).isTrue());
    int calls = sink.calls();
    long before = proxy.counts().bytesToTarget();
    RawConsul raw = new RawConsul(CONSUL.endpoint());
    long began = System.nanoTime();
    for (int n = 0; n < 400 || System.nanoTime() - began < 4e9; n++) {
      raw.register(
          "{\"Name\":\"" + service + "y\",\"ID\":\"y" + n % 7 + "\",\"Port\":" + (n + 1) + "}");
    }
    double seconds = (System.nanoTime() - began) / 1e9;
    // A query is more than 100 bytes; five may come at once.
    assertThat((proxy.counts().bytesToTarget() - before) / 100.0)
        .as("queries in %s s", seconds)
        .isLessThan(2 * (seconds + 6));
    assertThat(sink.calls()).isEqualTo(calls);
  }

  private List<RecordingSink> both() {
    List<RecordingSink> sinks =
        List.of(bench.watch(watcher, service), bench.watch(watcher, Selector.everything()));
    sinks.forEach(sink -> eventually(() -> assertThat(mine(sink)).containsExactly("a", "b")));
    return sinks;
  }

  private List<ServiceInstance> of(List<ServiceInstance> all) {
    return all.stream().filter(instance -> instance.service().equals(service)).toList();
  }

  private List<String> mine(RecordingSink sink) {
    return Bench.ids(of(sink.state()));
  }
}
