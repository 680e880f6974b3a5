package dev.rollcall.etcd;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.testkit.server.EtcdCluster;
import dev.rollcall.testkit.server.EtcdServer;
import dev.rollcall.testkit.soak.Soak;
import dev.rollcall.testkit.soak.SoakFault;
import dev.rollcall.testkit.soak.SoakReport;
import java.time.Duration;
import java.util.stream.Collectors;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Random operations and faults, and all that must hold of them; as long as the property says. */
@Tag("long")
@Isolated
final class EtcdSoakTest {
  private static final Duration LENGTH =
      Duration.ofMinutes(Long.getLong("rollcall.soak.minutes", 20));

  /** gRPC pings after 10 s, and waits for 5. */
  private static final Duration NOTICES = Duration.ofSeconds(15);

  @ParameterizedTest
  @ValueSource(strings = {"3.4", "3.5"})
  @DisplayName("one server, that is killed, stopped and suspended")
  void oneServer(String version, TestReporter reporter) {
    try (EtcdServer server = EtcdServer.launch(version)) {
      run(
          Soak.on("etcd://127.0.0.1:" + server.port() + "?timeout=4s")
              .fault(SoakFault.of("kill", server::kill, server::start).noticed(NOTICES))
              .fault(SoakFault.of("stop", server::stop, server::start).noticed(NOTICES))
              .fault(SoakFault.of("suspend", server::pause, server::resume).noticed(NOTICES)),
          reporter);
    }
  }

  @Test
  @DisplayName("three servers, that lose members, the leader, and their majority")
  void threeServers(TestReporter reporter) {
    try (EtcdCluster cluster = EtcdCluster.launch("3.5")) {
      String hosts =
          cluster.members().stream()
              .map(member -> "127.0.0.1:" + member.port())
              .collect(Collectors.joining(","));
      Soak soak = Soak.on("etcd://" + hosts + "?timeout=4s");
      for (EtcdServer member : cluster.members()) {
        soak.fault(SoakFault.of("kill a member", member::kill, member::start));
        soak.fault(SoakFault.of("suspend a member", member::pause, member::resume));
      }
      soak.fault(SoakFault.of("kill the leader", () -> cluster.leader().kill(), cluster::start));
      soak.fault(
          SoakFault.of(
              "no majority",
              () -> cluster.members().subList(0, 2).forEach(EtcdServer::kill),
              cluster::start));
      run(soak, reporter);
    }
  }

  private static void run(Soak soak, TestReporter reporter) {
    SoakReport report = soak.lasting(LENGTH).run();

    String said = String.join("\n", report.lines());
    reporter.publishEntry("soak", said);
    assertThat(report.passed()).as(said).isTrue();
  }
}
