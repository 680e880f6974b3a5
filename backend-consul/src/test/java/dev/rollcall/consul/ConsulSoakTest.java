package dev.rollcall.consul;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.testkit.server.ConsulServer;
import dev.rollcall.testkit.soak.Soak;
import dev.rollcall.testkit.soak.SoakFault;
import dev.rollcall.testkit.soak.SoakReport;
import java.time.Duration;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.parallel.Isolated;

/** Random operations and faults, and all that must hold of them; as long as the property says. */
@Tag("long")
@Isolated
class ConsulSoakTest {
  private static final Duration LENGTH =
      Duration.ofMinutes(Long.getLong("rollcall.soak.minutes", 20));

  /** 17/16 of a wait of 1 s, and 2 s; the calls' own timeout is longer. */
  private static final Duration NOTICES = Duration.ofSeconds(5);

  @Test
  @DisplayName("a development agent, which forgets everything when it is killed")
  void developmentAgent(TestReporter reporter) {
    try (ConsulServer server = ConsulServer.launch()) {
      run(
          server,
          SoakFault.of("kill", server::kill, server::start).noticed(NOTICES).losingData(),
          reporter);
    }
  }

  @Test
  @DisplayName("a server with a data folder")
  void persistentServer(TestReporter reporter) {
    try (ConsulServer server = ConsulServer.builder().persistent().launch()) {
      run(server, SoakFault.of("kill", server::kill, server::start).noticed(NOTICES), reporter);
    }
  }

  private static void run(ConsulServer server, SoakFault kill, TestReporter reporter) {
    SoakReport report =
        Soak.on("consul://127.0.0.1:" + server.port() + "?wait=1s&timeout=4s")
            .fault(kill)
            .fault(SoakFault.of("suspend", server::pause, server::resume).noticed(NOTICES))
            .lasting(LENGTH)
            .run();

    String said = String.join("\n", report.lines());
    reporter.publishEntry("soak", said);
    assertThat(report.passed()).as(said).isTrue();
  }
}
