package dev.rollcall.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.rollcall.Freshness;
import dev.rollcall.Samples;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.HealthChecker;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.support.NetworkHealthChecker;
import dev.rollcall.spi.support.SystemTimer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class LossGuardTest {
  private static final Duration BOUND = Duration.ofMinutes(5);

  private final ManualTimer timer = new ManualTimer();
  private final FakeChecker checker = new FakeChecker();
  private final LossGuard guard = new LossGuard(timer, checker, 0.5, BOUND);
  private final InstanceCache cache = new InstanceCache("orders", timer, guard.window());

  private static InstanceCache losing(InstanceCache cache, ServiceInstance... instances) {
    cache.replace(List.of(instances), 1);
    cache.synced();
    cache.replace(List.of(), 2);
    return cache;
  }

  private void ask() {
    guard.ask(cache.takeNewlyHeld(), cache, InstanceCache::release);
  }

  @Test
  void ask_whereNobodyAccepts_releasesAtOnce() {
    checker.accepting = address -> address.port() == 1;
    losing(cache, Samples.instance("a", 1), Samples.instance("b", 2));
    ask();
    assertThat(cache.snapshot().all()).containsExactly(Samples.instance("a", 1));
  }

  @Test
  void ask_whereItAccepts_asksAgainEveryTenSecondsUntilTheBound() {
    losing(cache, Samples.instance("a"));
    ask();
    assertThat(checker.asked).hasSize(1);
    timer.advance(Duration.ofSeconds(10));
    assertThat(checker.asked).hasSize(2);
    timer.advance(BOUND.minusSeconds(11));
    assertThat(checker.asked).hasSize(30);
    assertThat(cache.snapshot().all()).hasSize(1);
    timer.advance(Duration.ofSeconds(1));
    assertThat(cache.snapshot().all()).isEmpty();
    assertThat(cache.snapshot().freshness()).isInstanceOf(Freshness.Live.class);
    assertThat(timer.pending()).isZero();
  }

  @Test
  void ask_whenItStopsAccepting_releasesAtTheNextQuestion() {
    losing(cache, Samples.instance("a"));
    ask();
    checker.accepting = address -> false;
    timer.advance(Duration.ofSeconds(9));
    assertThat(cache.snapshot().all()).hasSize(1);
    timer.advance(Duration.ofSeconds(1));
    assertThat(cache.snapshot().all()).isEmpty();
  }

  @Test
  void ask_whenItIsPutAgain_endsAsking() {
    losing(cache, Samples.instance("a"));
    ask();
    cache.replace(List.of(Samples.instance("a")), 3);
    timer.advance(BOUND);
    assertThat(checker.asked).hasSize(1);
    assertThat(timer.pending()).isZero();
    assertThat(cache.snapshot().all()).hasSize(1);
  }

  @Test
  void ask_overRealSockets_keepsWhoAcceptsAndReleasesWhoDoesNot() throws IOException {
    InetAddress loopback = InetAddress.getLoopbackAddress();
    try (ServerSocket open = new ServerSocket(0, 50, loopback);
        Timer system = SystemTimer.named("test-timer");
        HealthChecker real = NetworkHealthChecker.named(system, "test-check")) {
      int closedPort;
      try (ServerSocket closed = new ServerSocket(0, 50, loopback)) {
        closedPort = closed.getLocalPort();
      }
      LossGuard realGuard = new LossGuard(system, real, 0.5, BOUND);
      InstanceCache realCache = new InstanceCache("orders", system, realGuard.window());
      ServiceInstance alive = Samples.instance("alive", open.getLocalPort());
      losing(realCache, alive, Samples.instance("dead", closedPort));
      assertThat(realCache.snapshot().all()).hasSize(2);
      realGuard.ask(realCache.takeNewlyHeld(), realCache, InstanceCache::release);
      await().until(() -> realCache.snapshot().all().equals(List.of(alive)));
      assertThat(realCache.holds(alive)).isTrue();
      assertThat(realCache.snapshot().freshness()).isInstanceOf(Freshness.Protected.class);
    }
  }
}
