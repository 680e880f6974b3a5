package dev.rollcall.bench;

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
 * @param needs ids of the cases that it is made of
 * @param value computes it from their measurements
 * @param bytesOf whose allocation is told with it; empty for nobody's
 */
record Goal(
    String row,
    String group,
    String against,
    double atMost,
    List<String> needs,
    ToDoubleFunction<Map<String, Measurement>> value,
    String bytesOf) {

  /** Judges the row by what was measured. */
  Outcome judge(Map<String, Measurement> measured) {
    for (String need : needs) {
      if (!measured.containsKey(need)) {
        return new Outcome(this, Double.NaN, Double.NaN);
      }
    }
    Measurement bytes = measured.get(bytesOf);
    return new Outcome(
        this, value.applyAsDouble(measured), bytes == null ? Double.NaN : bytes.bytesPerOp());
  }

  /**
   * A row and what came of it.
   *
   * @param goal the row
   * @param value the ratio; not a number where it was not measured
   * @param bytesPerOp what was allocated; not a number where that was not measured
   */
  record Outcome(Goal goal, double value, double bytesPerOp) {
    boolean wasRun() {
      return !Double.isNaN(value);
    }

    boolean met() {
      return value <= goal.atMost();
    }
  }
}
