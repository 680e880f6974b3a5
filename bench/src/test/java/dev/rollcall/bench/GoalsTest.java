package dev.rollcall.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.bench.Goal.Outcome;
import dev.rollcall.bench.fleet.Scenario;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class GoalsTest {
  private static final String PEERS = "peers.";

  @Test
  @DisplayName("The goal table of the documentation and the one that is judged have the same rows")
  void documentedTable_isTheOneThatIsJudged() throws IOException {
    List<String> documented =
        Files.readString(Path.of("..", "docs", "benchmarks.md"))
            .lines()
            .dropWhile(line -> !line.startsWith("| goal "))
            .skip(2)
            .takeWhile(line -> line.startsWith("|"))
            .map(line -> line.split("\\|")[1].strip())
            .toList();
    assertThat(Goals.table().stream().map(Goal::row).toList())
        .doesNotHaveDuplicates()
        .containsExactlyElementsOf(documented);
  }

  @Test
  @DisplayName("Each row is made of cases of its own group that are in the plan")
  void everyNeed_isPlanned() {
    Set<String> planned =
        Stream.concat(Plan.cases().stream(), Plan.peers().stream()) // peers may not be there
            .map(one -> one.group() + " " + one.id())
            .collect(Collectors.toSet());
    for (Scenario scenario : Scenario.all()) {
      scenario.figures().forEach(id -> planned.add(scenario.group() + " " + id));
    }
    for (Goal goal : Goals.table()) {
      assertThat(goal.needs()).isNotEmpty();
      for (String need : goal.needs()) {
        assertThat(planned).contains(goal.group() + " " + need);
      }
    }
    assertThat(Goals.table().stream().map(Goal::group).distinct().toList())
        .containsExactlyInAnyOrderElementsOf(Plan.GROUPS);
  }

  @Test
  @DisplayName("No case has another's id, and none of the quick ones needs a server or a peer")
  void plan_isSound() {
    assertThat(Plan.cases().stream().map(Case::id).toList()).doesNotHaveDuplicates();
    assertThat(Plan.cases().stream().filter(Case::quick).map(Case::benchmark).toList())
        .noneMatch(name -> name.startsWith("Etcd") || name.startsWith("Consul"))
        .noneMatch(name -> name.startsWith(PEERS));
  }

  @Test
  @DisplayName("The quick ones are planned to end well within three minutes")
  void quick_isPlannedToBeQuick() {
    double seconds =
        Plan.cases().stream().filter(Case::quick).mapToDouble(Gauge.Pace.QUICK::seconds).sum();
    assertThat(seconds).isLessThan(150);
  }

  @Test
  @DisplayName("A goal is met, missed or not run")
  void outcome_saysWhich() {
    Result run = Recorded.run();
    assertThat(Table.verdict(of(run, "list by name"))).isEqualTo("met");
    assertThat(of(run, "list by name").value()).isEqualTo(1.1);
    assertThat(Table.verdict(of(run, "pick by name"))).isEqualTo("MISSED");
    assertThat(Table.verdict(of(run, "pick by name, bytes"))).isEqualTo("MISSED");
    assertThat(Table.verdict(of(run, "watch, etcd"))).isEqualTo("not run");
  }

  @Test
  @DisplayName("A watch that adds little in microseconds meets its goal, whatever the ratio")
  void watchedGoal_allowsTenMicroseconds() {
    assertThat(watched(100_000, 109_000).met()).isTrue();
    assertThat(watched(100_000, 111_000).met()).isFalse();
    assertThat(watched(100_000, 111_000).value()).isEqualTo(1.11);
    assertThat(watched(1_000_000, 1_040_000).met()).isTrue();
  }

  private static Outcome watched(double raw, double ours) {
    Goal goal =
        Goals.table().stream().filter(g -> g.row().equals("watch, etcd")).findFirst().orElseThrow();
    Case any = Plan.cases().get(0);
    return goal.judge(
        java.util.Map.of(
            "watch.etcd.raw", new Measurement(any, raw, raw, raw, "ns", 0, List.of()),
            "watch.etcd.rollcall", new Measurement(any, ours, ours, ours, "ns", 0, List.of())));
  }

  private static Outcome of(Result run, String row) {
    return run.outcomes().stream()
        .filter(outcome -> outcome.goal().row().equals(row))
        .findFirst()
        .orElseThrow();
  }
}
