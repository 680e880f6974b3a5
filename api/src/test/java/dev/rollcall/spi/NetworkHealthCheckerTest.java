package dev.rollcall.spi;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.rollcall.Health;
import dev.rollcall.HostPort;
import dev.rollcall.Liveness;
import dev.rollcall.RegistryException;
import dev.rollcall.spi.support.NetworkHealthChecker;
import dev.rollcall.spi.support.SystemTimer;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class NetworkHealthCheckerTest {
  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final AtomicInteger NUMBER = new AtomicInteger();

  private final String name = "checker-test-" + NUMBER.incrementAndGet();
  private final Timer timer = SystemTimer.named(name + "-timer");
  private final HealthChecker checker = NetworkHealthChecker.named(timer, name);
  private final BlockingQueue<Health> results = new LinkedBlockingQueue<>();
  private final ExecutorService handlers = Executors.newCachedThreadPool();
  private final List<Closeable> sockets = new ArrayList<>();
  private HttpServer server;

  @BeforeEach
  void serve() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(handlers);
    server.start();
  }

  @AfterEach
  void stop() throws IOException {
    checker.close();
    timer.close();
    server.stop(0);
    handlers.shutdownNow();
    for (Closeable socket : sockets) {
      socket.close();
    }
  }

  private Liveness.HttpCheck http(String path) {
    URI uri = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + path);
    return Liveness.httpCheck(uri, SECOND).deregisterAfter(SECOND);
  }

  /** A check that no load of the machine makes late. */
  private Liveness.HttpCheck unhurried() {
    Duration minute = Duration.ofMinutes(1);
    return Liveness.httpCheck(http("/").uri(), minute).timeout(minute);
  }

  private ServerSocket listen(int backlog) throws IOException {
    ServerSocket socket = new ServerSocket(0, backlog, InetAddress.getLoopbackAddress());
    sockets.add(socket);
    return socket;
  }

  private static Liveness.TcpCheck tcp(int port) {
    return new Liveness.TcpCheck(new HostPort("127.0.0.1", port), SECOND, SECOND, SECOND);
  }

  private Health next() throws InterruptedException {
    return results.poll(5, TimeUnit.SECONDS);
  }

  private static void answer(HttpExchange exchange, int status) throws IOException {
    exchange.getResponseHeaders().add("Location", "/200");
    exchange.sendResponseHeaders(status, -1);
    exchange.close();
  }

  @ParameterizedTest
  @CsvSource({
    "200, PASSING",
    "204, PASSING",
    "429, WARNING",
    "302, CRITICAL",
    "404, CRITICAL",
    "500, CRITICAL"
  })
  void http_status_decides(int status, Health expected) throws InterruptedException {
    server.createContext("/", exchange -> answer(exchange, status));
    checker.start(http("/"), results::add);
    assertThat(next()).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(strings = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
  void http_method_headersAndBody_areSent(String method) throws InterruptedException {
    List<String> heard = new CopyOnWriteArrayList<>();
    server.createContext(
        "/",
        exchange -> {
          String body =
              new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
          heard.add(exchange.getRequestMethod());
          heard.add(body);
          heard.addAll(exchange.getRequestHeaders().get("X-Token"));
          heard.addAll(exchange.getRequestHeaders().get("User-Agent"));
          answer(exchange, 200);
        });
    checker.start(
        unhurried().method(method).body("pïng").header("X-Token", "b").header("x-token", "a, c"),
        results::add);
    assertThat(results.poll(1, TimeUnit.MINUTES)).isEqualTo(Health.PASSING);
    assertThat(heard.subList(0, 5)).containsExactly(method, "pïng", "b", "a, c", "rollcall-check");
  }

  @Test
  void http_withoutSettings_isAGetWithoutABody_andTheUserAgentMayBeAnother()
      throws InterruptedException {
    List<String> heard = new CopyOnWriteArrayList<>();
    server.createContext(
        "/",
        exchange -> {
          heard.add(exchange.getRequestMethod());
          heard.add("body of " + exchange.getRequestBody().readAllBytes().length);
          heard.add("" + exchange.getRequestHeaders().get("User-Agent"));
          answer(exchange, 200);
        });
    checker.start(unhurried(), results::add);
    assertThat(results.poll(1, TimeUnit.MINUTES)).isEqualTo(Health.PASSING);
    checker.start(unhurried().header("user-agent", "mine"), results::add);
    await().atMost(Duration.ofMinutes(1)).until(() -> heard.contains("[mine]"));
    assertThat(heard).contains("GET", "body of 0", "[rollcall-check]", "[mine]");
    assertThat(heard).doesNotContain("[rollcall-check, mine]");
  }

  @Test
  void grpc_withoutAClientOnTheClassPath_isRefused() {
    Liveness.GrpcCheck grpc = Liveness.grpcCheck(new HostPort("127.0.0.1", 1), SECOND);
    String expected =
        "liveness: a gRPC check needs a gRPC client; expected: rollcall-backend-etcd on the class"
            + " path, which has one, or a store that runs checks itself";
    assertThatThrownBy(() -> checker.admit(grpc))
        .isInstanceOfSatisfying(
            RegistryException.class,
            refused -> assertThat(refused.kind()).isEqualTo(RegistryException.Kind.INVALID))
        .hasMessage(expected);
    assertThatThrownBy(() -> checker.start(grpc, results::add)).hasMessage(expected);
  }

  @Test
  void http_redirect_isNotFollowed() throws InterruptedException {
    AtomicBoolean followed = new AtomicBoolean();
    server.createContext("/", exchange -> answer(exchange, 302));
    server.createContext(
        "/200",
        exchange -> {
          followed.set(true);
          answer(exchange, 200);
        });
    checker.start(http("/"), results::add);
    assertThat(next()).isEqualTo(Health.CRITICAL);
    assertThat(followed).isFalse();
  }

  @Test
  void http_nobodyThere_isCritical() throws InterruptedException {
    server.stop(0);
    checker.start(http("/"), results::add);
    assertThat(next()).isEqualTo(Health.CRITICAL);
  }

  @Test
  void http_unknownHost_isCritical() throws InterruptedException {
    URI uri = URI.create("http://nobody.invalid/");
    checker.start(Liveness.httpCheck(uri, SECOND), results::add);
    assertThat(next()).isEqualTo(Health.CRITICAL);
  }

  @Test
  void http_localName_isResolved() throws InterruptedException {
    server.createContext("/", exchange -> answer(exchange, 200));
    URI uri = URI.create("http://localhost:" + server.getAddress().getPort() + "/");
    checker.start(Liveness.httpCheck(uri, SECOND), results::add);
    assertThat(next()).isEqualTo(Health.PASSING);
  }

  @Test
  void http_endlessBody_isReadForItsBeginningOnly() throws InterruptedException {
    CountDownLatch cut = new CountDownLatch(1);
    server.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(200, 0);
          try (OutputStream body = exchange.getResponseBody()) {
            while (true) {
              body.write(new byte[1024]);
            }
          } catch (IOException closed) {
            cut.countDown();
          }
        });
    checker.start(http("/"), results::add);
    assertThat(next()).isEqualTo(Health.PASSING);
    assertThat(cut.await(10, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void http_drippingBody_isCriticalAfterTheTimeout() throws InterruptedException {
    CountDownLatch end = new CountDownLatch(1);
    server.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(200, 0);
          OutputStream body = exchange.getResponseBody();
          body.write("drop".getBytes(StandardCharsets.UTF_8));
          body.flush();
          awaitLatch(end);
        });
    long began = System.nanoTime();
    checker.start(http("/").timeout(Duration.ofMillis(300)), results::add);
    assertThat(next()).isEqualTo(Health.CRITICAL);
    // The body has not ended, so it was the timeout.
    assertThat(Duration.ofNanos(System.nanoTime() - began))
        .isGreaterThanOrEqualTo(Duration.ofMillis(300));
    end.countDown();
  }

  @Test
  void check_goesOnOnceAnInterval() throws InterruptedException {
    AtomicInteger status = new AtomicInteger(200);
    server.createContext("/", exchange -> answer(exchange, status.get()));
    // A machine that is busy with something else must not make a check late, nor must the first
    // check of a process, which loads the HTTP client's classes.
    HealthChecker.Running first = checker.start(http("/").timeout(SECOND), results::add);
    next();
    first.stop();
    Duration interval = Duration.ofSeconds(3);
    Liveness.HttpCheck unhurried =
        Liveness.httpCheck(http("/").uri(), interval).deregisterAfter(SECOND);
    long began = System.nanoTime();
    HealthChecker.Running running = checker.start(unhurried, results::add);
    assertThat(next()).isEqualTo(Health.PASSING);
    status.set(500);
    assertThat(next()).isEqualTo(Health.CRITICAL);
    assertThat(Duration.ofNanos(System.nanoTime() - began)).isGreaterThan(Duration.ofMillis(1700));
    running.stop();
    running.stop();
    assertThat(results.poll(3500, MILLISECONDS)).isNull();
  }

  @Test
  void receiver_thatThrows_isGivenTheNextResult() throws InterruptedException {
    server.createContext("/", exchange -> answer(exchange, 200));
    checker.start(
        http("/"),
        health -> {
          results.add(health);
          throw new IllegalStateException("thrown by a test, on purpose");
        });
    assertThat(next()).isEqualTo(Health.PASSING);
    assertThat(next()).isEqualTo(Health.PASSING);
  }

  @Test
  void tcp_listener_isPassing_andNone_isCritical() throws IOException, InterruptedException {
    ServerSocket socket = listen(10);
    checker.start(tcp(socket.getLocalPort()), results::add);
    assertThat(next()).isEqualTo(Health.PASSING);
    socket.close();
    assertThat(next()).isEqualTo(Health.CRITICAL);
  }

  @Test
  void accepts_tellsWhetherSomebodyListens() throws IOException {
    ServerSocket socket = listen(10);
    HostPort address = new HostPort("127.0.0.1", socket.getLocalPort());
    assertThat(checker.accepts(address, SECOND).toCompletableFuture().join()).isTrue();
    assertThat(
            checker
                .accepts(new HostPort("localhost", socket.getLocalPort()), SECOND)
                .toCompletableFuture()
                .join())
        .isTrue();
    socket.close();
    assertThat(checker.accepts(address, SECOND).toCompletableFuture().join()).isFalse();
    assertThat(
            checker
                .accepts(new HostPort("nobody.invalid", 80), SECOND)
                .toCompletableFuture()
                .join())
        .isFalse();
  }

  @Test
  void manyTargets_thatNeverAnswer_delayTheOthersByTheirTimeoutAtMost() throws IOException {
    int full = fullPort();
    HostPort silent = new HostPort("127.0.0.1", full);
    List<CompletionStage<Boolean>> stuck = new ArrayList<>();
    for (int i = 0; i < 600; i++) {
      stuck.add(checker.accepts(silent, Duration.ofMillis(700)));
    }
    HostPort good = new HostPort("127.0.0.1", listen(10).getLocalPort());
    assertThat(checker.accepts(good, Duration.ofSeconds(5)).toCompletableFuture().join()).isTrue();
    assertThat(stuck).allSatisfy(s -> assertThat(s.toCompletableFuture().join()).isFalse());
  }

  @Test
  void close_answersEverybodyAndEndsItsThreads() throws Exception {
    HostPort silent = new HostPort("127.0.0.1", fullPort());
    server.createContext("/", exchange -> answer(exchange, 200));
    checker.start(http("/"), results::add);
    assertThat(next()).isEqualTo(Health.PASSING);
    CompletionStage<Boolean> pending = checker.accepts(silent, Duration.ofMinutes(1));
    checker.close();
    checker.close();
    // Their own deadline, a minute, is not what answers them.
    assertThat(pending.toCompletableFuture().get(30, TimeUnit.SECONDS)).isFalse();
    CompletionStage<Boolean> late = checker.accepts(silent, Duration.ofMinutes(1));
    assertThat(late.toCompletableFuture().get(30, TimeUnit.SECONDS)).isFalse();
    checker.start(http("/"), results::add).stop();
    timer.close();
    await().until(() -> threads().isEmpty());
    assertThat(results).isEmpty();
  }

  @Test
  void open_startsNoThread() {
    assertThat(threads()).isEmpty();
  }

  private List<String> threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .filter(thread -> thread.startsWith(name + "-"))
        .toList();
  }

  /** Returns a port whose queue of connections is full: the next one is not answered. */
  private int fullPort() throws IOException {
    ServerSocket socket = listen(1);
    for (int i = 0; i < 8; i++) {
      Socket filler = new Socket();
      sockets.add(filler);
      try {
        filler.connect(socket.getLocalSocketAddress(), 50);
      } catch (IOException full) {
        break;
      }
    }
    return socket.getLocalPort();
  }

  private static void awaitLatch(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
    }
  }
}
