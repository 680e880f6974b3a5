package dev.rollcall.server.dependencies;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.common.net.InetAddresses;
import com.linecorp.armeria.client.BlockingWebClient;
import com.linecorp.armeria.client.WebClient;
import com.linecorp.armeria.common.AggregatedHttpResponse;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.server.Server;
import dev.rollcall.Health;
import dev.rollcall.Liveness;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import dev.rollcall.server.ClientMemory;
import dev.rollcall.server.MemoryBudget;
import dev.rollcall.server.access.AccessControl;
import dev.rollcall.server.access.Limits;
import dev.rollcall.server.access.Tokens;
import dev.rollcall.server.outbound.OutboundCalls;
import dev.rollcall.server.outbound.OutboundPolicy;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.support.SystemTimer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Execution(ExecutionMode.CONCURRENT)
@Timeout(180)
class DependencyServiceTest {
  private static final Duration LONG = Duration.ofMinutes(1);
  private static final Limits LIMITS = new Limits(10_000, 10, 7);

  private final Timer timer = SystemTimer.named("dependencies-test");
  private final ConcurrentMap<String, InetAddress> names = new ConcurrentHashMap<>();
  private final OutboundCalls calls =
      OutboundCalls.open(OutboundPolicy.standard(), timer, this::resolve);
  private final Registry registry = Registry.builder("memory:").timer(timer).build();
  private final DependencyRegistry centre =
      new DependencyRegistry(
          registry,
          calls,
          timer,
          new ClientMemory(
              new MemoryBudget("kept", 64 << 20), new MemoryBudget("under way", 64 << 20)),
          new DependencyRegistry.Rhythm(
              Duration.ofMillis(300),
              Duration.ofMillis(100),
              Duration.ofSeconds(1),
              Duration.ofSeconds(2),
              Duration.ofMillis(50)));
  private final List<DependentProgram> programs = new ArrayList<>();
  private Server server;
  private BlockingWebClient client;

