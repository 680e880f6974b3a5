package dev.rollcall.server.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.AppenderBase;
import com.google.common.net.InetAddresses;
import com.linecorp.armeria.client.WebClient;
import com.linecorp.armeria.common.AggregatedHttpResponse;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.Server;
import com.linecorp.armeria.server.ServerBuilder;
import dev.rollcall.RegistryException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

// One test listens to all that is logged.
@Isolated
@Timeout(120)
class AccessControlTest {
  private static final String OPS = "canary-ops-0123456789";
  private static final String SHOP = "canary-shop-0123456789";
  private static final String LOOK = "canary-look-0123456789";
  private static final Tokens TOKENS =
      Tokens.parse(
          "tokens",
          String.join(
              "\n",
              "ops token:" + OPS + " admin",
              "shop token:" + SHOP + " register:shop-",
              "look token:" + LOOK + " read"),
          false);

  private final HttpService echo =
      (ctx, req) -> HttpResponse.of("hello %s", Principal.of(ctx).name());
  private Server server;
  private int port;

  @AfterEach
  void stop() {
    if (server != null) {
      server.stop();
    }
  }

  @Test
  void serve_withTokens_deniesByDefault() {
    start(AccessControl.of(TOKENS, Limits.standard()));

    assertThat(get("/", "").status()).isEqualTo(HttpStatus.OK);
    assertThat(get("/v1/catalog/services", "").status()).isEqualTo(HttpStatus.UNAUTHORIZED);
    assertThat(get("/v1/catalog/services", "").headers().get("www-authenticate"))
        .startsWith("Bearer");
    assertThat(get("/v1/catalog/services", "unknown-0123456789-x").status())
        .isEqualTo(HttpStatus.UNAUTHORIZED);
    assertThat(get("/v1/catalog/services", SHOP).status()).isEqualTo(HttpStatus.FORBIDDEN);
    assertThat(get("/v1/catalog/services", LOOK).contentUtf8()).isEqualTo("hello look");
    assertThat(get("/v1/unheard/of", LOOK).status()).isEqualTo(HttpStatus.FORBIDDEN);
    assertThat(get("/v1/unheard/of", OPS).contentUtf8()).isEqualTo("hello ops");
    assertThat(
            send(RequestHeaders.of(HttpMethod.POST, "/services", "authorization", "bearer " + SHOP))
                .contentUtf8())
        .isEqualTo("hello shop");
    assertThat(
            send(RequestHeaders.of(HttpMethod.POST, "/services", "x-consul-token", LOOK)).status())
        .isEqualTo(HttpStatus.FORBIDDEN);
  }

