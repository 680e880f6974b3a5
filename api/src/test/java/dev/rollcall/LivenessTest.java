package dev.rollcall;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
    assertThat(http)
        .isEqualTo(
            new Liveness.HttpCheck(
                URL, "GET", Map.of(), "", Liveness.Tls.DEFAULT, SECOND, Duration.ofMillis(1), DAY));
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
  void httpCheck_edited_keepsTheRest() {
    URI secure = URI.create("https://h/");
    Liveness.HttpCheck check =
        Liveness.httpCheck(secure, SECOND)
            .deregisterAfter(DAY)
            .timeout(Duration.ofMillis(7))
            .header("X-A", "1")
            .header("b", "x")
            .header("x-a", "2")
            .method("POST")
            .body("ping")
            .tlsServerName("orders.example")
            .tlsSkipVerify();
    assertThat(check)
        .isEqualTo(
            new Liveness.HttpCheck(
                secure,
                "POST",
                Map.of("X-A", List.of("1", "2"), "b", List.of("x")),
                "ping",
                new Liveness.Tls(Optional.of("orders.example"), true),
                SECOND,
                Duration.ofMillis(7),
                DAY));
    assertThat(check.timeout(SECOND).deregisterAfter(SECOND).body("").method("GET").headers())
        .containsOnlyKeys("X-A", "b");
    assertThat(check.checks()).containsExactly(check);
  }

  @Test
  void httpCheck_copiesItsHeaders() {
    List<String> values = new ArrayList<>(List.of("1"));
    Map<String, List<String>> headers = new HashMap<>(Map.of("A", values));
    Liveness.HttpCheck plain = Liveness.httpCheck(URL, SECOND);
    Liveness.HttpCheck check =
        new Liveness.HttpCheck(URL, "GET", headers, "", plain.tls(), SECOND, SECOND, SECOND);
    values.add("2");
    headers.clear();
    assertThat(check.headers()).isEqualTo(Map.of("A", List.of("1")));
    assertThatThrownBy(() -> check.headers().clear())
        .isInstanceOf(UnsupportedOperationException.class);
    assertThatThrownBy(() -> check.headers().get("a").add("2"))
        .isInstanceOf(UnsupportedOperationException.class);
  }

  @Test
  void httpCheck_neverShowsAHeadersValueNorTheBody() {
    Liveness.HttpCheck check =
        Liveness.httpCheck(URL, SECOND).header("Authorization", "Bearer canary").body("canary");
    assertThat(Liveness.all(check).toString())
        .contains("Authorization", "GET", URL.toString(), "6 characters")
        .doesNotContain("canary");
    assertThatThrownBy(() -> check.header("Authorization", "canary\r\nX-Evil: 1"))
        .hasMessage(
            "check header: the value of \"Authorization\" (expected: visible ASCII, in one line)");
    assertThatThrownBy(() -> check.body("canary".repeat(3000)))
        .hasMessage("check body: 18000 bytes (expected: at most 16384)");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Host",
        "host",
        "Content-Length",
        "CONNECTION",
        "Expect",
        "Upgrade",
        "Transfer-Encoding",
        "TE",
        "Proxy-Authorization"
      })
  void httpCheck_headerOfTheConnection_isRefused(String name) {
    assertThatThrownBy(() -> Liveness.httpCheck(URL, SECOND).header(name, "x"))
        .hasMessage(
            "check header: \""
                + name
                + "\" (expected: none that belongs to the connection, as Host, Connection and"
                + " Content-Length do)");
  }

  @Test
  void httpCheck_beyondTheLimits_isRefused() {
    Liveness.HttpCheck check = Liveness.httpCheck(URL, SECOND);
    assertThatThrownBy(() -> check.method("get"))
        .hasMessage(
            "check method: \"get\" (expected: GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS)");
    assertThatThrownBy(() -> check.method(null)).hasMessageStartingWith("check method: null");
    assertThatThrownBy(() -> check.body(null)).hasMessageStartingWith("check body: null");
    assertThatThrownBy(() -> check.header("a b", "x"))
        .hasMessage("check header: \"a b\" (expected: a header's name of at most 128 characters)");
    assertThatThrownBy(() -> check.header("", "x")).hasMessageStartingWith("check header: \"\"");
    assertThatThrownBy(() -> check.header("a".repeat(129), "x"))
        .hasMessageStartingWith("check header: ");
    assertThatThrownBy(() -> check.header(null, "x")).hasMessageStartingWith("check header: null");
    assertThatThrownBy(() -> check.header("a", null))
        .hasMessage("check header: null (expected: a value), a");
    assertThatThrownBy(() -> check.header("a", "é")).hasMessageContaining("visible ASCII");
    assertThatThrownBy(() -> check.header("a", "x".repeat(4096)))
        .hasMessage(
            "check headers: 1 values of 4097 bytes (expected: at most 32 of 4096 bytes in all)");
    Liveness.HttpCheck full = check.header("a", "x".repeat(4095));
    assertThat(full.headers().get("A")).hasSize(1);
    Liveness.HttpCheck many = check;
    for (int i = 0; i < 32; i++) {
      many = many.header("a", "x");
    }
    Liveness.HttpCheck most = many;
    assertThatThrownBy(() -> most.header("b", "x")).hasMessageContaining("33 values");
    assertThatThrownBy(check::tlsSkipVerify)
        .hasMessage("check tls: given for a URI without TLS (expected: https://…)");
    Liveness.HttpCheck secure = Liveness.httpCheck(URI.create("https://h/"), SECOND);
    for (String bad : List.of("", "a b", "10.0.0.7", "[::1]")) {
      assertThatThrownBy(() -> secure.tlsServerName(bad)).hasMessageStartingWith("tlsServerName: ");
    }
  }

  @Test
  void grpcCheck_isOfTheWholeServerInPlainText_unlessItSaysOtherwise() {
    HostPort address = new HostPort("h", 1);
    Liveness.GrpcCheck check = Liveness.grpcCheck(address, DAY);
    assertThat(check)
        .isEqualTo(
            new Liveness.GrpcCheck(
                address,
                "",
                Optional.empty(),
                DAY,
                Duration.ofSeconds(5),
                Liveness.DEFAULT_DEREGISTER_AFTER));
    assertThat(check.overTls().tls()).contains(Liveness.Tls.DEFAULT);
    assertThat(
            check
                .tlsServerName("orders.example")
                .overTls()
                .tlsSkipVerify()
                .service("shop.v1.Orders")
                .timeout(SECOND)
                .deregisterAfter(DAY))
        .isEqualTo(
            new Liveness.GrpcCheck(
                address,
                "shop.v1.Orders",
                Optional.of(new Liveness.Tls(Optional.of("orders.example"), true)),
                DAY,
                SECOND,
                DAY));
    assertThat(check.checks()).containsExactly(check);
  }

  @Test
  void grpcCheck_beyondTheLimits_isRefused() {
    Liveness.GrpcCheck check = Liveness.grpcCheck(new HostPort("h", 1), SECOND);
    assertThatThrownBy(() -> check.service("a/b"))
        .hasMessage("check service: \"a/b\" (expected: at most 253 of A-Z a-z 0-9 . _ -)");
    assertThatThrownBy(() -> check.service("a".repeat(254))).hasMessageContaining("254 characters");
    assertThatThrownBy(() -> check.service(null)).hasMessageStartingWith("check service: null");
    assertThatThrownBy(() -> check.timeout(DAY)).hasMessageStartingWith("timeout: ");
    assertThatThrownBy(() -> check.deregisterAfter(DAY.plusNanos(1)))
        .hasMessageStartingWith("deregisterAfter: ");
    assertThatThrownBy(() -> Liveness.grpcCheck(null, SECOND))
        .hasMessageStartingWith("check address: null");
    assertThatThrownBy(() -> Liveness.grpcCheck(new HostPort("h", 1), Duration.ZERO))
        .hasMessageStartingWith("interval: ");
  }

  @Test
  void all_takesTheShortestTimeToRemoval_unlessItSaysOtherwise() {
    Liveness.Check http = Liveness.httpCheck(URL, SECOND).deregisterAfter(DAY);
    Liveness.Check tcp = Liveness.tcpCheck("h", 1, SECOND).deregisterAfter(SECOND);
    Liveness.Checks both = Liveness.all(http, tcp);
    assertThat(both.checks()).containsExactly(http, tcp);
    assertThat(both.deregisterAfter()).isEqualTo(SECOND);
    assertThat(both.deregisterAfter(DAY)).isEqualTo(new Liveness.Checks(List.of(http, tcp), DAY));
    assertThat(Liveness.all(http).deregisterAfter()).isEqualTo(DAY);
    assertThat(Liveness.heartbeat(SECOND).checks()).isEmpty();
    assertThat(Liveness.permanent().checks()).isEmpty();
  }

  @Test
  void all_beyondTheLimits_isRefused() {
    Liveness.Check check = Liveness.tcpCheck("h", 1, SECOND);
    assertThat(new Liveness.Checks(Collections.nCopies(16, check), SECOND).checks()).hasSize(16);
    assertThatThrownBy(() -> new Liveness.Checks(Collections.nCopies(17, check), SECOND))
        .hasMessage("checks: 17 (expected: 1-16)");
    assertThatThrownBy(() -> new Liveness.Checks(List.of(), SECOND))
        .hasMessage("checks: 0 (expected: 1-16)");
    assertThatThrownBy(() -> Liveness.all(check).deregisterAfter(DAY.plusNanos(1)))
        .hasMessageStartingWith("deregisterAfter: ");
    assertThatThrownBy(() -> Liveness.all(null)).hasMessage("check: null (expected: a value)");
    assertThatThrownBy(() -> Liveness.all(check, (Liveness.Check) null))
        .hasMessage("check: null (expected: a value)");
    assertThatThrownBy(() -> new Liveness.Checks(Collections.singletonList(null), SECOND))
        .hasMessage("check: null (expected: a value)");
  }

  @Test
  void permanent_isOneAndTheSame() {
    assertThat(Liveness.permanent()).isSameAs(Liveness.permanent());
    assertThat(Liveness.permanent().deregisterAfter()).isEqualTo(DAY);
  }
}