  @BeforeEach
  void start() {
    server =
        Server.builder()
            .http(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .gracefulShutdownTimeoutMillis(0, 0)
            .decorator(AccessControl.withoutTokens(LIMITS))
            .service("/services", new DependencyService(centre, LIMITS))
            .build();
    server.start().join();
    client = WebClient.of("http://127.0.0.1:" + server.activeLocalPort()).blocking();
  }

  @AfterEach
  void stop() {
    // Not awaited: the threads take two seconds to end.
    server.stop();
    centre.close();
    registry.close();
    calls.close();
    programs.forEach(DependentProgram::close);
    timer.close();
  }

  @Test
  void exchange_registerPatchLoseRemoveRecoverAddBack() {
    DependentProgram portal = program();
    DependentProgram log = program();

    assertThat(post(portal.registration("Portal", "LogService")).status()).isEqualTo(HttpStatus.OK);
    assertThat(portal.patches).isEmpty();

    assertThat(post(log.registration("LogService")).status()).isEqualTo(HttpStatus.OK);
    awaitPatches(portal, DependentProgram.added("LogService", log.url()));
    assertThat(log.patches).isEmpty();

    // Heartbeats fail: removed at once, and asked again.
    log.heartbeat = HttpStatus.INTERNAL_SERVER_ERROR;
    awaitPatches(
        portal,
        DependentProgram.added("LogService", log.url()),
        DependentProgram.removed("LogService", log.url()));
    assertThat(registry.service("LogService").await(LONG).all())
        .singleElement()
        .extracting(ServiceInstance::health)
        .isEqualTo(Health.CRITICAL);
    int asked = log.heartbeats.get();
    await().atMost(LONG).until(() -> log.heartbeats.get() > asked);

    log.heartbeat = HttpStatus.OK;
    awaitPatches(
        portal,
        DependentProgram.added("LogService", log.url()),
        DependentProgram.removed("LogService", log.url()),
        DependentProgram.added("LogService", log.url()));

    assertThat(delete(log.url()).status()).isEqualTo(HttpStatus.OK);
    awaitPatches(
        portal,
        DependentProgram.added("LogService", log.url()),
        DependentProgram.removed("LogService", log.url()),
        DependentProgram.added("LogService", log.url()),
        DependentProgram.removed("LogService", log.url()));
    assertThat(delete(log.url()).status()).isEqualTo(HttpStatus.NOT_FOUND);
    assertThat(registry.snapshot("LogService").join().all()).isEmpty();
  }

  @Test
  void register_whatIsRequiredIsThere_isToldAtOnce() {
    DependentProgram portal = program();
    DependentProgram log = program();
    post(log.registration("LogService"));

    post(portal.registration("Portal", "LogService", "GradingService"));

    awaitPatches(portal, DependentProgram.added("LogService", log.url()));
  }

  @Test
  void register_isAnOrdinaryInstance_andOrdinaryInstancesAreProviders() {
    DependentProgram portal = program();
    post(portal.registration("Portal", "orders"));

    registry
        .register(
            ServiceInstance.builder("orders").id("o1").address("10.0.0.7", 8080).build(),
            Liveness.permanent())
        .join();
    registry
        .register(
            ServiceInstance.builder("orders")
                .id("o2")
                .address("10.0.0.8", 90)
                .scheme("grpc")
                .build(),
            Liveness.permanent())
        .join();
    awaitPatches(portal, DependentProgram.added("orders", "http://10.0.0.7:8080"));

    ServiceInstance seen = registry.snapshot("Portal").join().instances().get(0);
    assertThat(seen.metadata()).containsEntry("url", portal.url());
    assertThat(seen.host()).isEqualTo("127.0.0.1");
  }

  @Test
  void register_again_replaces_andTellsAllAnew() {
    DependentProgram portal = program();
    DependentProgram log = program();
    post(log.registration("LogService"));
    post(portal.registration("Portal", "LogService"));
    awaitPatches(portal, DependentProgram.added("LogService", log.url()));

    post(portal.registration("Portal", "LogService"));

    awaitPatches(
        portal,
        DependentProgram.added("LogService", log.url()),
        DependentProgram.added("LogService", log.url()));
    assertThat(centre.size().join()).isEqualTo(2);
    assertThat(registry.snapshot("Portal").join().instances()).hasSize(1);
  }

  @Test
  void register_againUnderAnotherName_theOldOneIsGone() {
    DependentProgram log = program();
    post(log.registration("Old"));
    post(log.registration("New"));

    await().atMost(LONG).until(() -> registry.snapshot("Old").join().all().isEmpty());
    assertThat(registry.snapshot("New").join().instances()).hasSize(1);
  }

  @Test
  void push_failing_isTriedAgain_andDelaysNobodyElse() {
    DependentProgram broken = program();
    DependentProgram good = program();
    DependentProgram log = program();
    broken.update = HttpStatus.INTERNAL_SERVER_ERROR;
    post(broken.registration("Broken", "LogService"));
    post(good.registration("Good", "LogService"));

    post(log.registration("LogService"));
    awaitPatches(good, DependentProgram.added("LogService", log.url()));
    assertThat(broken.patches).isEmpty();

    broken.update = HttpStatus.OK;
    await()
        .atMost(LONG)
        .untilAsserted(
            () ->
                assertThat(broken.patches)
                    .last()
                    .isEqualTo(DependentProgram.added("LogService", log.url())));
  }

  @Test
  void heartbeat_silentServices_delayNobodyElse() {
    for (int i = 0; i < 5; i++) {
      DependentProgram each = program();
      each.silent = true;
      post(each.registration("Silent" + i));
    }
    DependentProgram good = program();
    post(good.registration("Good"));

    await().atMost(LONG).until(() -> good.heartbeats.get() >= 2);
    for (int i = 0; i < 5; i++) {
      String name = "Silent" + i;
      await().atMost(LONG).until(() -> registry.snapshot(name).join().instances().isEmpty());
    }
    assertThat(registry.snapshot("Good").join().instances()).hasSize(1);
  }

  @Test
  void heartbeat_absentForLong_leavesTheRegistry_andIsThereAgainWhenItAnswers() {
    DependentProgram portal = program();
    DependentProgram log = program();
    post(portal.registration("Portal", "LogService"));
    post(log.registration("LogService"));
    log.heartbeat = HttpStatus.SERVICE_UNAVAILABLE;

    await().atMost(LONG).until(() -> registry.snapshot("LogService").join().all().isEmpty());
    log.heartbeat = HttpStatus.OK;

    await()
        .atMost(LONG)
        .until(() -> registry.snapshot("LogService").join().instances().size() == 1);
    awaitPatches(
        portal,
        DependentProgram.added("LogService", log.url()),
        DependentProgram.removed("LogService", log.url()),
        DependentProgram.added("LogService", log.url()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"GET", "PUT", "PATCH", "HEAD", "OPTIONS"})
  void otherMethods_notAllowed(String method) {
    AggregatedHttpResponse response =
        client.execute(RequestHeaders.of(HttpMethod.valueOf(method), "/services"));

    assertThat(response.status()).isEqualTo(HttpStatus.METHOD_NOT_ALLOWED);
    assertThat(response.headers().get("allow")).isEqualTo("POST, DELETE");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://169.254.169.254/latest/meta-data",
        "http://[fe80::1]:4000/",
        "http://[::ffff:169.254.169.254]:4000/",
        "http://2852039166/",
        "http://0xa9fea9fe/",
        "http://10.0.0.1:4000/",
        "http://forbidden.test:4000/",
        "http://unknown.test:4000/",
        "http://127.0.0.1:22/",
        "http://127.0.0.1:6379/",
        "file:///etc/passwd",
        "http://user@127.0.0.1:4000/"
      })
  void register_urlThatTheCentreMayNotCall_refused(String url) {
    names.put("forbidden.test", InetAddresses.forString("169.254.169.254"));
    DependentProgram program = program();

    AggregatedHttpResponse heartbeat =
        post(program.registration("X").replace(program.url() + "/heartbeat", url));
    AggregatedHttpResponse update =
        post(program.registration("X", "Y").replace(program.url() + "/services", url));

    assertThat(heartbeat.status()).isEqualTo(HttpStatus.UNPROCESSABLE_ENTITY);
    assertThat(heartbeat.contentUtf8()).startsWith("HeartbeatURL: ");
    assertThat(update.status()).isEqualTo(HttpStatus.UNPROCESSABLE_ENTITY);
    assertThat(update.contentUtf8()).startsWith("ServiceUpdateURL: ");
    assertThat(centre.size().join()).isZero();
  }

  @Test
  void heartbeat_nameThatResolvesElsewhereLater_isNotCalledThere() {
    DependentProgram log = program();
    names.put("log.test", InetAddresses.forString("127.0.0.1"));
    String registration =
        log.registration("LogService")
            .replace(
                log.url() + "/heartbeat",
                log.url().replace("127.0.0.1", "log.test") + "/heartbeat");
    assertThat(post(registration).status()).isEqualTo(HttpStatus.OK);
    await().atMost(LONG).until(() -> log.heartbeats.get() > 0);

    names.put("log.test", InetAddresses.forString("169.254.169.254"));

    await().atMost(LONG).until(() -> registry.snapshot("LogService").join().instances().isEmpty());
  }

  @Test
  void heartbeat_redirect_isAFailure() {
    DependentProgram log = program();
    post(log.registration("LogService"));
    log.heartbeat = HttpStatus.FOUND;

    await().atMost(LONG).until(() -> registry.snapshot("LogService").join().instances().isEmpty());
  }

  @Test
  void register_moreThanAClientMay_refused_untilOneLeaves() {
    DependentProgram program = program();
    for (int i = 0; i < LIMITS.registrations(); i++) {
      assertThat(post(registrationAt(program, "/" + i)).status()).isEqualTo(HttpStatus.OK);
    }

    assertThat(post(registrationAt(program, "/more")).status())
        .isEqualTo(HttpStatus.TOO_MANY_REQUESTS);
    assertThat(post(registrationAt(program, "/1")).status()).isEqualTo(HttpStatus.OK);
    assertThat(delete(program.url() + "/1").status()).isEqualTo(HttpStatus.OK);
    assertThat(post(registrationAt(program, "/more")).status()).isEqualTo(HttpStatus.OK);
  }

  @Test
  void register_anothersService_refused(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("tokens");
    Files.writeString(
        file,
        """
        shop token:the-token-of-the-shop-01 register:shop-
        bank token:the-token-of-the-bank-01 register:bank-
        """);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    Server guarded =
        Server.builder()
            .http(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .gracefulShutdownTimeoutMillis(0, 0)
            .decorator(AccessControl.of(Tokens.read(file), LIMITS))
            .service("/services", new DependencyService(centre, LIMITS))
            .build();
    guarded.start().join();
    client = WebClient.of("http://127.0.0.1:" + guarded.activeLocalPort()).blocking();
    DependentProgram program = program();
    String shop = "the-token-of-the-shop-01";
    String bank = "the-token-of-the-bank-01";
    try {
      assertThat(post(program.registration("shop-web")).status())
          .isEqualTo(HttpStatus.UNAUTHORIZED);
      assertThat(send(HttpMethod.POST, bank, program.registration("shop-web")))
          .isEqualTo(HttpStatus.FORBIDDEN);
      assertThat(send(HttpMethod.POST, shop, program.registration("shop-web")))
          .isEqualTo(HttpStatus.OK);
      // The same URL under a name of his own would throw the other's service out.
      assertThat(send(HttpMethod.POST, bank, program.registration("bank-web")))
          .isEqualTo(HttpStatus.FORBIDDEN);
      assertThat(send(HttpMethod.DELETE, bank, program.url())).isEqualTo(HttpStatus.FORBIDDEN);
      assertThat(send(HttpMethod.DELETE, shop, program.url())).isEqualTo(HttpStatus.OK);
    } finally {
      guarded.stop();
    }
  }

  private HttpStatus send(HttpMethod method, String token, String body) {
    return client
        .execute(
            RequestHeaders.of(method, "/services", "x-consul-token", token),
            body.getBytes(StandardCharsets.UTF_8))
        .status();
  }

  private static String registrationAt(DependentProgram program, String path) {
    return program
        .registration("X")
        .replace("\"ServiceURL\":\"" + program.url(), "\"ServiceURL\":\"" + program.url() + path);
  }

  @Test
  void register_malformed_refused() {
    assertThat(post("{").status()).isEqualTo(HttpStatus.BAD_REQUEST);
    assertThat(post("{'a':1}").status()).isEqualTo(HttpStatus.BAD_REQUEST);
    byte[] invalid = {(byte) 0xff, (byte) 0xfe};
    assertThat(client.post("/services", invalid).status()).isEqualTo(HttpStatus.BAD_REQUEST);
    assertThat(client.execute(RequestHeaders.of(HttpMethod.DELETE, "/services"), invalid).status())
        .isEqualTo(HttpStatus.BAD_REQUEST);
  }

  @Test
  void register_hugeBody_refused() {
    assertThat(client.post("/services", new byte[1 << 20]).status())
        .isEqualTo(HttpStatus.REQUEST_ENTITY_TOO_LARGE);
  }

  @Test
  void register_storeGone_unavailable() {
    registry.close();

    assertThat(post(program().registration("X")).status().code()).isGreaterThanOrEqualTo(500);
    assertThat(centre.size().join()).isZero();
  }

  private DependentProgram program() {
    DependentProgram program = new DependentProgram();
    programs.add(program);
    return program;
  }

  private AggregatedHttpResponse post(String json) {
    return client.execute(
        RequestHeaders.of(HttpMethod.POST, "/services", "content-type", MediaType.JSON),
        json.getBytes(StandardCharsets.UTF_8));
  }

  private AggregatedHttpResponse delete(String url) {
    return client.execute(
        RequestHeaders.of(HttpMethod.DELETE, "/services"), url.getBytes(StandardCharsets.UTF_8));
  }

  private static void awaitPatches(DependentProgram program, String... patches) {
    await().atMost(LONG).untilAsserted(() -> assertThat(program.patches).containsExactly(patches));
  }

  private CompletionStage<List<InetAddress>> resolve(String host) {
    InetAddress address = names.get(host);
    return CompletableFuture.completedFuture(address == null ? List.of() : List.of(address));
  }
}
