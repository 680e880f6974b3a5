package dev.rollcall.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class IntervalTest {
  private static final int TRIALS = 20_000;

  @Test
  @DisplayName("The interval of turns leaves out as many at each end as 99 % allow")
  void turns_orderStatistics() {
    double[] values = IntStream.rangeClosed(1, 20).mapToDouble(i -> i).toArray();
    // P(at most 3 of 20 below the median) is 0.0013, and of at most 4 it is 0.0059.
    assertThat(Interval.ofTurns(values)).isEqualTo(new Interval(10.5, 4, 17));
  }

  @Test
  @DisplayName("Too few turns have no interval")
  void fewTurns_haveNone() {
    Interval few = Interval.ofTurns(new double[] {1, 2, 3, 4, 5, 6, 7});
    assertThat(few.value()).isEqualTo(4);
    assertThat(few.isBounded()).isFalse();
    assertThat(Interval.ofTurns(new double[] {1, 2, 3, 4, 5, 6, 7, 8}).low()).isEqualTo(1);
  }

  @Test
  @DisplayName("Rounds that are all the same have an interval without width")
  void sameRounds_haveNoWidth() {
    Interval same = Interval.ofRounds(new double[] {2, 2, 2});
    assertThat(same.low()).isCloseTo(2, within(1e-12));
    assertThat(same.high()).isCloseTo(2, within(1e-12));
  }

  @Test
  @DisplayName("99 of 100 intervals hold what they are of: of rounds, and of turns")
  void intervals_holdWhatTheyAreOf() {
    Random random = new Random(47);
    for (int rounds : new int[] {3, 5, 8}) {
      long held =
          IntStream.range(0, TRIALS)
              .filter(any -> holds(Interval.ofRounds(sample(random, rounds)), 1.2))
              .count();
      assertThat((double) held / TRIALS).as(rounds + " rounds").isBetween(0.985, 0.995);
    }
    long held =
        IntStream.range(0, TRIALS)
            .filter(any -> holds(Interval.ofTurns(sample(random, 20)), 1.2))
            .count();
    assertThat((double) held / TRIALS).isBetween(0.99, 1.0);
  }

  private static double[] sample(Random random, int count) {
    return DoubleStream.generate(() -> 1.2 * Math.exp(0.05 * random.nextGaussian()))
        .limit(count)
        .toArray();
  }

  private static boolean holds(Interval interval, double value) {
    return interval.low() <= value && value <= interval.high();
  }
}
