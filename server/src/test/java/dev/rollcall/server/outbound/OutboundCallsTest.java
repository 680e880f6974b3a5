package dev.rollcall.server.outbound;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.common.net.InetAddresses;
import dev.rollcall.Health;
import dev.rollcall.HostPort;
import dev.rollcall.Liveness;
import dev.rollcall.RegistryException;
import dev.rollcall.server.outbound.Reply.End;
import dev.rollcall.spi.HealthChecker;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.support.SystemTimer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Execution(ExecutionMode.CONCURRENT)
@Timeout(120)
class OutboundCallsTest {
  private static final InetAddress HERE = InetAddresses.forString("127.0.0.1");
  private static final InetAddress ELSEWHERE = InetAddresses.forString("203.0.113.7");

  private final Timer timer = SystemTimer.named("outbound-test");
  private final ConcurrentLinkedQueue<List<InetAddress>> lookUps = new ConcurrentLinkedQueue<>();
  private final AtomicInteger lookedUp = new AtomicInteger();
  private final OutboundCalls calls =
      OutboundCalls.open(OutboundPolicy.standard(), timer, this::resolve);

  @AfterEach
  void close() {
    calls.close();
    timer.close();
  }

  @Test
  void get_answers() throws Exception {
    try (RawTarget target = new RawTarget(RawTarget.OK)) {
      assertThat(reply(calls.get(target.target(), HERE))).isEqualTo(new Reply(End.ANSWERED, 200));

      assertThat(target.heads).hasSize(1);
      assertThat(target.heads.get(0))
          .startsWith("GET /heartbeat HTTP/1.1\r\n")
          .containsIgnoringCase("host: 127.0.0.1:" + target.port() + "\r\n")
          .containsIgnoringCase("user-agent: rollcall\r\n");
    }
  }

  @Test
  void post_sendsTheJson() throws Exception {
    BlockingQueue<String> bodies = new LinkedBlockingQueue<>();
    try (RawTarget target =
        new RawTarget(
            (socket, out) -> {
              bodies.add(new String(socket.getInputStream().readNBytes(9), StandardCharsets.UTF_8));
              RawTarget.OK.serve(socket, out);
            })) {
      byte[] json = "{\"a\":123}".getBytes(StandardCharsets.UTF_8);

      assertThat(reply(calls.post(target.target(), json, HERE)).is(200)).isTrue();
      assertThat(bodies.take()).isEqualTo("{\"a\":123}");
      assertThat(target.heads.get(0))
          .startsWith("POST /heartbeat HTTP/1.1\r\n")
          .containsIgnoringCase("content-type: application/json")
          .containsIgnoringCase("content-length: 9\r\n");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "169.254.169.254",
        "[::1]",
        "[fe80::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:169.254.169.254]",
        "[::127.0.0.1]",
        "127.0.0.1",
        "10.0.0.1",
        "0.0.0.0"
      })
  void get_addressOfSomebodyElse_refused(String host) throws Exception {
    CallTarget target = CallTarget.parse("HeartbeatURL", "http://" + host + ":8080/x");

    assertThat(reply(calls.get(target, ELSEWHERE))).isEqualTo(Reply.REFUSED);
    assertThat(reply(calls.connect(target.address(), ELSEWHERE, Duration.ofSeconds(1))))
        .isEqualTo(Reply.REFUSED);
    assertThatThrownBy(
            () ->
                calls
                    .admit("HeartbeatURL", target, ELSEWHERE)
                    .toCompletableFuture()
                    .get(1, TimeUnit.MINUTES))
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isInstanceOfSatisfying(
            RegistryException.class,
            refused -> assertThat(refused.kind()).isEqualTo(RegistryException.Kind.INVALID))
        .hasMessageStartingWith("HeartbeatURL: ");
  }

  @ParameterizedTest
  @ValueSource(ints = {22, 6379})
  void get_oddPort_refusedBeforeTheNameIsLookedUp(int port) throws Exception {
    assertThat(reply(calls.get(CallTarget.parse("u", "http://name.test:" + port), HERE)))
        .isEqualTo(Reply.REFUSED);
    assertThat(lookedUp).hasValue(0);
  }

