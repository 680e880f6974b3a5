package dev.rollcall.bench;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * One row of the goal table.
 *
 * @param row its name
 * @param group the group that measures it
 * @param against what the number is relative to, or its unit
 * @param atMost the greatest value that meets the goal
 * @param needs ids of the cases that it is made of; benchmarks among them take turns
 * @param value computes it from their measurements: once a turn where they took turns, else once a
 *     round
 * @param bytesOf whose allocation is told with it; empty for nobody's
 * @param counted whether it is counted, and not timed: it varies then by what was seen, and one
 *     round is enough
 */
record Goal(
    String row,
    String group,
    String against,
    double atMost,
    List<String> needs,
    ToDoubleFunction<Map<String, Measurement>> value,
    String bytesOf,
    boolean counted) {

  /** A row that is timed. */
  Goal(
      String row,
      String group,
      String against,
      double atMost,
      List<String> needs,
      ToDoubleFunction<Map<String, Measurement>> value,
      String bytesOf) {
    this(row, group, against, atMost, needs, value, bytesOf, false);
  }

  /** Judges the row by what was measured. */
  Outcome judge(Rounds measured) {
    List<Map<String, Gauge.Round>> rounds = measured.of(needs);
    if (rounds.isEmpty()) {
      return new Outcome(this, Interval.NONE, Double.NaN);
    }
    Measurement bytes = measured.measurements().get(bytesOf);
    return new Outcome(
        this, interval(rounds, measured), bytes == null ? Double.NaN : bytes.bytesPerOp());
  }

  private Interval interval(List<Map<String, Gauge.Round>> rounds, Rounds measured) {
    List<double[]> turns = new ArrayList<>();
    for (Map<String, Gauge.Round> round : rounds) {
      turns.add(turns(round, measured));
    }
    double[] medians = turns.stream().mapToDouble(Interval::median).toArray();
    if (counted) {
      return Interval.counted(medians);
    }
    return medians.length >= Interval.ROUNDS
        ? Interval.ofRounds(medians)
        : Interval.ofTurns(turns.stream().flatMapToDouble(java.util.Arrays::stream).toArray());
  }

  /** The row's value by turns, where what it is made of took turns; else one value. */
  private double[] turns(Map<String, Gauge.Round> round, Rounds measured) {
    int[] counts =
        round.values().stream().mapToInt(one -> one.scores().size()).distinct().toArray();
    double[] values = new double[counts.length == 1 ? counts[0] : 1];
    for (int turn = 0; turn < values.length; turn++) {
      Map<String, Measurement> then = new HashMap<>();
      for (Map.Entry<String, Gauge.Round> one : round.entrySet()) {
        Gauge.Round all = one.getValue();
        double score =
            counts.length == 1
                ? all.scores().get(turn)
                : Interval.median(all.scores().stream().mapToDouble(d -> d).toArray());
        Case of = measured.named(one.getKey());
        then.put(
            of.id(),
            new Measurement(of, score, score, score, all.unit(), all.bytesPerOp(), List.of()));
      }
      values[turn] = value.applyAsDouble(then);
    }
    return values;
  }

  /**
   * A row and what came of it.
   *
   * @param goal the row
   * @param interval the ratio, and what it may be
   * @param bytesPerOp what was allocated; not a number where that was not measured
   */
  record Outcome(Goal goal, Interval interval, double bytesPerOp) {
    boolean wasRun() {
      return !Double.isNaN(interval.value());
    }

    Verdict verdict() {
      if (!wasRun()) {
        return Verdict.NOT_RUN;
      }
      return interval.high() <= goal.atMost()
          ? Verdict.MET
          : interval.low() > goal.atMost() ? Verdict.MISSED : Verdict.UNDECIDED;
    }
  }
}
