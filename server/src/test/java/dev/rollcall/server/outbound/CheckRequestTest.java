package dev.rollcall.server.outbound;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.linecorp.armeria.common.HttpMethod;
import dev.rollcall.RegistryException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CheckRequestTest {
  private static final int MAX_HEADERS = 32;
  private static final int MAX_HEADER_BYTES = 4 * 1024;
  private static final int MAX_BODY_BYTES = 16 * 1024;

  @Test
  void of_nothing_isAPlainGet() {
    assertThat(CheckRequest.of("", Map.of(), "")).isEqualTo(CheckRequest.GET);
  }

  @ParameterizedTest
  @CsvSource({"get,GET", "Head,HEAD", "POST,POST", "patch,PATCH", "DELETE,DELETE"})
  void of_method_inAnyCase(String given, HttpMethod expected) {
    assertThat(CheckRequest.of(given, Map.of(), "").method()).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(strings = {"CONNECT", "TRACE", "FETCH", "GET /x", "GET\r\nHost: a", " "})
  void of_otherMethod_isRefused(String method) {
    assertThatThrownBy(() -> CheckRequest.of(method, Map.of(), ""))
        .isInstanceOf(RegistryException.class)
        .hasMessageStartingWith("check method: \"")
        .hasMessageContaining("(expected: GET, HEAD");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Host",
        "host",
        "Connection",
        "Content-Length",
        "TRANSFER-ENCODING",
        "TE",
        "Upgrade",
        "Proxy-Authorization",
        "Expect",
        "Trailer",
        "Keep-Alive",
        "HTTP2-Settings"
      })
  void of_headerBetweenCentreAndTarget_isRefused(String name) {
    refused(
        "check header: \"" + name + "\" (expected: none that belongs",
        Map.of(name, List.of("x")),
        "");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a b", "a:b", ":path", "a\r\nb", "ü"})
  void of_nameThatIsNone_isRefused(String name) {
    refused("check header: \"", Map.of(name, List.of("x")), "");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a\r\nInjected: yes", "a\nb", "a\rb", "a\0b", "\u007f", "ü"})
  void of_valueOfMoreThanALine_isRefused_andNotShown(String value) {
    assertThatThrownBy(() -> CheckRequest.of("", Map.of("X-Secret", List.of(value)), ""))
        .hasMessage(
            "check header: the value of \"X-Secret\" (expected: visible ASCII, in one line)");
  }

  @Test
  void of_tooManyHeaders_isRefused() {
    Map<String, List<String>> most = new LinkedHashMap<>();
    for (int i = 0; i < MAX_HEADERS; i++) {
      most.put("h" + i, List.of("v"));
    }
    assertThat(CheckRequest.of("", most, "").headers().size()).isEqualTo(MAX_HEADERS);

    most.put("one-more", List.of("v"));
    refused("check headers: 33 values of ", most, "");
    refused("check headers: 33 values of ", Map.of("same", Collections.nCopies(33, "v")), "");
  }

  @Test
  void of_tooLongHeaders_isRefused() {
    String value = "v".repeat(MAX_HEADER_BYTES - 1);
    assertThat(CheckRequest.of("", Map.of("h", List.of(value)), "").headers().get("h"))
        .isEqualTo(value);

    refused("check headers: 1 values of 4097 bytes", Map.of("h2", List.of(value)), "");
  }

  @Test
  void of_tooLongBody_isRefused() {
    String longest = "x".repeat(MAX_BODY_BYTES);
    assertThat(CheckRequest.of("", Map.of(), longest).body().size()).isEqualTo(longest.length());

    refused("check body: 16385 bytes (expected: at most 16384)", Map.of(), longest + "x");
    refused("check body: 16385 bytes", Map.of(), longest.substring(1) + "ü");
  }

  @Test
  void toString_showsNoSecret() {
    assertThat(CheckRequest.of("POST", Map.of("Authorization", List.of("secret")), "secret"))
        .asString()
        .isEqualTo("POST request");
  }

  private static void refused(String message, Map<String, List<String>> headers, String body) {
    assertThatThrownBy(() -> CheckRequest.of("", headers, body))
        .isInstanceOf(RegistryException.class)
        .hasMessageStartingWith(message)
        .hasMessageContaining("(expected: ");
  }
}
