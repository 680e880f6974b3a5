package dev.rollcall.engine;

import dev.rollcall.Balancer;
import java.util.Arrays;
import java.util.concurrent.ThreadLocalRandom;

/**
 * {@link Balancer#weighted()} where {@link WeightedSlots} would be too large, by the alias method
 * (A. J. Walker 1974; the table is built as M. D. Vose, "A linear algorithm for generating random
 * numbers with a given distribution", 1991): a pick draws one column and one of the two instances
 * in it.
 */
final class Weighted implements Balancer.Picker {
  static final Balancer BALANCER =
      (now, before) -> {
        int[] weights = new int[now.size()];
        boolean even = true;
        for (int n = 0; n < weights.length; n++) {
          weights[n] = now.get(n).weight();
          even &= weights[n] == weights[0];
        }
        if (even) {
          return new RandomChoice(weights.length);
        }
        WeightedSlots slots = WeightedSlots.of(weights);
        return slots != null ? slots : new Weighted(weights);
      };

  /**
   * A column a number, so that one load gets it: the upper 33 bits are the threshold, of 2³², below
   * which it gives its own instance, the lower 31 the other instance.
   */
  private final long[] columns;

  private Weighted(int[] weights) {
    int size = weights.length;
    long sum = Arrays.stream(weights).asLongStream().sum();
    long[] threshold = new long[size];
    int[] alias = new int[size];
    double[] share = new double[size];
    int[] small = new int[size];
    int[] large = new int[size];
    int smalls = 0;
    int larges = 0;
    for (int n = 0; n < size; n++) {
      share[n] = (double) weights[n] * size / sum;
      if (share[n] < 1) {
        small[smalls++] = n;
      } else {
        large[larges++] = n;
      }
    }
    while (smalls > 0 && larges > 0) {
      int poor = small[--smalls];
      int rich = large[larges - 1];
      threshold[poor] = (long) (share[poor] * 0x1p32);
      alias[poor] = rich;
      share[rich] -= 1 - share[poor];
      if (share[rich] < 1) {
        larges--;
        small[smalls++] = rich;
      }
    }
    // What is left is 1 but for rounding; one of weight 0 must not be left over by it.
    int heaviest = 0;
    for (int n = 1; n < size; n++) {
      heaviest = weights[n] > weights[heaviest] ? n : heaviest;
    }
    for (int n = 0; n < larges; n++) {
      threshold[large[n]] = 1L << 32;
    }
    for (int n = 0; n < smalls; n++) {
      threshold[small[n]] = weights[small[n]] == 0 ? 0 : 1L << 32;
      alias[small[n]] = heaviest;
    }
    columns = new long[size];
    for (int n = 0; n < size; n++) {
      columns[n] = threshold[n] << 31 | alias[n];
    }
  }

  @Override
  public int pick() {
    long random = ThreadLocalRandom.current().nextLong();
    // The upper half, as a fraction of 2³², chooses the column; the lower one is independent of it.
    int own = RandomChoice.scaled((int) (random >>> 32), columns.length);
    long column = columns[own];
    int other = (int) column & 0x7FFF_FFFF;
    // Without a branch, which no processor could predict: all ones where the column's own is meant.
    int isOwn = (int) (((random & 0xFFFF_FFFFL) - (column >>> 31)) >> 63);
    return other ^ ((own ^ other) & isOwn);
  }
}
