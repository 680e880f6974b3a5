package dev.rollcall.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class GaugeTest {
  static final int HEAP = 64;
  private static final Gauge.Pace SHORT = new Gauge.Pace(1, 1, 1, 20, 4, 10);

  /** A case with a heap that is touched in no time. */
  static Case small(String id) {
    return Plan.cases().stream()
        .filter(one -> one.id().equals(id))
        .findFirst()
        .orElseThrow()
        .heap(HEAP);
  }

  @Test
  @DisplayName("Cases are measured, combined and judged")
  void session_measures() throws InterruptedException {
    StringWriter out = new StringWriter();
    Session session = new Session(SHORT, Goals.table(), new PrintWriter(out));
    List<Case> cases = List.of(small("view.array"), small("view.list"), small("tail.rollcall"));
    Rounds rounds = session.run(cases);
    Map<String, Measurement> measured = rounds.measurements();
    assertThat(session.failures()).isEmpty();
    assertThat(measured).hasSameSizeAs(cases);
    assertThat(measured.values()).allMatch(one -> one.score() > 0 && one.low() <= one.score());
    assertThat(measured.get("tail.rollcall").percentiles())
        .hasSameSizeAs(Measurement.PERCENTILES)
        .isSorted();
    assertThat(rounds.of(List.of("view.list", "view.array")))
        .singleElement()
        .satisfies(
            round ->
                assertThat(round.values())
                    .allMatch(one -> one.scores().size() == SHORT.turns())); // by turns
    assertThat(out.toString()).contains("lookup, round 1").contains("left");
  }

  @Test
  @DisplayName("A case that fails is told, and the others are measured all the same")
  void failingCase_isToldAndLeftOut() throws InterruptedException {
    Case broken = Plan.of("x", "lookup", "", "broken", "NoSuchBenchmark.none", Map.of()).heap(HEAP);
    Case sound = small("view.array");
    Session session = new Session(SHORT, Goals.table(), new PrintWriter(new StringWriter()));
    assertThat(session.run(List.of(broken, sound)).measurements()).containsOnlyKeys("view.array");
    assertThat(session.failures()).singleElement().asString().contains("broken");
  }

  @Test
  @DisplayName("A parameter that a benchmark does not know is an error, and not left out")
  void unknownParameter_isRefused() {
    Case unknown =
        Plan.of("x", "lookup", "", "x", "ViewBenchmark.list", Map.of("colour", "green")).heap(HEAP);
    assertThatThrownBy(() -> new Gauge(SHORT).measure(List.of(Subject.here(unknown, List.of()))))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("no parameter colour");
  }

  @Test
  @DisplayName(
      "The score is the lower quartile over all rounds; a percentile is the rounds' median")
  void rounds_areCombined() {
    Case one = Plan.cases().get(0);
    Measurement plain =
        Gauge.combine(
            one,
            List.of(
                new Gauge.Round(List.of(9.0, 1.0, 3.0), 4, List.of(), "ns"),
                new Gauge.Round(List.of(2.0, 100.0), 3, List.of(), "ns")));
    assertThat(plain.score()).isEqualTo(2);
    assertThat(plain.low()).isEqualTo(1);
    assertThat(plain.high()).isEqualTo(100);
    assertThat(plain.bytesPerOp()).isEqualTo(3);
    Measurement sampled =
        Gauge.combine(
            one.sample(),
            List.of(
                new Gauge.Round(List.of(7.0), 0, List.of(5.0, 9.0), "ns"),
                new Gauge.Round(List.of(7.0), 0, List.of(6.0, 8.0), "ns"),
                new Gauge.Round(List.of(7.0), 0, List.of(50.0, 7.0), "ns")));
    assertThat(sampled.score()).isEqualTo(6);
    assertThat(sampled.percentiles()).containsExactly(6.0, 8.0);
  }
}
