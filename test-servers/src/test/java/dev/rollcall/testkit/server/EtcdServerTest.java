package dev.rollcall.testkit.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(NoProcessLeft.class)
@Timeout(120)
class EtcdServerTest {
  @ParameterizedTest
  @ValueSource(strings = {"3.4", "3.5"})
  void start_servesTheWantedVersion(String line) throws Exception {
    try (EtcdServer server = EtcdServer.launch(line)) {
      assertThat(server.binary().version()).startsWith(line + ".");
      assertThat(server.endpoint()).isEqualTo("http://127.0.0.1:" + server.port());
      assertThat(ProcessHandle.of(server.pid())).isPresent();
      Etcd etcd = new Etcd(server.endpoint());
      assertThat(etcd.put("k", "v")).as("the first revision of all").contains("\"revision\":\"2\"");
      assertThat(etcd.get("k")).isEqualTo("v");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"3.4", "3.5"})
  void killAndStop_keepPortAndData_wipeLosesData(String line) throws Exception {
    try (EtcdServer server = EtcdServer.launch(line)) {
      Etcd etcd = new Etcd(server.endpoint());
      etcd.put("k", "v1");
      long first = server.pid();

      server.kill();
      assertThat(server.isRunning()).isFalse();
      assertThat(ProcessHandle.of(first)).isEmpty();
      assertThatThrownBy(() -> etcd.get("k")).isInstanceOf(IOException.class);
      server.start();
      assertThat(server.pid()).isNotEqualTo(first);
      assertThat(etcd.get("k")).isEqualTo("v1");

      etcd.put("k", "v2");
      server.stop();
      server.start();
      assertThat(etcd.get("k")).isEqualTo("v2");

      server.kill();
      server.wipe();
      server.start();
      assertThat(etcd.get("k")).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"3.4", "3.5"})
  void pause_silencesWithoutClosing_resumeGoesOn(String line) throws Exception {
    try (EtcdServer server = EtcdServer.launch(line)) {
      Etcd etcd = new Etcd(server.endpoint());
      etcd.put("k", "v");

      server.pause();
      server.pause();
      assertThat(server.isRunning()).isTrue();
      assertThatThrownBy(() -> etcd.get("k"))
          .isInstanceOf(java.net.http.HttpTimeoutException.class);
      assertThatThrownBy(server::start)
          .hasMessageContaining("paused (expected: stopped or running");
      server.resume();
      await().ignoreExceptions().untilAsserted(() -> assertThat(etcd.get("k")).isEqualTo("v"));

      server.pause();
      server.stop();
      server.start();
      server.pause();
      server.kill();
      server.start();
      assertThat(etcd.get("k")).isEqualTo("v");
    }
  }

  @Test
  void start_whereItRuns_doesNothing() {
    try (EtcdServer server = EtcdServer.launch("3.5")) {
      long pid = server.pid();
      server.start();
      assertThat(server.pid()).isEqualTo(pid);
    }
  }

  @Test
  void wrongState_isRefused() {
    EtcdServer server = EtcdServer.launch("3.5");
    try (server) {
      assertThatThrownBy(server::wipe).hasMessage(server.name() + ": running (expected: stopped)");
      assertThatThrownBy(server::tlsEndpoint).hasMessageContaining("no certificate");
      server.kill();
      server.kill();
      server.stop();
      assertThatThrownBy(server::pid).hasMessage(server.name() + ": stopped (expected: running)");
      assertThatThrownBy(server::pause).isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(server::resume).isInstanceOf(IllegalStateException.class);
    }
    server.close();
    assertThat(server.logTail()).isEmpty();
    assertThat(server.logFile().getParent()).doesNotExist();
    assertThatThrownBy(server::start).hasMessageContaining("closed (expected:");
  }

  @Test
  void failedStart_showsTheLog_andLeavesNothing() {
    assertThatThrownBy(() -> EtcdServer.builder("3.5").argument("--no-such-flag=1").launch())
        .isInstanceOf(ServerException.class)
        .hasMessageContaining("ended with exit code")
        .hasMessageContaining("no-such-flag");
    assertThat(NoProcessLeft.children()).isEmpty();
  }

  @Test
  void lateStart_isGivenUp() {
    EtcdServerBuilder builder =
        EtcdServer.builder("3.5")
            .argument("--initial-cluster=a=http://127.0.0.1:1")
            .argument("--discovery-srv-name=none")
            .startTimeout(Duration.ofMillis(1));
    assertThatThrownBy(builder::launch).isInstanceOf(ServerException.class);
    assertThat(NoProcessLeft.children()).isEmpty();
  }

