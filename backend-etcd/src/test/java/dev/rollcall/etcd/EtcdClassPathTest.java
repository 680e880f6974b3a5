package dev.rollcall.etcd;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.testkit.artifact.FirstCalls;
import dev.rollcall.testkit.artifact.WrongClassPath;
import dev.rollcall.testkit.server.EtcdServer;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Class paths on which the client cannot work: each call says so at once, and none is repeated. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
@Tag("inside")
final class EtcdClassPathTest {
  /** Nobody answers there, and nobody is asked. */
  private static final String URI = "etcd://127.0.0.1:1";

  private static final String SERVICES = "META-INF/services/dev.rollcall.spi.BackendProvider";

  @Test
  @DisplayName("the client is missing: opening says which class, and what to do")
  void withoutTheClient_openingFails() throws Exception {
    String said =
        run(new WrongClassPath().without(path -> path.startsWith("io/etcd/jetcd/")), "open", URI);
    assertThat(said.lines())
        .hasSize(2)
        .allMatch(line -> line.contains(": INVALID: the class path does not fit"))
        .allMatch(line -> line.contains("io.etcd.jetcd"))
        .allMatch(line -> line.contains("rollcall-bom"));
  }

  @Test
  @DisplayName("what the client stands on is missing: the first call of each kind says so")
  void withoutVertx_everyFirstCallFails() throws Exception {
    String registry = run(withoutVertx(), "registry", URI);
    String keys = run(withoutVertx(), "keys", URI);
    assertThat(registry.lines()).hasSize(4).allMatch(EtcdClassPathTest::saysThatVertxIsMissing);
    assertThat(keys.lines()).hasSize(4).allMatch(EtcdClassPathTest::saysThatVertxIsMissing);
  }

  private static WrongClassPath withoutVertx() {
    return new WrongClassPath().without(path -> path.startsWith("io/vertx/core/"));
  }

  private static boolean saysThatVertxIsMissing(String line) {
    return line.matches(
        "\\w+: INVALID: .*NoClassDefFoundError.*io\\.vertx\\.core\\.\\w+.*jetcd-.*\\.jar.*");
  }

  @Test
  @DisplayName("another version of what the client stands on: the member, both jars, the versions")
  void withAMemberMissing_everyFirstCallSaysBothJars() throws Exception {
    String registry = run(withOtherGrpc(), "registry", URI);
    String keys = run(withOtherGrpc(), "keys", URI);
    assertThat(registry.lines()).hasSize(4).allMatch(EtcdClassPathTest::saysBothJars);
    assertThat(keys.lines()).hasSize(4).allMatch(EtcdClassPathTest::saysBothJars);
  }

  private static WrongClassPath withOtherGrpc() {
    return new WrongClassPath().renaming("io.grpc.netty.NettyChannelBuilder", "negotiationType");
  }

  private static boolean saysBothJars(String line) {
    return line.contains(": INVALID: ")
        && line.contains("NoSuchMethodError")
        && line.contains("negotiationType")
        && line.matches(".*/grpc-netty-([0-9.]+)\\.jar \\(version \\1\\).*")
        && line.matches(".*/jetcd-core-([0-9.]+)\\.jar \\(version \\1\\).*");
  }

  @Test
  @DisplayName("only watches are broken: what works goes on, and who waits for a state is told")
  void withTheWatcherMissing_onlyWatchesFail() throws Exception {
    try (EtcdServer server = EtcdServer.launch("3.5")) {
      String uri = "etcd://127.0.0.1:" + server.port();
      assertThat(run(withoutWatchers(), "registry", uri).lines())
          .satisfiesExactly(
              register -> assertThat(register).isEqualTo("register: done"),
              snapshot -> assertThat(snapshot).isEqualTo("snapshot: done"),
              await -> assertThat(await).startsWith("await: INVALID: ").contains("WatcherImpl"),
              all -> assertThat(all).startsWith("catalog: INVALID: ").contains("WatcherImpl"));
      assertThat(run(withoutWatchers(), "keys", uri).lines())
          .satisfiesExactly(
              get -> assertThat(get).isEqualTo("get: done"),
              put -> assertThat(put).isEqualTo("put: done"),
              delete -> assertThat(delete).isEqualTo("delete: done"),
              watch -> assertThat(watch).startsWith("watch: INVALID: ").contains("WatcherImpl"));
    }
  }

  private static WrongClassPath withoutWatchers() {
    return new WrongClassPath().without("io/etcd/jetcd/impl/WatchImpl$WatcherImpl.class"::equals);
  }

  @Test
  @DisplayName("one jar of all that lost the service file: says so, and how to merge them")
  void withoutTheServiceFile_openingSaysSo() throws Exception {
    assertThat(run(new WrongClassPath().without(SERVICES::equals), "open", URI).lines())
        .hasSize(2)
        .allMatch(line -> line.contains("INVALID: uri: no backend is on the class path"))
        .allMatch(line -> line.contains("rollcall-backend-etcd is there, but no " + SERVICES));
  }

  private static String run(WrongClassPath wrong, String method, String uri) throws Exception {
    try (wrong) {
      return wrong.run(FirstCalls.class, method, uri);
    }
  }
}
