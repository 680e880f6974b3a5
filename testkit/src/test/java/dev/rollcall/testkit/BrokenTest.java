package dev.rollcall.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectNestedMethod;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.testkit.engine.EngineExecutionResults;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Events;

/** The tests of the tests: each fault is found by the test of the clause that it breaks. */
class BrokenTest {

  static Stream<Class<?>> faults() {
    return Stream.of(
            BrokenBackends.class,
            BrokenClients.class,
            BrokenFields.class,
            BrokenKeys.class,
            BrokenOutages.class,
            BrokenRegistries.class,
            BrokenStreams.class)
        .flatMap(group -> Stream.of(group.getDeclaredClasses()))
        .filter(fault -> fault.isAnnotationPresent(Breaks.class));
  }

  // Beside each other: most of them wait, for what does not come.
  @Execution(ExecutionMode.CONCURRENT)
  @ParameterizedTest(name = "{0}")
  @MethodSource("faults")
  @DisplayName("a fault is found by its clause's test")
  void aFault_isFoundByItsClausesTest(Class<?> fault) throws Exception {
    Breaks breaks = fault.getAnnotation(Breaks.class);
    for (String method : breaks.tests()) {
      Events tests = run(fault, breaks.group(), method);
      assertThat(tests.started().count()).as("%s ran", method).isPositive();
      List<Throwable> failures =
          tests.failed().stream()
              .flatMap(e -> e.getPayload(TestExecutionResult.class).stream())
              .flatMap(result -> result.getThrowable().stream())
              .toList();
      assertThat(failures).as("failures of %s", method).isNotEmpty();
      assertThat(failures.get(0)).hasMessageContaining("Look at: ");
    }
  }

  private static Events run(Class<?> contract, Class<?> group, String method) {
    EngineExecutionResults results =
        EngineTestKit.engine("junit-jupiter")
            .selectors(
                group.isAssignableFrom(contract)
                    ? selectMethod(contract, method)
                    : selectNestedMethod(List.of(contract), group, method))
            .execute();
    return results.testEvents();
  }
}