  @Test
  void badOptions_areRefused() {
    EtcdServerBuilder builder = EtcdServer.builder("3.5");
    assertThatThrownBy(() -> builder.argument("x"))
        .hasMessage("argument: x (expected: --name=value)");
    assertThatThrownBy(() -> builder.startTimeout(Duration.ZERO))
        .hasMessage("timeout: PT0S (expected: more than 0)");
    assertThatThrownBy(() -> builder.launchCluster(2))
        .hasMessage("members: 2 (expected: 3, 5 or 7)");
  }

  @Test
  void portInUse_isTriedAgainWithOthers() throws Exception {
    ServerBinary binary = ServerBinary.etcd("3.5");
    EtcdServerBuilder.Config config =
        new EtcdServerBuilder.Config(List.of(), false, Duration.ofSeconds(30));
    int[] attempts = {0};
    try (ServerSocket thief = new ServerSocket()) {
      EtcdServer started =
          PortLease.retryOnClash(
              () -> {
                PortLease ports = PortLease.of(3);
                if (attempts[0]++ == 0) {
                  occupy(thief, ports.port(0));
                }
                EtcdServer server =
                    new EtcdServer(
                        config,
                        binary,
                        ports,
                        new EtcdServer.Membership(
                            EtcdServer.memberName(ports) + "=" + EtcdServer.peerAddress(ports),
                            "t",
                            250));
                try {
                  server.start();
                  return server;
                } catch (ServerException e) {
                  server.close();
                  throw e;
                }
              });
      try (started) {
        assertThat(attempts[0]).isEqualTo(2);
        assertThat(new Etcd(started.endpoint()).put("k", "v")).contains("revision");
      }
    }
  }

  private static void occupy(ServerSocket thief, int port) {
    try {
      thief.bind(Loopback.address(port));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void restart_withAuthentication_countsAsServing() throws Exception {
    try (EtcdServer server = EtcdServer.launch("3.5")) {
      Etcd etcd = new Etcd(server.endpoint());
      etcd.post("/v3/auth/user/add", "{\"name\":\"root\",\"password\":\"secret\"}");
      etcd.post("/v3/auth/role/add", "{\"name\":\"root\"}");
      etcd.post("/v3/auth/user/grant", "{\"user\":\"root\",\"role\":\"root\"}");
      etcd.post("/v3/auth/enable", "{}");
      assertThatThrownBy(() -> etcd.put("k", "v")).hasMessageContaining("user name is empty");

      server.kill();
      server.start();

      assertThatThrownBy(() -> etcd.put("k", "v")).hasMessageContaining("user name is empty");
    }
  }

  @Test
  void restart_whereTheQuotaIsUsedUp_countsAsServing() throws Exception {
    try (EtcdServer server =
        EtcdServer.builder("3.5").argument("--quota-backend-bytes=1000000").launch()) {
      Etcd etcd = new Etcd(server.endpoint());
      String value = "x".repeat(100_000);
      await()
          .until(
              () -> {
                try {
                  etcd.put("k", value);
                  return false;
                } catch (IOException full) {
                  return full.getMessage().contains("space exceeded");
                }
              });

      server.kill();
      server.start();

      assertThat(etcd.get("k")).isEqualTo(value);
    }
  }

  @Test
  void tls_isServedOnAPortOfItsOwn(@TempDir Path folder) throws Exception {
    Certificates certificates = Certificates.in(folder);
    EtcdServerBuilder builder =
        EtcdServer.builder("3.5").tls(certificates.certificate(), certificates.key());
    try (EtcdServer server = builder.launch()) {
      assertThat(certificates.get(server.tlsEndpoint() + "/health")).contains("true");
      assertThat(new Etcd(server.endpoint()).put("k", "v")).contains("revision");
    }
    try (EtcdServer server = builder.clientAuthority(certificates.certificate()).launch()) {
      certificates.assertRefusedAt(server.tlsEndpoint() + "/health");
    }
  }

  @Test
  void exitOfTheJvm_endsServerAndFolder(@TempDir Path folder) {
    ChildJvm jvm = ChildJvm.start(LaunchAndExit.class, Map.of(), folder.resolve("printed"));

    String[] printed = jvm.output().split(" ", 2);

    assertThat(ProcessHandle.of(Long.parseLong(printed[0]))).isEmpty();
    assertThat(Path.of(printed[1]).getParent()).doesNotExist();
  }

  /** Runs in a JVM of its own, and does not close its server. */
  static final class LaunchAndExit {
    public static void main(String[] arguments) {
      EtcdServer server = EtcdServer.launch("3.5");
      System.out.println(server.pid() + " " + server.logFile());
      System.exit(0);
    }
  }
}