  @Test
  void serve_whatAClientSaysOfHimselfElsewhere_countsForNothing() {
    start(AccessControl.of(TOKENS, Limits.standard()));

    assertThat(get("/v1/catalog/services?token=" + OPS, "").status())
        .isEqualTo(HttpStatus.UNAUTHORIZED);
    assertThat(
            send(RequestHeaders.of(
                    HttpMethod.GET,
                    "/v1/catalog/services",
                    "x-forwarded-for",
                    "127.0.0.1",
                    "user-agent",
                    "Consul Health Check",
                    "cookie",
                    "token=" + OPS,
                    "authorization",
                    "Basic " + OPS))
                .status())
        .isEqualTo(HttpStatus.UNAUTHORIZED);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v1/catalog/%2e%2e/x",
        "/v1%2Fcatalog",
        "/v1/catalog;x/services",
        "/v1/catalog/%00",
        "/v1/../v1",
        "/..",
        "/v1/\\x"
      })
  void serve_pathOfTwoMeanings_refused(String path) throws IOException {
    start(AccessControl.of(TOKENS, Limits.standard()));

    // By hand: the client would refuse such a path, or tidy it up.
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket
          .getOutputStream()
          .write(
              ("GET "
                      + path
                      + " HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Consul-Token: "
                      + OPS
                      + "\r\n\r\n")
                  .getBytes(StandardCharsets.US_ASCII));
      assertThat(new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII))
          .isEqualTo("HTTP/1.1 400");
    }
  }

  @Test
  void serve_pageOfAnotherSite_refused() {
    start(AccessControl.withoutTokens(Limits.standard()));

    assertThat(
            send(RequestHeaders.of(
                    HttpMethod.POST, "/services", "origin", "https://elsewhere.example"))
                .status())
        .isEqualTo(HttpStatus.FORBIDDEN);
    assertThat(
            send(RequestHeaders.of(
                    HttpMethod.POST, "/services", "origin", "http://127.0.0.1:" + port))
                .status())
        .isEqualTo(HttpStatus.OK);
    assertThat(
            send(RequestHeaders.of(
                    HttpMethod.GET, "/v1/catalog/services", "host", "rebound.example:" + port))
                .status())
        .isEqualTo(HttpStatus.FORBIDDEN);
  }

  @Test
  void serve_pageOfAnotherSite_getsNothing_alsoWhereEverybodyMayRead() {
    Tokens open = Tokens.parse("tokens", "look token:" + LOOK + " read\nanonymous - read", false);
    start(AccessControl.of(open, Limits.standard()).named(List.of("Registry.example")));

    assertThat(asked("127.0.0.1:" + port).status()).isEqualTo(HttpStatus.OK);
    assertThat(asked("localhost:" + port).status()).isEqualTo(HttpStatus.OK);
    assertThat(asked("registry.EXAMPLE:" + port).status()).isEqualTo(HttpStatus.OK);
    assertThat(asked("rebound.example:" + port).status()).isEqualTo(HttpStatus.FORBIDDEN);
    assertThat(asked("rebound.example", "x-consul-token", LOOK).status()).isEqualTo(HttpStatus.OK);
    assertThat(asked("rebound.example", "x-consul-token", "unknown").status())
        .isEqualTo(HttpStatus.UNAUTHORIZED);
    assertThat(asked("127.0.0.1", "origin", "https://elsewhere.example").status())
        .isEqualTo(HttpStatus.FORBIDDEN);
    assertThat(
            asked("127.0.0.1", "sec-fetch-site", "cross-site", "sec-fetch-mode", "no-cors")
                .status())
        .isEqualTo(HttpStatus.FORBIDDEN);
    assertThat(asked("127.0.0.1", "sec-fetch-site", "same-origin").status())
        .isEqualTo(HttpStatus.OK);
  }

  private AggregatedHttpResponse asked(String host, String... headers) {
    RequestHeadersBuilder asking =
        RequestHeaders.builder(HttpMethod.GET, "/v1/catalog/services").set("host", host);
    for (int i = 0; i < headers.length; i += 2) {
      asking.set(headers[i], headers[i + 1]);
    }
    return send(asking.build());
  }

  @Test
  void serve_withoutTokens_everybodyMayDoEverything() {
    start(AccessControl.withoutTokens(Limits.standard()));

    assertThat(get("/v1/unheard/of", "").contentUtf8()).isEqualTo("hello local");
  }

  @Test
  void serve_flood_isTooMany_andOthersAreServed() {
    start(AccessControl.of(TOKENS, new Limits(5, 10, 10)));

    int refused = 0;
    for (int i = 0; i < 100; i++) {
      AggregatedHttpResponse response = get("/v1/catalog/services", LOOK);
      if (response.status().equals(HttpStatus.TOO_MANY_REQUESTS)) {
        refused++;
        assertThat(response.headers().get("retry-after")).isEqualTo("1");
      }
    }
    assertThat(refused).isPositive();
    assertThat(get("/v1/catalog/services", OPS).status()).isEqualTo(HttpStatus.OK);
  }

  @Test
  void serve_tooManyWatchers_refused_untilOneEnds() {
    AccessControl access = AccessControl.of(TOKENS, new Limits(1_000, 2, 10));
    CompletableFuture<Void> held = new CompletableFuture<>();
    start(
        access,
        server ->
            server.service(
                "/v1/health/service/held",
                (ctx, req) ->
                    HttpResponse.of(held.thenApply(done -> HttpResponse.of(HttpStatus.OK)))));
    WebClient client = WebClient.of("http://127.0.0.1:" + port);
    RequestHeaders watch =
        RequestHeaders.of(
            HttpMethod.GET, "/v1/health/service/held?index=1", "x-consul-token", LOOK);
    var first = client.execute(watch).aggregate();
    var second = client.execute(watch).aggregate();
    await().atMost(Duration.ofMinutes(1)).until(() -> access.watchers() == 2);

    assertThat(send(watch).status()).isEqualTo(HttpStatus.TOO_MANY_REQUESTS);
    assertThat(get("/v1/catalog/services", LOOK).status()).isEqualTo(HttpStatus.OK);

    held.complete(null);
    assertThat(first.join().status()).isEqualTo(HttpStatus.OK);
    assertThat(second.join().status()).isEqualTo(HttpStatus.OK);
    await().atMost(Duration.ofMinutes(1)).until(() -> access.watchers() == 0);
  }

  @Test
  void principalOf_controlNotAsked_mayDoNothing() {
    server =
        Server.builder()
            .http(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .service(
                "/",
                (ctx, req) ->
                    HttpResponse.of(
                        "%s %s",
                        Principal.of(ctx).name(),
                        Principal.of(ctx).mayRegister("a")
                            || Principal.of(ctx).may(RequiredRole.READ)))
            .build();
    server.start().join();
    port = server.activeLocalPort();

    assertThat(get("/", OPS).contentUtf8()).isEqualTo("nobody false");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0.0.0.0", "::", "10.0.0.7", "203.0.113.7", "2001:db8::1"})
  void requireSafe_reachableByOthers_takesTokensAndTls(String address) {
    InetAddress open = InetAddresses.forString(address);
    AccessControl without = AccessControl.withoutTokens(Limits.standard());
    AccessControl with = AccessControl.of(TOKENS, Limits.standard());

    assertThatThrownBy(() -> without.requireSafe(open, false))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("token file");
    assertThatThrownBy(() -> without.requireSafe(open, true)).hasMessageContaining("token file");
    assertThatThrownBy(() -> with.requireSafe(open, false)).hasMessageContaining("TLS");
    assertThatCode(() -> with.requireSafe(open, true)).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "127.0.0.2", "::1"})
  void requireSafe_loopback_isSafe(String address) {
    InetAddress loopback = InetAddresses.forString(address);

    assertThatCode(
            () -> AccessControl.withoutTokens(Limits.standard()).requireSafe(loopback, false))
        .doesNotThrowAnyException();
  }

  @Test
  void token_atTrace_appearsNowhere() throws Exception {
    Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    Level before = root.getLevel();
    Recorder recorder = new Recorder();
    recorder.start();
    root.detachAndStopAllAppenders();
    root.addAppender(recorder);
    root.setLevel(Level.TRACE);
    // It shows the bytes on the wire, whatever they are; the programs have it off for good.
    ((Logger) LoggerFactory.getLogger("com.linecorp.armeria.logging.traffic")).setLevel(Level.OFF);
    try {
      start(
          AccessControl.of(TOKENS, Limits.standard()),
          server ->
              server.service(
                  "/v1/agent/self",
                  (ctx, req) -> {
                    throw new IllegalStateException("broken for " + Principal.of(ctx));
                  }));
      // Not Armeria's client, whose own log would stand in the way.
      for (HttpClient.Version version : HttpClient.Version.values()) {
        HttpClient client = HttpClient.newBuilder().version(version).build();
        for (String path : List.of("/v1/catalog/services", "/v1/agent/self", "/v1/none?x=y")) {
          HttpRequest.Builder request =
              HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path));
          for (String token : List.of(LOOK, OPS, "canary-of-nobody-01234")) {
            var unused =
                client.send(
                    request.copy().header("X-Consul-Token", token).build(),
                    java.net.http.HttpResponse.BodyHandlers.discarding());
            var unused2 =
                client.send(
                    request.copy().header("Authorization", "Bearer " + token).build(),
                    java.net.http.HttpResponse.BodyHandlers.discarding());
          }
        }
      }
      await()
          .atMost(Duration.ofMinutes(1))
          .until(() -> recorder.lines.stream().anyMatch(line -> line.contains("broken for")));
    } finally {
      root.setLevel(before);
      root.detachAppender(recorder);
    }

    assertThat(recorder.lines).isNotEmpty();
    assertThat(recorder.lines).noneMatch(line -> line.contains("canary"));
  }

  private void start(AccessControl access) {
    start(access, server -> {});
  }

  private void start(AccessControl access, Consumer<ServerBuilder> more) {
    ServerBuilder builder =
        Server.builder()
            .http(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .gracefulShutdownTimeoutMillis(0, 0)
            .unloggedExceptionsReportIntervalMillis(100)
            .decorator(access)
            .serviceUnder("/", echo);
    more.accept(builder);
    server = builder.build();
    server.start().join();
    port = server.activeLocalPort();
  }

  private AggregatedHttpResponse get(String path, String token) {
    return send(
        token.isEmpty()
            ? RequestHeaders.of(HttpMethod.GET, path)
            : RequestHeaders.of(HttpMethod.GET, path, "x-consul-token", token));
  }

  private AggregatedHttpResponse send(RequestHeaders headers) {
    return WebClient.of("h1c://127.0.0.1:" + port).blocking().execute(headers);
  }

  private static final class Recorder extends AppenderBase<ILoggingEvent> {
    private final List<String> lines = new CopyOnWriteArrayList<>();

    @Override
    protected void append(ILoggingEvent event) {
      lines.add(
          event.getLoggerName()
              + " "
              + event.getFormattedMessage()
              + (event.getThrowableProxy() == null
                  ? ""
                  : ThrowableProxyUtil.asString(event.getThrowableProxy())));
    }
  }
}
