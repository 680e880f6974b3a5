package dev.rollcall.testkit.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoProcessLeft.class)
@Timeout(120)
class ConsulServerTest {
  private static final String TOKEN = "11111111-2222-3333-4444-555555555555";

  @Test
  void development_forgetsOnRestart() {
    try (ConsulServer server = ConsulServer.launch()) {
      Consul.put(server, "k", "v");
      assertThat(Consul.get(server, "k")).contains("v");

      server.kill();
      assertThat(Http.get(server.endpoint() + "/v1/status/leader", Map.of())).isEmpty();
      server.start();

      assertThat(Consul.get(server, "k")).isEmpty();
    }
  }

  @Test
  void persistent_keepsAcrossKillAndStop_wipeLoses() {
    try (ConsulServer server = ConsulServer.builder().persistent().launch()) {
      Consul.put(server, "k", "v1");
      server.kill();
      server.start();
      assertThat(Consul.get(server, "k")).contains("v1");

      Consul.put(server, "k", "v2");
      server.stop();
      server.start();
      assertThat(Consul.get(server, "k")).contains("v2");

      server.kill();
      server.wipe();
      server.start();
      assertThat(Consul.get(server, "k")).isEmpty();
    }
  }

  @Test
  void pause_silencesWithoutClosing_resumeGoesOn() {
    try (ConsulServer server = ConsulServer.launch()) {
      Consul.put(server, "k", "v");
      server.pause();
      assertThat(Http.get(server.endpoint() + "/v1/kv/k", Map.of())).isEmpty();
      server.resume();
      await()
          .ignoreExceptions()
          .untilAsserted(() -> assertThat(Consul.get(server, "k")).contains("v"));
    }
  }

  @Test
  void accessControl_hidesFromStrangers() {
    try (ConsulServer server = ConsulServer.builder().accessControl(TOKEN).launch()) {
      String services = server.endpoint() + "/v1/catalog/services";
      assertThat(Http.get(services, Map.of()).orElseThrow().body().strip()).isEqualTo("{}");
      assertThat(Http.get(services, Map.of("X-Consul-Token", TOKEN)).orElseThrow().body())
          .contains("consul");
    }
  }

  @Test
  void tls_isServedOnAPortOfItsOwn(@TempDir Path folder) throws Exception {
    Certificates certificates = Certificates.in(folder);
    ConsulServerBuilder builder =
        ConsulServer.builder().tls(certificates.certificate(), certificates.key());
    try (ConsulServer server = builder.launch()) {
      assertThat(certificates.get(server.tlsEndpoint() + "/v1/status/leader"))
          .contains("127.0.0.1");
    }
    try (ConsulServer server = builder.clientAuthority(certificates.certificate()).launch()) {
      certificates.assertRefusedAt(server.tlsEndpoint() + "/v1/status/leader");
    }
  }

  @Test
  void failedStart_showsTheLog_andLeavesNothing() {
    assertThatThrownBy(() -> ConsulServer.builder().hcl("no_such_setting=1").launch())
        .isInstanceOf(ServerException.class)
        .hasMessageContaining("ended with exit code")
        .hasMessageContaining("no_such_setting");
    assertThat(NoProcessLeft.children()).isEmpty();
  }

  @Test
  void badOptions_areRefused() {
    ConsulServerBuilder builder = ConsulServer.builder();
    assertThatThrownBy(() -> builder.accessControl("secret"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> builder.version("one")).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> builder.launchCluster(4))
        .hasMessage("members: 4 (expected: 3, 5 or 7)");
  }

  @Test
  void newerVersions_areToldInTheirOwnWords() {
    ServerBinary newer = new ServerBinary(Path.of("/consul"), "1.20.1", "PATH");
    ConsulServerBuilder.Config config =
        new ConsulServerBuilder.Config(
            List.of("limits{}"),
            TOKEN,
            false,
            List.of("cert_file=\"c\"", "key_file=\"k\""),
            "ca",
            Duration.ofSeconds(1));
    try (ConsulServer server = new ConsulServer(config, newer, PortLease.of(4), List.of(1))) {
      assertThat(server.arguments())
          .contains(
              "-grpc-tls-port=-1",
              "-hcl=limits{}",
              "-hcl=tls{https{cert_file=\"c\" key_file=\"k\" ca_file=\"ca\" verify_incoming=true}}",
              "-hcl=acl{enabled=true default_policy=\"deny\" tokens{initial_management=\""
                  + TOKEN
                  + "\" agent=\""
                  + TOKEN
                  + "\"}}");
    }
  }
}
