package dev.rollcall.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Registry;
import dev.rollcall.testkit.server.ConsulExtension;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The same demo, on a real Consul. */
class ConsulDemoTest {
  @RegisterExtension static final ConsulExtension consul = ConsulExtension.create();

  @Test
  void demo_onConsul_losesNobodyAndLeavesNothing() {
    String store = "consul://127.0.0.1:" + consul.port();
    try (Registry witness = Registry.open(store)) {
      Run run = Run.of("demo", "--backend", store);

      assertThat(run.code()).as(run.err() + run.out()).isZero();
      assertThat(run.out())
          .containsPattern("(?m)^demo: 5 registered, \\d+ changes seen, 1 expired, 0 lost$");
      assertThat(witness.catalog().await(Duration.ofMinutes(1)).services())
          .containsExactly("consul"); // the agent lists itself
    }
  }
}