  @Test
  void admit_refusedAndNotFound_areNotToldApart() {
    CallTarget target = CallTarget.parse("u", "http://name.test:8080/");
    List<String> messages = new ArrayList<>();
    for (List<InetAddress> found :
        List.of(List.<InetAddress>of(), List.of(InetAddresses.forString("10.0.0.1")))) {
      lookUps.add(found);
      calls
          .admit("u", target, HERE)
          .whenComplete((ok, failed) -> messages.add(failed.getMessage()));
    }

    await().atMost(Duration.ofMinutes(1)).until(() -> messages.size() == 2);
    assertThat(messages.get(0)).isEqualTo(messages.get(1));
  }

  @Test
  void get_oneOfSeveralAddressesForbidden_refused() throws Exception {
    try (RawTarget target = new RawTarget(RawTarget.OK)) {
      lookUps.add(List.of(HERE, InetAddresses.forString("169.254.169.254")));

      assertThat(reply(calls.get(target.target("name.test"), HERE))).isEqualTo(Reply.REFUSED);
      assertThat(target.heads).isEmpty();
    }
  }

  @Test
  void get_nameThatResolvesDifferentlyLater_isLookedUpOnceACallAndPinned() throws Exception {
    try (RawTarget mine = new RawTarget("127.0.0.1", 0, RawTarget.OK);
        RawTarget other = new RawTarget("127.0.0.2", mine.port(), RawTarget.OK)) {
      CallTarget target = mine.target("name.test");
      lookUps.add(List.of(HERE));
      assertThat(reply(calls.get(target, HERE)).is(200)).isTrue();
      assertThat(lookedUp).hasValue(1);
      assertThat(mine.heads.get(0)).containsIgnoringCase("host: name.test:" + mine.port());

      lookUps.add(List.of(InetAddresses.forString("169.254.169.254")));
      assertThat(reply(calls.get(target, HERE))).isEqualTo(Reply.REFUSED);
      lookUps.add(List.of(InetAddresses.forString("10.0.0.1")));
      assertThat(reply(calls.get(target, HERE))).isEqualTo(Reply.REFUSED);
      assertThat(lookedUp).hasValue(3);

      lookUps.add(List.of(InetAddresses.forString("127.0.0.2")));
      assertThat(reply(calls.get(target, HERE)).is(200)).isTrue();
      assertThat(mine.heads).hasSize(1);
      assertThat(other.heads).hasSize(1);
      assertThat(lookedUp).hasValue(4);
    }
  }

  @Test
  void get_firstAddressDoesNotAccept_triesTheNextThatWasChecked() throws Exception {
    try (RawTarget target = new RawTarget(RawTarget.OK)) {
      lookUps.add(List.of(InetAddresses.forString("127.0.0.3"), HERE));

      assertThat(reply(calls.get(target.target("name.test"), HERE)).is(200)).isTrue();
    }
  }

  @Test
  void get_redirect_isNotFollowed() throws Exception {
    try (RawTarget end = new RawTarget(RawTarget.OK);
        RawTarget start =
            new RawTarget(
                RawTarget.answering(
                    "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:"
                        + end.port()
                        + "/\r\nContent-Length: 0\r\n\r\n"))) {
      assertThat(reply(calls.get(start.target(), HERE))).isEqualTo(new Reply(End.ANSWERED, 302));
      assertThat(end.heads).isEmpty();
    }
  }

