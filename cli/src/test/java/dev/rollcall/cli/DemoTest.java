package dev.rollcall.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Change;
import dev.rollcall.Health;
import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class DemoTest {
  private static final Pattern CLOSING =
      Pattern.compile(
          "(?m)^demo: (\\d+) registered, (\\d+) changes seen, (\\d+) expired, (\\d+) lost$");
  private static final Pattern CHANGE = Pattern.compile("(?m)^  [+~-] \\S+ .* ms$");

  private final String store = "memory:demo-test-" + UUID.randomUUID();

  @Test
  void demo_countsWhatItPrintsAndLeavesNothing() {
    try (Registry witness = Registry.open(store)) {
      Run run = Run.of("demo", "--backend", store);

      assertThat(run.err()).isEmpty();
      assertThat(run.code()).isZero();
      Matcher closing = closing(run);
      assertThat(closing.group(1)).isEqualTo("5");
      assertThat(closing.group(2))
          .isEqualTo(Long.toString(CHANGE.matcher(run.out()).results().count()));
      assertThat(closing.group(3)).isEqualTo("1");
      assertThat(closing.group(4)).isEqualTo("0");
      assertThat(run.out()).contains("answers: 200 hello from", "orders-3 0", "tags v1 -> v1,v2");
      assertThat(run.out().lines()).allMatch(line -> line.length() <= 100);
      assertThat(witness.catalog().await(Duration.ofMinutes(1)).services()).isEmpty();
    }
  }

  @Test
  void defaultStore_isSharedByTheTwoClientsOfTheDemo() {
    Run run = Run.of("demo");

    assertThat(run.err()).isEmpty();
    assertThat(run.code()).isZero();
    assertThat(run.out()).startsWith("Rollcall demo on memory:demo-");
  }

  @Test
  void instanceThatSomebodyElseTakesOver_countsAsLost() {
    try (Registry thief = Registry.open(store)) {
      List<Registration> loot = new CopyOnWriteArrayList<>();
      thief
          .catalog()
          .watch(
              catalog -> {
                for (Change change : catalog.changes().values()) {
                  // By now the demo has confirmed payments-1.
                  if (ids(change.all().added()).contains("payments-2")) {
                    loot.add(takeOver(thief, change.service(), "payments-1"));
                  }
                  // By now it has called the roll, and wants to see payments-1 gone.
                  if (ids(change.all().removed()).contains("orders-1")) {
                    loot.forEach(Registration::close);
                  }
                }
              });

      Run run = Run.of("demo", "--backend", store);

      assertThat(run.code()).isEqualTo(1);
      assertThat(closing(run).group(4)).isEqualTo("1");
    }
  }

  private static List<String> ids(List<ServiceInstance> instances) {
    return instances.stream().map(ServiceInstance::id).toList();
  }

  private static Registration takeOver(Registry thief, String service, String id) {
    ServiceInstance instance =
        ServiceInstance.builder(service)
            .id(id)
            .address("127.0.0.1", 1)
            .health(Health.CRITICAL)
            .build();
    return thief.register(instance, Liveness.permanent()).join();
  }

  @Test
  void unavailableStore_isSaidInOneSentence() {
    Run run = Run.of("demo", "--backend", "down:", "--deadline", "1");

    assertThat(run.code()).isEqualTo(1);
    assertThat(run.err())
        .startsWith("rollcall: service demo-orders-")
        .contains("connection refused")
        .hasLineCount(1);
  }

  @Test
  void deadlineOutOfRange_isAWrongCommandLine() {
    assertThat(List.of(Run.of("demo", "--deadline", "0"), Run.of("demo", "--deadline", "301")))
        .allSatisfy(
            run -> {
              assertThat(run.code()).isEqualTo(2);
              assertThat(run.err()).contains("expected: 1-300");
            });
  }

  private static Matcher closing(Run run) {
    Matcher closing = CLOSING.matcher(run.out());
    assertThat(closing.find()).as("the closing line of%n%s%s", run.out(), run.err()).isTrue();
    return closing;
  }
}
