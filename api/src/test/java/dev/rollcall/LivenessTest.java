package dev.rollcall;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LivenessTest {
  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final Duration DAY = Duration.ofDays(1);
  private static final URI URL = URI.create("http://h:1/health");

  @Test
  void heartbeat_atTheLimits_isTaken() {
    assertThat(Liveness.heartbeat(SECOND).ttl()).isEqualTo(SECOND);
    assertThat(Liveness.heartbeat(DAY).deregisterAfter()).isEqualTo(Duration.ofMinutes(1));
    assertThat(Liveness.heartbeat(DAY).deregisterAfter(Duration.ZERO).deregisterAfter()).isZero();
    assertThat(Liveness.heartbeat(DAY).deregisterAfter(DAY).deregisterAfter()).isEqualTo(DAY);
  }

  @Test
  void heartbeat_beyondTheLimits_isRefused() {
    assertThatThrownBy(() -> Liveness.heartbeat(SECOND.minusNanos(1)))
        .hasMessage("ttl: PT0.999999999S (expected: PT1S to PT24H)");
    assertThatThrownBy(() -> Liveness.heartbeat(DAY.plusNanos(1)))
        .hasMessage("ttl: PT24H0.000000001S (expected: PT1S to PT24H)");
    assertThatThrownBy(() -> Liveness.heartbeat(null)).hasMessage("ttl: null (expected: a value)");
    assertThatThrownBy(() -> Liveness.heartbeat(SECOND).deregisterAfter(Duration.ofNanos(-1)))
        .hasMessage("deregisterAfter: PT-0.000000001S (expected: PT0S to PT24H)");
    assertThatThrownBy(() -> Liveness.heartbeat(SECOND).onlyWhile(null))
        .hasMessage("probe: null (expected: a value)");
  }

  @Test
  void heartbeat_edited_keepsTheRest() {
    Liveness.Heartbeat heartbeat =
        Liveness.heartbeat(SECOND).onlyWhile(() -> true).deregisterAfter(DAY);
    assertThat(heartbeat.probe()).isPresent();
    assertThat(heartbeat.onlyWhile(() -> false).deregisterAfter()).isEqualTo(DAY);
  }

  @Test
  void checks_withoutTimeout_takeTheIntervalOrFiveSeconds() {
    assertThat(Liveness.httpCheck(URL, SECOND).timeout()).isEqualTo(SECOND);
    assertThat(Liveness.tcpCheck("h", 1, DAY).timeout()).isEqualTo(Duration.ofSeconds(5));
  }

  @Test
  void checks_edited_keepTheRest() {
    Liveness.HttpCheck http =
        Liveness.httpCheck(URL, SECOND).timeout(Duration.ofMillis(1)).deregisterAfter(DAY);
    assertThat(http).isEqualTo(new Liveness.HttpCheck(URL, SECOND, Duration.ofMillis(1), DAY));
    Liveness.TcpCheck tcp =
        Liveness.tcpCheck("h", 1, SECOND).timeout(SECOND).deregisterAfter(Duration.ZERO);
    assertThat(tcp)
        .isEqualTo(new Liveness.TcpCheck(new HostPort("h", 1), SECOND, SECOND, Duration.ZERO));
  }

  @Test
  void checks_beyondTheLimits_areRefused() {
    assertThatThrownBy(() -> Liveness.httpCheck(URL, Duration.ofMillis(999)))
        .hasMessageStartingWith("interval: ");
    assertThatThrownBy(() -> Liveness.tcpCheck("h", 1, DAY.plusMillis(1)))
        .hasMessageStartingWith("interval: ");
    assertThatThrownBy(() -> Liveness.httpCheck(URL, null)).hasMessageStartingWith("interval: ");
    assertThatThrownBy(() -> Liveness.httpCheck(URL, SECOND).timeout(Duration.ZERO))
        .hasMessage("timeout: PT0S (expected: PT0.001S to PT1S)");
    assertThatThrownBy(() -> Liveness.tcpCheck("h", 1, SECOND).timeout(Duration.ofMillis(1001)))
        .hasMessage("timeout: PT1.001S (expected: PT0.001S to PT1S)");
    assertThatThrownBy(() -> Liveness.tcpCheck("h", 0, SECOND)).hasMessageStartingWith("port: 0 ");
    assertThatThrownBy(() -> Liveness.tcpCheck("h", 1, SECOND).deregisterAfter(DAY.plusNanos(1)))
        .hasMessageStartingWith("deregisterAfter: ");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/health",
        "h:1/health",
        "ftp://h/canary",
        "file:///canary",
        "http:canary",
        "http:///canary",
        "http://user:canary@h/",
      })
  void httpCheck_withUnfitUri_isRefusedWithoutShowingIt(String uri) {
    assertThatThrownBy(() -> Liveness.httpCheck(URI.create(uri), SECOND))
        .isInstanceOf(RegistryException.class)
        .hasMessageStartingWith("check uri: ")
        .hasMessageNotContaining("canary");
  }

  @Test
  void httpCheck_withNull_isRefused() {
    assertThatThrownBy(() -> Liveness.httpCheck(null, SECOND))
        .hasMessage("check uri: null (expected: a value)");
  }

  @Test
  void httpCheck_withHttps_isTaken() {
    assertThat(Liveness.httpCheck(URI.create("HTTPS://h/"), SECOND).uri().getHost()).isEqualTo("h");
  }

  @Test
  void permanent_isOneAndTheSame() {
    assertThat(Liveness.permanent()).isSameAs(Liveness.permanent());
    assertThat(Liveness.permanent().deregisterAfter()).isEqualTo(DAY);
  }
}