  @Test
  void get_endlessAnswer_isDroppedAfter4KiB() throws Exception {
    AtomicInteger written = new AtomicInteger();
    try (RawTarget target =
        new RawTarget(
            (socket, out) -> {
              out.write("HTTP/1.1 200 OK\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
              byte[] junk = new byte[1024];
              Arrays.fill(junk, (byte) 'x');
              while (true) {
                out.write(junk);
                written.addAndGet(junk.length);
              }
            })) {
      assertThat(reply(calls.get(target.target(), HERE)).is(200)).isTrue();
      await().atMost(Duration.ofMinutes(1)).until(() -> target.dropped.get() == 1);
      // What the kernels' buffers on both sides hold, and no more.
      assertThat(written.get()).isLessThan(64 * 1024 * 1024);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "HTTP/1.1 200 OK\r\nX: y",
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
      })
  void get_drippingTarget_endsInTime(String head) throws Exception {
    try (RawTarget target =
        new RawTarget(
            RawTarget.dripping(head, head.endsWith("chunked\r\n\r\n") ? "1\r\nx\r\n" : "x"))) {
      assertThat(reply(calls.get(target.target(), HERE, Duration.ofMillis(500))).end())
          .isEqualTo(End.UNCERTAIN);
      await().atMost(Duration.ofMinutes(1)).until(() -> target.dropped.get() == 1);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "garbage\r\n\r\n",
        "HTTP/1.1 abc OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nx"
      })
  void get_brokenAnswer_isNoAnswer(String answer) throws Exception {
    try (RawTarget target = new RawTarget(RawTarget.answering(answer))) {
      assertThat(reply(calls.get(target.target(), HERE)).end()).isEqualTo(End.UNCERTAIN);
    }
  }

  @Test
  void get_headersWithoutEnd_areNotCollected() throws Exception {
    try (RawTarget target =
        new RawTarget(
            (socket, out) -> {
              out.write("HTTP/1.1 200 OK\r\n".getBytes(StandardCharsets.US_ASCII));
              while (true) {
                out.write(
                    "X: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n".getBytes(StandardCharsets.US_ASCII));
              }
            })) {
      assertThat(reply(calls.get(target.target(), HERE)).end()).isEqualTo(End.UNCERTAIN);
      await().atMost(Duration.ofMinutes(1)).until(() -> target.dropped.get() == 1);
    }
  }

  @Test
  void get_nobodyListens_isNotSent() throws Exception {
    // Bound, so that nobody else takes the port, but not listening.
    try (Socket taken = new Socket()) {
      taken.bind(new InetSocketAddress(HERE, 0));
      CallTarget target = CallTarget.parse("u", "http://127.0.0.1:" + taken.getLocalPort() + "/");

      assertThat(reply(calls.get(target, HERE))).isEqualTo(Reply.NOT_SENT);
      assertThat(reply(calls.connect(target.address(), HERE, Duration.ofSeconds(1))))
          .isEqualTo(Reply.NOT_SENT);
      await().atMost(Duration.ofMinutes(1)).until(() -> calls.ended(End.NOT_SENT) == 2);
    }
  }

  @Test
  void get_nameWhoseLookUpNeverEnds_isGivenUp() throws Exception {
    CallTarget target = CallTarget.parse("u", "http://never.test:8080/");

    assertThat(reply(calls.get(target, HERE, Duration.ofMillis(200)))).isEqualTo(Reply.NOT_SENT);
    await().atMost(Duration.ofMinutes(1)).until(() -> calls.inFlight() == 0);
  }

  @Test
  void connect_accepts() throws Exception {
    try (RawTarget target = new RawTarget(RawTarget.OK)) {
      HostPort address = new HostPort("127.0.0.1", target.port());

      assertThat(reply(calls.connect(address, HERE, Duration.ofSeconds(5))))
          .isEqualTo(Reply.CONNECTED);
    }
  }

  @Test
  void get_drippingTargetsOfOne_delayNobodyElse() throws Exception {
    drip(600, Duration.ofSeconds(2));
  }

  @Test
  @Tag("long")
  void get_aThousandDrippingTargetsOfOne_delayNobodyElse() throws Exception {
    drip(1_000, Duration.ofSeconds(2));
  }

  /** More targets than one may have places, each with an address of its own. */
  private void drip(int targets, Duration limit) throws Exception {
    InetAddress dripper = InetAddresses.forString("127.0.0.2");
    // A busy machine may need long for the good ones, which is not what they are asked here.
    OutboundPolicy patient = OutboundPolicy.standard().limit(Duration.ofMinutes(1));
    try (OutboundCalls calls = OutboundCalls.open(patient, timer, this::resolve);
        RawTarget slow = new RawTarget("0.0.0.0", 0, RawTarget.dripping("", "x"));
        RawTarget good = new RawTarget(RawTarget.OK)) {
      List<CompletionStage<Reply>> slowReplies = new ArrayList<>();
      for (int i = 0; i < targets; i++) {
        String address = "127.1." + (1 + i / 200) + "." + (1 + i % 200);
        slowReplies.add(
            calls.get(
                CallTarget.parse("u", "http://" + address + ":" + slow.port() + "/"),
                dripper,
                limit));
      }
      await()
          .atMost(Duration.ofMinutes(1))
          .until(() -> calls.inFlight() == OutboundCalls.MAX_IN_FLIGHT / 2);
      for (int i = 0; i < 10; i++) {
        assertThat(reply(calls.get(good.target(), HERE)).is(200)).isTrue();
      }
      assertThat(slowReplies).anyMatch(reply -> !reply.toCompletableFuture().isDone());
      for (CompletionStage<Reply> slowReply : slowReplies) {
        assertThat(reply(slowReply).end()).isEqualTo(End.UNCERTAIN);
      }
      await().atMost(Duration.ofMinutes(1)).until(() -> calls.inFlight() == 0);
    }
  }

  @Test
  void checker_followsTheTarget() throws Exception {
    AtomicInteger status = new AtomicInteger(200);
    try (RawTarget target =
            new RawTarget(
                (socket, out) ->
                    RawTarget.answering(
                            "HTTP/1.1 "
                                + status
                                + " X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                        .serve(socket, out));
        HealthChecker checker = calls.checker(HERE)) {
      BlockingQueue<Health> results = new LinkedBlockingQueue<>();
      HealthChecker.Running running =
          checker.start(
              Liveness.httpCheck(
                  URI.create("http://127.0.0.1:" + target.port()), Duration.ofSeconds(1)),
              results::add);

      assertThat(results.poll(1, TimeUnit.MINUTES)).isEqualTo(Health.PASSING);
      status.set(429);
      await().atMost(Duration.ofMinutes(1)).until(() -> results.take() == Health.WARNING);
      status.set(500);
      await().atMost(Duration.ofMinutes(1)).until(() -> results.take() == Health.CRITICAL);
      running.stop();
    }
  }

  @Test
  void checker_forbiddenTargets_areCritical() throws Exception {
    try (HealthChecker checker = calls.checker(ELSEWHERE);
        RawTarget target = new RawTarget(RawTarget.OK)) {
      BlockingQueue<Health> results = new LinkedBlockingQueue<>();
      checker.start(
          Liveness.httpCheck(URI.create("http://127.0.0.1:" + target.port()), Duration.ofDays(1)),
          results::add);
      checker.start(
          Liveness.tcpCheck("127.0.0.1", target.port(), Duration.ofDays(1)), results::add);

      assertThat(results.poll(1, TimeUnit.MINUTES)).isEqualTo(Health.CRITICAL);
      assertThat(results.poll(1, TimeUnit.MINUTES)).isEqualTo(Health.CRITICAL);
      assertThat(
              checker
                  .accepts(new HostPort("127.0.0.1", target.port()), Duration.ofSeconds(1))
                  .toCompletableFuture()
                  .get(1, TimeUnit.MINUTES))
          .isFalse();
      assertThat(target.heads).isEmpty();
    }
  }

  @Test
  void close_endsWhatIsUnderWay() throws Exception {
    try (RawTarget target = new RawTarget(RawTarget.dripping("", "x"))) {
      CompletionStage<Reply> under = calls.get(target.target(), HERE);
      CompletionStage<Reply> unresolved =
          calls.get(CallTarget.parse("u", "http://never.test:8080/"), HERE);

      calls.close();

      assertThat(reply(under).end()).isIn(End.UNCERTAIN, End.NOT_SENT);
      assertThat(reply(unresolved)).isEqualTo(Reply.NOT_SENT);
      assertThat(reply(calls.get(target.target(), HERE))).isEqualTo(Reply.NOT_SENT);
    }
  }

  @Test
  void open_withoutResolver_findsTheNamesOfTheHostsFile() throws Exception {
    try (OutboundCalls real = OutboundCalls.open(OutboundPolicy.standard(), timer);
        RawTarget target = new RawTarget(RawTarget.OK)) {
      assertThat(reply(real.get(target.target("localhost"), HERE)).is(200)).isTrue();
      assertThat(reply(real.get(target.target("localhost"), ELSEWHERE))).isEqualTo(Reply.REFUSED);
    }
  }

  private CompletionStage<List<InetAddress>> resolve(String host) {
    lookedUp.incrementAndGet();
    if (host.equals("never.test")) {
      return new CompletableFuture<>();
    }
    List<InetAddress> found = lookUps.poll();
    return CompletableFuture.completedFuture(found == null ? List.of() : found);
  }

  private static Reply reply(CompletionStage<Reply> stage) throws Exception {
    return stage.toCompletableFuture().get(1, TimeUnit.MINUTES);
  }
}
