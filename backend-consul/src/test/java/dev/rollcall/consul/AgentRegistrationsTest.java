package dev.rollcall.consul;

import static dev.rollcall.consul.Bench.eventually;
import static dev.rollcall.consul.Bench.get;
import static dev.rollcall.consul.Bench.inTime;
import static dev.rollcall.consul.Bench.instance;
import static dev.rollcall.consul.Bench.put;
import static dev.rollcall.consul.Bench.refused;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.sun.net.httpserver.HttpServer;
import dev.rollcall.Health;
import dev.rollcall.Liveness;
import dev.rollcall.RegistryException.Kind;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.Lease;
import dev.rollcall.spi.LeaseListener.LeaseEnd;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest;
import dev.rollcall.spi.RegisterRequest.Claim;
import dev.rollcall.spi.Selector;
import dev.rollcall.testkit.RecordingSink;
import dev.rollcall.testkit.server.ConsulExtension;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.slf4j.LoggerFactory;

/** What is written, beyond what the contract asks of every store. */
class AgentRegistrationsTest {
  @RegisterExtension static final ConsulExtension CONSUL = ConsulExtension.create();

  private final Bench bench = new Bench();
  private ConsulBackend backend;
  private String service;

  @BeforeEach
  void open() {
    backend = bench.open(CONSUL.port());
    service = "r" + System.nanoTime();
  }

  @AfterEach
  void close() {
    bench.close();
  }

  @Test
  @DisplayName("5: a dead owner's instance is critical by its TTL and the slack, and not before")
  void deadOwner_turnsCriticalInTime() {
    RecordingSink sink = bench.watch(backend, service);
    eventually(() -> assertThat(sink.isLive()).isTrue());
    Lease lease =
        put(
            backend,
            instance(service, "a", 1),
            Liveness.heartbeat(Duration.ofSeconds(2)),
            Bench.owner(),
            end -> {});
    eventually(() -> assertThat(health(sink)).containsExactly(Health.PASSING));
    Bench.always(
        Duration.ofMillis(1_500), () -> assertThat(health(sink)).containsExactly(Health.PASSING));
    inTime(
        Duration.ofMillis(500).plus(backend.capabilities().expirySlack()),
        () -> assertThat(health(sink)).containsExactly(Health.CRITICAL));
    assertThat(refused(lease.renew()).kind()).isEqualTo(Kind.CONFLICT);
    get(backend.deregister(instance(service, "a", 1).key(), Owner.ANY));
  }

  @Test
  @DisplayName("fencing: the heartbeat of one superseded is refused by the store itself")
  void superseded_cannotKeepTheNewcomerAlive() {
    List<LeaseEnd> ends = new CopyOnWriteArrayList<>();
    Liveness beat = Liveness.heartbeat(Duration.ofSeconds(5));
    Lease old = put(backend, instance(service, "a", 1), beat, Bench.owner(), ends::add);
    ConsulBackend other = bench.open(CONSUL.port());
    put(other, instance(service, "a", 2), beat, Bench.owner(), end -> {});

    assertThat(refused(old.renew()).kind()).isEqualTo(Kind.CONFLICT);
    assertThat(ends).containsExactly(LeaseEnd.SUPERSEDED);
    for (Claim claim : List.of(Claim.CONTINUE, Claim.EXCLUSIVE)) {
      RegisterRequest again =
          new RegisterRequest(instance(service, "a", 3), beat, Bench.owner(), claim);
      assertThat(refused(backend.register(again, end -> {})).kind()).isEqualTo(Kind.CONFLICT);
    }
    assertThat(all()).containsExactly(instance(service, "a", 2));
  }

  @Test
  @DisplayName("an owner that says CRITICAL for long is not removed: it lives")
  void statedHealth_isNoDeath() {
    ServiceInstance critical = instance(service, "a", 1).withHealth(Health.CRITICAL);
    Lease lease =
        put(backend, critical, Liveness.heartbeat(Duration.ofSeconds(2)), Bench.owner(), end -> {});
    get(lease.renew());
    assertThat(all()).containsExactly(critical);
    ConsulServiceEntry entry = get(backend.entries(service)).get(0);
    assertThat(entry.checks())
        .filteredOn(check -> check.health() == Health.CRITICAL)
        .hasSize(1)
        .allSatisfy(check -> assertThat(check.name()).contains("stated"));
    assertThat(entry.checks())
        .filteredOn(check -> check.name().equals("Rollcall"))
        .allSatisfy(check -> assertThat(check.health()).isEqualTo(Health.PASSING));
  }

