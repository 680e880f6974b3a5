package dev.rollcall.consul;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.testkit.artifact.FirstCalls;
import dev.rollcall.testkit.artifact.WrongClassPath;
import dev.rollcall.testkit.server.ConsulServer;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Class paths on which the client cannot work: each call says so at once, and none is repeated. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
@Tag("inside")
class ConsulClassPathTest {
  /** Nobody answers there, and nobody is asked. */
  private static final String URI = "consul://127.0.0.1:1";

  private static final String SERVICES = "META-INF/services/dev.rollcall.spi.BackendProvider";

  @Test
  @DisplayName("the client or what it stands on is missing: opening says which class")
  void withoutTheClient_openingFails() throws Exception {
    assertOpeningFails("com/orbitz/consul/", "com.orbitz.consul");
    assertOpeningFails("okhttp3/MediaType", "okhttp3.MediaType");
  }

  private static void assertOpeningFails(String missing, String named) throws Exception {
    WrongClassPath wrong = new WrongClassPath().without(path -> path.startsWith(missing));
    assertThat(run(wrong, "open", URI).lines())
        .hasSize(2)
        .allMatch(line -> line.contains(": INVALID: the class path does not fit"))
        .allMatch(line -> line.contains(named))
        .allMatch(line -> line.contains("rollcall-bom"));
  }

  @Test
  @DisplayName("another version of what the client stands on: the first call of each kind says so")
  void withAMemberMissing_everyFirstCallFails() throws Exception {
    String registry = run(withOtherOkHttp("okhttp3.HttpUrl", "newBuilder"), "registry", URI);
    String keys = run(withOtherOkHttp("okhttp3.HttpUrl", "newBuilder"), "keys", URI);
    assertThat(registry.lines()).hasSize(4).allMatch(line -> saysBothJars(line, "newBuilder"));
    assertThat(keys.lines()).hasSize(4).allMatch(line -> saysBothJars(line, "newBuilder"));
  }

  @Test
  @DisplayName("what is missing is only met when the answer comes: the same")
  void withAMemberMissingForAnswers_everyFirstCallFails() throws Exception {
    try (ConsulServer server = ConsulServer.launch()) {
      String uri = "consul://127.0.0.1:" + server.port();
      String registry = run(withOtherOkHttp("okhttp3.ResponseBody", "byteStream"), "registry", uri);
      String keys = run(withOtherOkHttp("okhttp3.ResponseBody", "byteStream"), "keys", uri);
      assertThat(registry.lines()).hasSize(4).allMatch(line -> saysBothJars(line, "byteStream"));
      // Of a key that is not there no body is read.
      assertThat(
              keys.lines().filter(line -> !line.startsWith("get: ") && !line.startsWith("watch: ")))
          .hasSize(2)
          .allMatch(line -> saysBothJars(line, "byteStream"));
    }
  }

  private static WrongClassPath withOtherOkHttp(String className, String member) {
    return new WrongClassPath().renaming(className, member);
  }

  private static boolean saysBothJars(String line, String member) {
    return line.contains(": INVALID: ")
        && line.contains("NoSuchMethodError")
        && line.contains(member)
        && line.matches(".*/okhttp-([0-9.]+)\\.jar \\(version \\1\\).*")
        && line.contains("asked for by dev.rollcall.consul.");
  }

  @Test
  @DisplayName("only what sends a body is broken: a registration fails, look-ups go on")
  void withBodiesMissing_onlyRegistrationsFail() throws Exception {
    try (ConsulServer server = ConsulServer.launch()) {
      WrongClassPath wrong = new WrongClassPath().renaming("okhttp3.RequestBody", "create");
      assertThat(run(wrong, "registry", "consul://127.0.0.1:" + server.port()).lines())
          .satisfiesExactly(
              register ->
                  assertThat(register)
                      .startsWith("register: INVALID: ")
                      .contains("NoSuchMethodError", "RequestBody.create", "okhttp-"),
              snapshot -> assertThat(snapshot).isEqualTo("snapshot: done"),
              await -> assertThat(await).isEqualTo("await: done"),
              all -> assertThat(all).isEqualTo("catalog: done"));
      RawConsul raw = new RawConsul("http://127.0.0.1:" + server.port());
      assertThat(raw.get("agent/services").body()).doesNotContain("orders");
    }
  }

  @Test
  @DisplayName("one jar of all that lost the service file: says so, and how to merge them")
  void withoutTheServiceFile_openingSaysSo() throws Exception {
    assertThat(run(new WrongClassPath().without(SERVICES::equals), "open", URI).lines())
        .hasSize(2)
        .allMatch(line -> line.contains("INVALID: uri: no backend is on the class path"))
        .allMatch(line -> line.contains("rollcall-backend-consul is there, but no " + SERVICES));
  }

  private static String run(WrongClassPath wrong, String method, String uri) throws Exception {
    try (wrong) {
      return wrong.run(FirstCalls.class, method, uri);
    }
  }
}
