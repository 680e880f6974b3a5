package dev.rollcall.server.dependencies;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.rollcall.HostPort;
import dev.rollcall.RegistryException;
import dev.rollcall.server.dependencies.DependencyRequest.MalformedException;
import dev.rollcall.server.outbound.CallTarget;
import java.nio.charset.StandardCharsets;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DependencyRequestTest {
  private static final String GOOD =
      "{'ServiceName':'LogService','ServiceURL':'http://localhost:4000','RequiredServices':['GradingService'],"
          + "'ServiceUpdateURL':'http://localhost:4000/services','HeartbeatURL':'http://localhost:4000/heartbeat'}";

  @Test
  void parse_whatClientsSend() throws Exception {
    DependencyRequest request = parse(GOOD);

    assertThat(request.url()).isEqualTo("http://localhost:4000");
    assertThat(request.required()).containsExactly("GradingService");
    assertThat(request.heartbeat())
        .isEqualTo(new CallTarget(false, new HostPort("localhost", 4000), "/heartbeat"));
    assertThat(request.update())
        .contains(new CallTarget(false, new HostPort("localhost", 4000), "/services"));
    assertThat(request.instance().service()).isEqualTo("LogService");
    assertThat(request.instance().id()).startsWith("localhost:4000-").hasSize(31);
    assertThat(request.instance().port()).isEqualTo(4000);
    assertThat(request.instance().tags()).containsExactly("dependencies");
    assertThat(request.instance().metadata()).containsEntry("url", "http://localhost:4000");
  }

  @Test
  void parse_noRequirements_needsNoUpdateUrl() throws Exception {
    DependencyRequest request =
        parse(
            "{'ServiceName':'a','ServiceURL':'https://[::1]:1/x','RequiredServices':null,"
                + "'HeartbeatURL':'http://h/','Unknown':{'a':[1,2]}}");

    assertThat(request.required()).isEmpty();
    assertThat(request.update()).isEmpty();
    assertThat(request.instance().scheme()).isEqualTo("https");
    assertThat(request.instance().host()).isEqualTo("::1");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "null",
        "[]",
        "'text'",
        "{",
        "{}",
        "{'ServiceName':'a'}",
        "{'ServiceName':'a','ServiceName':'b','ServiceURL':'http://h','HeartbeatURL':'http://h'}",
        "{'ServiceName':1,'ServiceURL':'http://h','HeartbeatURL':'http://h'}",
        "{'ServiceName':null,'ServiceURL':'http://h','HeartbeatURL':'http://h'}",
        "{'ServiceName':['a'],'ServiceURL':'http://h','HeartbeatURL':'http://h'}",
        "{'ServiceName':'a','ServiceURL':{},'HeartbeatURL':'http://h'}",
        "{'ServiceName':'a','ServiceURL':'http://h','HeartbeatURL':true}",
        "{'ServiceName':'a','ServiceURL':'http://h','HeartbeatURL':'http://h','RequiredServices':'b'}",
        "{'ServiceName':'a','ServiceURL':'http://h','HeartbeatURL':'http://h','RequiredServices':[1]}",
        "{'ServiceName':'a','ServiceURL':'http://h','HeartbeatURL':'http://h','RequiredServices':['b']}",
        "{'ServiceName':'a','ServiceURL':'http://h','HeartbeatURL':'http://h'}x",
        "{'ServiceName':'a','ServiceURL':'http://h','HeartbeatURL':'http://h'}{}",
        "{'ServiceName':'a/b','ServiceURL':'http://h','HeartbeatURL':'http://h'}",
        "{'ServiceName':'..','ServiceURL':'http://h','HeartbeatURL':'http://h'}",
        "{'ServiceName':'a\\r\\nb','ServiceURL':'http://h','HeartbeatURL':'http://h'}",
        "{'ServiceName':'a\\u0000','ServiceURL':'http://h','HeartbeatURL':'http://h'}",
        "{'ServiceName':'\\ud800','ServiceURL':'http://h','HeartbeatURL':'http://h'}",
        "{'ServiceName':'a','X':1e999999,'ServiceURL':'http://h'}"
      })
  void parse_malformed_refused(String json) {
    assertThatThrownBy(() -> parse(json)).isInstanceOf(MalformedException.class);
  }

  @Test
  void parse_deep_refused() {
    assertThatThrownBy(() -> parse("{'X':" + "[".repeat(10_000) + "]".repeat(10_000) + "}"))
        .isInstanceOf(MalformedException.class);
  }

  @Test
  void parse_longName_refused() {
    assertThatThrownBy(() -> parse(GOOD.replace("LogService", "x".repeat(300))))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("service: xxx");
  }

  @Test
  void parse_noUtf8_refused() {
    byte[] invalid = GOOD.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    invalid[20] = (byte) 0xff;
    assertThatThrownBy(() -> DependencyRequest.parse(invalid))
        .isInstanceOf(MalformedException.class)
        .hasMessage("body: (expected: UTF-8)");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "file:///etc/passwd",
        "gopher://h/",
        "http://user@h/",
        "http://2130706433/",
        "http://h/\\r\\nHost: x",
        ""
      })
  void parse_heartbeatUrlThatIsNone_refused(String url) {
    assertThatThrownBy(() -> parse(GOOD.replace("http://localhost:4000/heartbeat", url)))
        .isInstanceOf(RegistryException.class)
        .hasMessageStartingWith("HeartbeatURL: ");
  }

  @Test
  void parse_tooManyRequired_refused() {
    assertThatThrownBy(() -> parse(GOOD.replace("'GradingService'", names(257))))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("at most 256");
  }

  @Test
  void parse_asManyRequiredAsAllowed() throws Exception {
    assertThat(parse(GOOD.replace("'GradingService'", names(256))).required()).hasSize(256);
  }

  private static String names(int count) {
    return IntStream.range(0, count).mapToObj(i -> "'s" + i + "'").collect(Collectors.joining(","));
  }

  private static DependencyRequest parse(String json) throws MalformedException {
    return DependencyRequest.parse(json.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
  }
}
