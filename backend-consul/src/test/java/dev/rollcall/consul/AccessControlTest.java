package dev.rollcall.consul;

import static dev.rollcall.consul.Bench.eventually;
import static dev.rollcall.consul.Bench.get;
import static dev.rollcall.consul.Bench.instance;
import static dev.rollcall.consul.Bench.put;
import static dev.rollcall.consul.Bench.refused;
import static dev.rollcall.consul.Bench.within;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.read.ListAppender;
import dev.rollcall.Liveness;
import dev.rollcall.RegistryException;
import dev.rollcall.RegistryException.Kind;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest;
import dev.rollcall.spi.RegisterRequest.Claim;
import dev.rollcall.spi.Selector;
import dev.rollcall.testkit.RecordingSink;
import dev.rollcall.testkit.server.ConsulExtension;
import dev.rollcall.testkit.server.ConsulServer;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** Tokens: refused, granted, and never shown. */
class AccessControlTest {
  private static final String MASTER = UUID.randomUUID().toString();

  @RegisterExtension
  static final ConsulExtension CONSUL =
      ConsulExtension.of(ConsulServer.builder().accessControl(MASTER));

  private final Bench bench = new Bench();

  @AfterEach
  void close() {
    bench.close();
  }

  @Test
  @DisplayName("a token that the store does not know is denied, and works once it is known")
  void token_deniedThenGranted() {
    ConsulBackend admin = bench.open(uri(MASTER));
    put(admin, instance("guarded", "a", 1));
    String secret = UUID.randomUUID().toString();
    ConsulBackend user = bench.open(uri(secret));
    RecordingSink sink = bench.watch(user, "guarded");
    RecordingSink everything = bench.watch(user, Selector.everything());
    for (RecordingSink one : List.of(sink, everything)) {
      eventually(
          () ->
              assertThat(one.interruptions())
                  .extracting(RegistryException::kind)
                  .contains(Kind.DENIED));
    }
    assertThat(refused(user.snapshot(Selector.service("guarded"))).kind()).isEqualTo(Kind.DENIED);
    RegisterRequest writing =
        new RegisterRequest(
            instance("guarded", "b", 1),
            Liveness.heartbeat(Duration.ofSeconds(5)),
            Bench.owner(),
            Claim.TAKE_OVER);
    assertThat(refused(user.register(writing, end -> {})).kind()).isEqualTo(Kind.DENIED);
    assertThat(refused(user.deregister(instance("guarded", "a", 1).key(), Owner.ANY)).kind())
        .isEqualTo(Kind.DENIED);

    RawConsul raw = new RawConsul(CONSUL.endpoint(), "X-Consul-Token", MASTER);
    raw.put(
        "acl/policy",
        "{\"Name\":\"user\",\"Rules\":\"service_prefix \\\"\\\" {policy=\\\"write\\\"} "
            + "node_prefix \\\"\\\" {policy=\\\"read\\\"}\"}");
    raw.put("acl/token", "{\"SecretID\":\"" + secret + "\",\"Policies\":[{\"Name\":\"user\"}]}");

    // Agents remember for 30 s that a token is unknown.
    for (RecordingSink one : List.of(sink, everything)) {
      within(
          Duration.ofSeconds(45),
          () ->
              assertThat(one.state().stream().map(i -> i.key().toString())).contains("guarded/a"));
    }
    within(
        Duration.ofSeconds(45),
        () -> assertThat(get(user.register(writing, end -> {})).ttl()).isPositive());
    get(user.deregister(instance("guarded", "b", 1).key(), Owner.ANY));
  }

  @Test
  @DisplayName("security 16: a token is in no log line, exception, URI or toString")
  void token_isNeverShown(@TempDir Path folder) throws Exception {
    String canary = "canary-7f3a-" + UUID.randomUUID();
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    ListAppender<ILoggingEvent> logged = new ListAppender<>();
    logged.setContext(context);
    logged.start();
    Level before = root.getLevel();
    root.setLevel(Level.TRACE);
    root.addAppender(logged);
    StringBuilder said = new StringBuilder();
    try {
      Path file = Files.writeString(folder.resolve("token"), canary + "\n");
      for (String uri :
          List.of(
              uri(canary),
              "consul://127.0.0.1:" + CONSUL.port() + "?token-file=" + file,
              "consul://127.0.0.1:1?timeout=1s&token=" + canary)) {
        ConsulBackend backend = bench.open(uri);
        RecordingSink sink = bench.watch(backend, "x");
        eventually(() -> assertThat(sink.interruptions()).isNotEmpty());
        sink.interruptions().forEach(failure -> said.append(text(failure)));
        said.append(text(refused(backend.snapshot(Selector.everything()))))
            .append(text(refused(backend.deregister(instance("x", "y", 1).key(), Owner.ANY))))
            .append(backend);
      }
      String remote = "consul://10.0.0.1:8500?token=" + canary;
      for (String wrong : List.of(remote, uri(canary) + "&wait=1", uri(canary + "%0d%0aX:1"))) {
        try {
          ConsulFaults.open(wrong, bench.timer).close();
          throw new AssertionError("opened");
        } catch (RegistryException refusal) {
          assertThat(refusal.kind()).isEqualTo(Kind.INVALID);
          said.append(text(refusal));
        }
      }
    } finally {
      root.detachAppender(logged);
      root.setLevel(before);
    }
    for (ILoggingEvent event : List.copyOf(logged.list)) {
      said.append(event.getFormattedMessage());
      if (event.getThrowableProxy() != null) {
        said.append(ThrowableProxyUtil.asString(event.getThrowableProxy()));
      }
    }
    assertThat(said.toString()).doesNotContain(canary).doesNotContain("canary");
  }

  @Test
  @DisplayName("the token may come from a variable or a file; without one, nothing is shown")
  void token_fromTheEnvironmentOrAFile(@TempDir Path folder) throws Exception {
    Path file = Files.writeString(folder.resolve("token"), MASTER + "\n");
    ConsulBackendProvider provider =
        new ConsulBackendProvider(Map.of("CONSUL_HTTP_TOKEN", MASTER, "MINE", MASTER));
    for (String uri :
        List.of(
            "consul://127.0.0.1:" + CONSUL.port(),
            "consul://127.0.0.1:" + CONSUL.port() + "?token-env=MINE",
            "consul://127.0.0.1:" + CONSUL.port() + "?token-file=" + file)) {
      ConsulBackend backend =
          bench.closing(provider.open(dev.rollcall.spi.BackendUri.parse(uri), bench.timer));
      assertThat(get(backend.snapshot(Selector.service("consul"))).instances()).hasSize(1);
    }
  }

  private static String uri(String token) {
    return "consul://127.0.0.1:" + CONSUL.port() + "?wait=1s&token=" + token;
  }

  private static String text(Throwable failure) {
    StringWriter text = new StringWriter();
    failure.printStackTrace(new PrintWriter(text));
    return text.toString();
  }
}
