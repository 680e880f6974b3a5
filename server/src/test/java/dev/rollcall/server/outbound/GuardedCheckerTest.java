package dev.rollcall.server.outbound;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.net.InetAddresses;
import dev.rollcall.Health;
import dev.rollcall.HostPort;
import dev.rollcall.Liveness;
import dev.rollcall.RegistryException;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.support.SystemTimer;
import java.net.InetAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Execution(ExecutionMode.CONCURRENT)
@Timeout(120)
class GuardedCheckerTest {
  private static final InetAddress HERE = InetAddresses.forString("127.0.0.1");
  private static final InetAddress CLIENT = InetAddresses.forString("203.0.113.7");
  private static final Duration HOUR = Duration.ofHours(1);

  private final Timer timer = SystemTimer.named("checker-test");
  private final OutboundCalls calls =
      OutboundCalls.open(
          OutboundPolicy.standard().allow(List.of(AddressRange.parse("10.1.0.0/16"))),
          timer,
          name -> CompletableFuture.completedFuture(List.of()));

  @AfterEach
  void close() {
    calls.close();
    timer.close();
  }

  private static Liveness.Check http(String uri) {
    return Liveness.httpCheck(URI.create(uri), HOUR);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://203.0.113.7/own",
        "http://203.0.113.7:8080/own",
        "https://10.1.2.3/allowed",
        "http://name.test:9000/judged-when-called",
      })
  void admit_whatMayBeCalled(String uri) {
    assertThatCode(() -> calls.checker(CLIENT).admit(http(uri))).doesNotThrowAnyException();
  }

  @Test
  void admit_whatIsNotServed_isRefusedWithFieldAndRule() throws Exception {
    Liveness.Check grpc =
        Liveness.grpcCheck(new HostPort("203.0.113.7", 9090), HOUR).tlsSkipVerify();
    Liveness.Check unverified =
        Liveness.httpCheck(URI.create("https://203.0.113.7/own"), HOUR).tlsSkipVerify();
    GuardedChecker checker = calls.checker(CLIENT);
    assertThatThrownBy(() -> checker.admit(grpc))
        .hasMessage("GRPC: settings of TLS are not served (expected: a certificate for the host)");
    assertThatThrownBy(() -> checker.admit(unverified))
        .hasMessage("HTTP: settings of TLS are not served (expected: a certificate for the host)");
    for (Liveness.Check never : List.of(grpc, unverified)) {
      BlockingQueue<Health> results = new LinkedBlockingQueue<>();
      checker.start(never, results::add).stop();
      assertThat(results.poll(1, TimeUnit.MINUTES)).isEqualTo(Health.CRITICAL);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://169.254.169.254/latest/meta-data",
        "http://127.0.0.1:8500/v1/kv/",
        "http://10.2.0.1/",
        "http://[::1]/",
        "http://[::ffff:169.254.169.254]/",
        "http://203.0.113.7:22/",
        "http://203.0.113.7:6379/",
        "http://name.test:25/",
      })
  void admit_whatWillNeverBeCalled_isRefusedWithFieldAndRule(String uri) {
    assertThatThrownBy(() -> calls.checker(CLIENT).admit(http(uri)))
        .isInstanceOf(RegistryException.class)
        .hasMessageStartingWith("HTTP: ")
        .hasMessageContaining("(expected: the address that registers");
  }

  @Test
  void admit_byTcp() {
    GuardedChecker checker = calls.checker(CLIENT);

    checker.admit(Liveness.tcpCheck("203.0.113.7", 5432, HOUR));
    assertThatThrownBy(() -> checker.admit(Liveness.tcpCheck("169.254.169.254", 80, HOUR)))
        .hasMessageStartingWith("TCP: \"169.254.169.254:80\" (expected: ");
  }

  /** It is a request as one by HTTP is, to the same ports. */
  @Test
  void admit_byGrpc() {
    GuardedChecker checker = calls.checker(CLIENT);

    checker.admit(Liveness.grpcCheck(new HostPort("203.0.113.7", 9090), HOUR).overTls());
    for (HostPort never :
        List.of(
            new HostPort("203.0.113.7", 6379),
            new HostPort("203.0.113.7", 25),
            new HostPort("10.2.0.1", 9090),
            new HostPort("169.254.169.254", 80))) {
      assertThatThrownBy(() -> checker.admit(Liveness.grpcCheck(never, HOUR)))
          .hasMessageStartingWith("GRPC: \"" + never + "\" (expected: the address that registers");
    }
  }

  /** What is no gRPC server is not taken for one: by HTTP/1, by silence, by another policy. */
  @Test
  void grpc_ofWhatIsNone_isCritical() throws Exception {
    try (RawTarget web = new RawTarget(RawTarget.OK)) {
      for (InetAddress registrant : List.of(HERE, CLIENT)) {
        BlockingQueue<Health> results = new LinkedBlockingQueue<>();
        try (GuardedChecker checker = calls.checker(registrant)) {
          checker.start(
              Liveness.grpcCheck(new HostPort("127.0.0.1", web.port()), HOUR), results::add);
          assertThat(results.poll(1, TimeUnit.MINUTES)).isEqualTo(Health.CRITICAL);
        }
      }
    }
  }

  @Test
  void request_isSentAsItWasDefined() throws Exception {
    BlockingQueue<String> bodies = new LinkedBlockingQueue<>();
    try (RawTarget target =
            new RawTarget(
                (socket, out) -> {
                  bodies.add(
                      new String(socket.getInputStream().readNBytes(5), StandardCharsets.UTF_8));
                  RawTarget.OK.serve(socket, out);
                });
        GuardedChecker checker = calls.checker(HERE)) {
      BlockingQueue<Health> results = new LinkedBlockingQueue<>();
      CheckRequest request =
          CheckRequest.of(
              "put",
              Map.of(
                  "Authorization", List.of("Basic eDp5"),
                  "X-Several", List.of("a", "b"),
                  "User-Agent", List.of("probe/1")),
              "héll");

      checker.start(http("http://127.0.0.1:" + target.port() + "/ping"), request, results::add);

      assertThat(results.poll(1, TimeUnit.MINUTES)).isEqualTo(Health.PASSING);
      assertThat(bodies.poll(1, TimeUnit.MINUTES)).isEqualTo("héll");
      assertThat(target.heads.get(0))
          .startsWith("PUT /ping HTTP/1.1\r\n")
          .containsIgnoringCase("\r\nauthorization: Basic eDp5\r\n")
          .containsIgnoringCase("\r\nx-several: a\r\n")
          .containsIgnoringCase("\r\nx-several: b\r\n")
          .containsIgnoringCase("\r\nuser-agent: probe/1\r\n")
          .containsIgnoringCase("\r\nhost: 127.0.0.1:" + target.port() + "\r\n")
          .containsIgnoringCase("\r\ncontent-length: 5\r\n")
          .doesNotContainIgnoringCase("user-agent: rollcall");
    }
  }

  @Test
  void request_ofMethodHead_isAnsweredWithoutABody() throws Exception {
    try (RawTarget target = new RawTarget(RawTarget.answering("HTTP/1.1 204 No Content\r\n\r\n"));
        GuardedChecker checker = calls.checker(HERE)) {
      BlockingQueue<Health> results = new LinkedBlockingQueue<>();

      checker.start(
          http("http://127.0.0.1:" + target.port() + "/"),
          CheckRequest.of("HEAD", Map.of(), ""),
          results::add);

      assertThat(results.poll(1, TimeUnit.MINUTES)).isEqualTo(Health.PASSING);
      assertThat(target.heads.get(0)).startsWith("HEAD / HTTP/1.1\r\n");
    }
  }

  @Test
  void accepts_underThePolicy() throws Exception {
    try (RawTarget target = new RawTarget(RawTarget.OK)) {
      HostPort address = new HostPort("127.0.0.1", target.port());
      for (InetAddress registrant : List.of(HERE, CLIENT)) {
        assertThat(
                calls
                    .checker(registrant)
                    .accepts(address, Duration.ofSeconds(1))
                    .toCompletableFuture()
                    .get(1, TimeUnit.MINUTES))
            .isEqualTo(registrant.equals(HERE));
      }
    }
  }
}