  @Test
  @DisplayName("an HTTP check is run by Consul: passing, warning, critical")
  void httpCheck_isRunByConsul() throws Exception {
    AtomicInteger status = new AtomicInteger(200);
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/health",
        exchange -> {
          exchange.sendResponseHeaders(status.get(), -1);
          exchange.close();
        });
    server.start();
    bench.closing(() -> server.stop(0));
    URI uri = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/health");
    RecordingSink sink = bench.watch(backend, service);
    Lease lease =
        put(
            backend,
            instance(service, "a", 1),
            Liveness.httpCheck(uri, Duration.ofSeconds(1)),
            Bench.owner(),
            end -> {});
    eventually(() -> assertThat(health(sink)).containsExactly(Health.PASSING));
    status.set(429);
    eventually(() -> assertThat(health(sink)).containsExactly(Health.WARNING));
    status.set(500);
    eventually(() -> assertThat(health(sink)).containsExactly(Health.CRITICAL));
    get(lease.renew());
    assertThat(lease.ttl()).isPositive();
  }

  @Test
  @DisplayName("a checked and a permanent instance that the agent has lost are found to be lost")
  void presence_isAskedForWithoutHeartbeats() throws Exception {
    ServerSocket socket = bench.closing(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()));
    for (Liveness liveness :
        List.of(
            Liveness.permanent(),
            Liveness.tcpCheck("127.0.0.1", socket.getLocalPort(), Duration.ofSeconds(1)))) {
      List<LeaseEnd> ends = new CopyOnWriteArrayList<>();
      Lease lease = put(backend, instance(service, "a", 1), liveness, Bench.owner(), ends::add);
      get(lease.renew());
      get(bench.open(CONSUL.port()).deregister(instance(service, "a", 1).key(), Owner.ANY));
      assertThat(refused(lease.renew()).kind()).isEqualTo(Kind.CONFLICT);
      assertThat(ends).containsExactly(LeaseEnd.REMOVED);
    }
  }

  @Test
  @DisplayName(
      "14: what has no heartbeat is looked for by itself: its end is told without a renewal")
  void presence_isLookedFor() {
    for (LeaseEnd how : List.of(LeaseEnd.REMOVED, LeaseEnd.SUPERSEDED)) {
      List<LeaseEnd> ends = new CopyOnWriteArrayList<>();
      put(backend, instance(service, "a", 1), Liveness.permanent(), Bench.owner(), ends::add);
      if (how == LeaseEnd.REMOVED) {
        get(bench.open(CONSUL.port()).deregister(instance(service, "a", 1).key(), Owner.ANY));
      } else {
        put(bench.open(CONSUL.port()), instance(service, "a", 2));
      }
      eventually(() -> assertThat(ends).containsExactly(how));
    }
  }

  @Test
  @DisplayName("deregisterAfter below a minute is raised, and that is said once")
  void rounding_isSaidOnce() {
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    Logger logger = context.getLogger(ConsulBackend.class);
    ListAppender<ILoggingEvent> logged = new ListAppender<>();
    logged.start();
    logger.setLevel(Level.INFO);
    logger.addAppender(logged);
    try {
      Liveness brief = Liveness.heartbeat(Duration.ofSeconds(5)).deregisterAfter(Duration.ZERO);
      for (String id : List.of("a", "b", "c")) {
        put(backend, instance(service, id, 1), brief, Bench.owner(), end -> {});
      }
    } finally {
      logger.detachAppender(logged);
      logger.setLevel(null);
    }
    assertThat(logged.list)
        .filteredOn(event -> event.getFormattedMessage().contains("raised"))
        .hasSize(1);
  }

  private List<ServiceInstance> all() {
    return get(backend.snapshot(Selector.service(service))).instances();
  }

  private static List<Health> health(RecordingSink sink) {
    return sink.state().stream().map(ServiceInstance::health).toList();
  }
}
