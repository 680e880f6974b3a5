package dev.rollcall.testkit.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.EventType;
import org.junit.platform.testkit.engine.Events;

@ExtendWith(NoProcessLeft.class)
@Timeout(120)
class ServerExtensionTest {
  private static final String FAIL = "rollcall.test.fail";
  private static final Set<Long> PIDS = new HashSet<>();

  @Test
  void server_isSharedWithNestedClasses_andClosedAfterwards() {
    PIDS.clear();
    Events tests = run(Shared.class);

    tests.assertStatistics(statistics -> statistics.started(3).succeeded(3));
    assertThat(PIDS).hasSize(1);
    assertThat(NoProcessLeft.children()).isEmpty();
    assertThatThrownBy(Shared.consul::server)
        .hasMessageContaining("expected: a static @RegisterExtension field");
  }

  @Test
  void failure_showsTheEndOfTheLog() {
    Events tests = run(Failing.class);

    Throwable failure =
        tests.stream()
            .filter(event -> event.getType() == EventType.FINISHED)
            .flatMap(event -> event.getPayload(TestExecutionResult.class).stream())
            .flatMap(result -> result.getThrowable().stream())
            .findFirst()
            .orElseThrow();
    assertThat(failure).hasMessage("on purpose");
    assertThat(failure.getSuppressed())
        .anyMatch(suppressed -> suppressed.getMessage().contains("at the end of its log:\n"));
  }

  private static Events run(Class<?> testClass) {
    System.setProperty(FAIL, "true");
    try {
      return EngineTestKit.engine("junit-jupiter")
          .selectors(selectClass(testClass))
          .execute()
          .testEvents();
    } finally {
      System.clearProperty(FAIL);
    }
  }

  static class Shared {
    @RegisterExtension static final ConsulExtension consul = ConsulExtension.create();

    @Test
    void first() {
      serve();
    }

    @Test
    void second() {
      serve();
    }

    private static void serve() {
      PIDS.add(consul.server().pid());
      assertThat(Http.get(consul.endpoint() + "/v1/status/leader", Map.of())).isPresent();
      assertThat(consul.endpoint()).endsWith(":" + consul.port());
    }

    @Nested
    class Inner {
      @Test
      void third() {
        serve();
      }
    }
  }

  static class Failing {
    @RegisterExtension static final EtcdExtension etcd = EtcdExtension.version("3.4");

    @Test
    void fails() {
      if (Boolean.getBoolean(FAIL)) {
        throw new AssertionError("on purpose");
      }
    }
  }
}
