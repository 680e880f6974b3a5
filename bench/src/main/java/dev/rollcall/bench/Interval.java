package dev.rollcall.bench;

import java.util.Arrays;

/**
 * A value and where it may lie as well. How each kind is made, and from where the methods are,
 * stands in decision 47.
 *
 * @param value what is told; not a number where nothing was measured
 * @param low the least that it may be
 * @param high the greatest that it may be; with {@code low} not a number where nobody can say
 */
record Interval(double value, double low, double high) {
  /** Of what was not measured. */
  static final Interval NONE = new Interval(Double.NaN, Double.NaN, Double.NaN);

  /** As many rounds as an interval between them needs; fewer would give one that says nothing. */
  static final int ROUNDS = 3;

  /** Student's t for 99 %, both sides, by the degrees of freedom less two. */
  private static final double[] STUDENT = {
    9.925, 5.841, 4.604, 4.032, 3.707, 3.499, 3.355, 3.250, 3.169, 3.106, 3.055, 3.012, 2.977,
    2.947, 2.921, 2.898, 2.878, 2.861
  };

  private static final double LEFT_OUT = 0.005; // at each end

  /** Of one value, of which nobody knows how it varies. */
  static Interval alone(double value) {
    return new Interval(value, Double.NaN, Double.NaN);
  }

  /** Of something that is counted: the median, and all that was seen. */
  static Interval counted(double[] values) {
    double[] sorted = sorted(values);
    return new Interval(median(values), sorted[0], sorted[sorted.length - 1]);
  }

  /**
   * Of {@value #ROUNDS} rounds or more, each in JVMs of its own: the geometric mean, and 99 % by
   * Student's t over the logarithms.
   */
  static Interval ofRounds(double[] values) {
    int count = values.length;
    double mean = Arrays.stream(values).map(Math::log).sum() / count;
    double squares = Arrays.stream(values).map(v -> Math.pow(Math.log(v) - mean, 2)).sum();
    double student = STUDENT[Math.min(count - ROUNDS, STUDENT.length - 1)];
    double half = student * Math.sqrt(squares / (count - 1) / count);
    return new Interval(Math.exp(mean), Math.exp(mean - half), Math.exp(mean + half));
  }

  /**
   * Of the turns of too few rounds: the median, and at least 99 % by order statistics. It says
   * nothing of what differs from one JVM to the next.
   */
  static Interval ofTurns(double[] values) {
    double[] sorted = sorted(values);
    int count = sorted.length;
    // How many values at each end may be left out: the binomial distribution's beginning.
    double term = Math.pow(0.5, count);
    double sum = term;
    int out = 0;
    while (sum <= LEFT_OUT) {
      out++;
      term *= (double) (count - out + 1) / out;
      sum += term;
    }
    double middle = median(values);
    return out == 0 ? alone(middle) : new Interval(middle, sorted[out - 1], sorted[count - out]);
  }

  static double median(double[] values) {
    double[] sorted = sorted(values);
    int half = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  }

  private static double[] sorted(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted;
  }

  /** Tells whether anybody knows how far it may vary. */
  boolean isBounded() {
    return !Double.isNaN(low);
  }

  /** Tells whether it and another have nothing in common. */
  boolean isApartFrom(Interval other) {
    return high < other.low || low > other.high;
  }
}
