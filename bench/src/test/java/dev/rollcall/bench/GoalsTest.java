package dev.rollcall.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.rollcall.bench.Goal.Outcome;
import dev.rollcall.bench.fleet.Scenario;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
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
    List<Case> quick = Plan.cases().stream().filter(Case::quick).toList();
    double seconds =
        Session.together(quick, Goals.table()).stream()
            .mapToDouble(Gauge.Pace.QUICK::seconds)
            .sum();
    assertThat(seconds).isLessThan(150);
  }

  @Test
  @DisplayName("A goal is met, missed, undecided or not run")
  void outcome_saysWhich() {
    Result run = Recorded.run();
    assertThat(of(run, "list by name").verdict()).isEqualTo(Verdict.MET);
    assertThat(of(run, "list by name").interval().value()).isEqualTo(1.1);
    assertThat(of(run, "pick by name").verdict()).isEqualTo(Verdict.MISSED);
    assertThat(of(run, "pick by name, bytes").verdict()).isEqualTo(Verdict.MISSED);
    assertThat(of(run, "pick by name, round robin").verdict()).isEqualTo(Verdict.UNDECIDED);
    assertThat(of(run, "watch, etcd").verdict()).isEqualTo(Verdict.NOT_RUN);
  }

  @Test
  @DisplayName("A machine that slows down for both sides alike changes no ratio of turns")
  void drift_isTakenOutByTurns() {
    List<Double> limit = new ArrayList<>();
    List<Double> ours = new ArrayList<>();
    for (int turn = 0; turn < 20; turn++) {
      double slowness = turn < 10 ? 1 : 2 + turn / 10.0;
      limit.add(10 * slowness);
      ours.add(11 * slowness);
    }
    Interval ratio = judged(goal("list by name"), limit, ours).interval();
    assertThat(ratio.value()).isCloseTo(1.1, within(1e-9));
    assertThat(ratio.high() - ratio.low()).isLessThan(1e-9);
  }

  @Test
  @DisplayName("Between rounds counts what differs from one JVM to the next, and not their turns")
  void rounds_countAsOneEach() {
    Goal goal = goal("list by name");
    Rounds measured = new Rounds();
    for (double score : new double[] {10.5, 11, 11.5}) {
      measured.add(cases(goal), List.of(round(score), round(10)));
    }
    Outcome three = goal.judge(measured);
    // The deviation is 0.045 of the logarithms, times 9.925 / sqrt(3).
    assertThat(three.interval().low()).isCloseTo(0.847, within(0.005));
    assertThat(three.interval().high()).isCloseTo(1.427, within(0.005));
    assertThat(three.verdict()).isEqualTo(Verdict.UNDECIDED);
    for (int i = 0; i < 6; i++) {
      measured.add(cases(goal), List.of(round(i % 2 == 0 ? 10.5 : 11.5), round(10)));
    }
    assertThat(goal.judge(measured).verdict()).isEqualTo(Verdict.MET);
  }

  @Test
  @DisplayName("A row that is counted is met only where all that was seen is within its goal")
  void countedRow_takesTheGreatest() {
    Goal bytes = goal("list by name, bytes");
    Rounds measured = new Rounds();
    for (double allocated : new double[] {0.001, 0.002, 0.09}) {
      measured.add(
          cases(bytes), List.of(new Gauge.Round(List.of(10.0), allocated, List.of(), "ns")));
    }
    Outcome outcome = bytes.judge(measured);
    assertThat(outcome.interval()).isEqualTo(new Interval(0.002, 0.001, 0.09));
    assertThat(outcome.verdict()).isEqualTo(Verdict.UNDECIDED);
  }

  @Test
  @DisplayName("What a row compares is measured together, and everything at least once")
  void session_measuresTogetherWhatIsCompared() {
    List<Case> cases = Plan.cases();
    List<List<String>> together =
        Session.together(cases, Goals.table()).stream()
            .map(set -> set.stream().map(Case::id).toList())
            .toList();
    assertThat(together)
        .contains(
            List.of("list.rollcall.1t", "list.map.1t"),
            List.of("register.etcd", "register.etcd.raw"),
            List.of("tail.rollcall"))
        .doesNotContain(List.of("list.map.1t"))
        .doesNotHaveDuplicates();
    assertThat(together.stream().flatMap(List::stream).distinct().toList())
        .containsExactlyInAnyOrderElementsOf(cases.stream().map(Case::id).toList());
  }

  @Test
  @DisplayName("A watch that adds little in microseconds meets its goal, whatever the ratio")
  void watchedGoal_allowsTenMicroseconds() {
    assertThat(watched(100_000, 109_000).verdict()).isEqualTo(Verdict.MET);
    assertThat(watched(100_000, 111_000).verdict()).isEqualTo(Verdict.MISSED);
    assertThat(watched(100_000, 111_000).interval().value()).isEqualTo(1.11);
    assertThat(watched(1_000_000, 1_040_000).verdict()).isEqualTo(Verdict.MET);
  }

  private static Outcome watched(double raw, double ours) {
    Goal goal = goal("watch, etcd");
    Rounds measured = new Rounds();
    measured.add(cases(goal), List.of(round(raw), round(ours))); // in the order of its needs
    return goal.judge(measured);
  }

  private static Outcome judged(Goal goal, List<Double> limit, List<Double> ours) {
    Rounds measured = new Rounds();
    measured.add(
        cases(goal),
        List.of(
            new Gauge.Round(ours, 0, List.of(), "ns"), new Gauge.Round(limit, 0, List.of(), "ns")));
    return goal.judge(measured);
  }

  private static Gauge.Round round(double score) {
    return new Gauge.Round(Collections.nCopies(20, score), 0, List.of(), "ns");
  }

  private static List<Case> cases(Goal goal) {
    Map<String, Case> byId = Plan.cases().stream().collect(Collectors.toMap(Case::id, one -> one));
    return goal.needs().stream().map(byId::get).toList();
  }

  private static Goal goal(String row) {
    return Goals.table().stream().filter(g -> g.row().equals(row)).findFirst().orElseThrow();
  }

  private static Outcome of(Result run, String row) {
    return run.outcomes().stream()
        .filter(outcome -> outcome.goal().row().equals(row))
        .findFirst()
        .orElseThrow();
  }
}
