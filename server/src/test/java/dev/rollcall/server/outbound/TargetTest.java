package dev.rollcall.server.outbound;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.rollcall.HostPort;
import dev.rollcall.RegistryException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TargetTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "localhost:4000",
        "//localhost/x",
        "/x",
        "file:///etc/passwd",
        "jar:file:///x!/y",
        "gopher://localhost:70/1",
        "ftp://localhost/x",
        "http:localhost",
        "http:///x",
        "http://",
        "http://user@localhost/",
        "http://user:password@localhost/",
        "http://0x7f000001/",
        "http://0x7f.0.0.1/",
        "http://2130706433/",
        "http://017700000001/",
        "http://0177.0.0.1/",
        "http://127.1/",
        "http://127.0.0.256/",
        "http://[::1/",
        "http://[::ffff:127.0.0.3333333333333333331]:80/",
        "http://[fe80::1%25eth0]/",
        "http://localhost:0/",
        "http://localhost:65536/",
        "http://localhost:-1/",
        "http://local host/",
        "http://localhost/a b",
        "http://localhost/\r\nX: y",
        "http://localhost/ä",
        "http://localhost./",
        "http://①②⑦.0.0.1/",
        "http://localhost/\u0000"
      })
  void parse_noUrlToCall_refused(String url) {
    assertThatThrownBy(() -> CallTarget.parse("HeartbeatURL", url))
        .isInstanceOfSatisfying(
            RegistryException.class,
            refused -> assertThat(refused.kind()).isEqualTo(RegistryException.Kind.INVALID))
        .hasMessageStartingWith("HeartbeatURL: \"")
        .hasMessageNotContaining("\r");
  }

  @Test
  void parse_tooLong_refusedAndShortened() {
    assertThatThrownBy(() -> CallTarget.parse("url", "http://localhost/" + "x".repeat(500)))
        .hasMessageStartingWith("url: \"http://localhost/xxx")
        .message()
        .hasSizeLessThan(250);
  }

  @Test
  void parse_takesTheParts() {
    assertThat(CallTarget.parse("u", "http://localhost:4000/heartbeat?a=b%20c#d"))
        .isEqualTo(new CallTarget(false, new HostPort("localhost", 4000), "/heartbeat?a=b%20c"));
    assertThat(CallTarget.parse("u", "HTTPS://[::1]"))
        .isEqualTo(new CallTarget(true, new HostPort("::1", 443), "/"));
    assertThat(CallTarget.parse("u", "http://10.0.0.1?x"))
        .isEqualTo(new CallTarget(false, new HostPort("10.0.0.1", 80), "/?x"));
  }
}
