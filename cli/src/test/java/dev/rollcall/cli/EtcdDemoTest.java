package dev.rollcall.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Registry;
import dev.rollcall.testkit.server.EtcdExtension;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The same demo, on a real etcd. */
class EtcdDemoTest {
  @RegisterExtension static final EtcdExtension etcd = EtcdExtension.version("3.5");

  @Test
  void demo_onEtcd_losesNobodyAndLeavesNothing() {
    String store = "etcd://127.0.0.1:" + etcd.port() + "/demo-test";
    try (Registry witness = Registry.open(store)) {
      Run run = Run.of("demo", "--backend", store);

      assertThat(run.code()).as(run.err() + run.out()).isZero();
      assertThat(run.out())
          .containsPattern("(?m)^demo: 5 registered, \\d+ changes seen, 1 expired, 0 lost$");
      assertThat(witness.catalog().await(Duration.ofMinutes(1)).services()).isEmpty();
    }
  }
}
