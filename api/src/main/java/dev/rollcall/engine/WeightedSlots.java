package dev.rollcall.engine;

import dev.rollcall.Balancer;
import java.util.Arrays;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * {@link Balancer#weighted()} where the weights are small numbers, or multiples of small ones, as
 * they mostly are: a table with as many slots for an instance as it weighs. A pick is one load,
 * within a cache line or two, where the table of {@link Weighted} needs a load of eight times the
 * size and a choice.
 */
final class WeightedSlots implements Balancer.Picker {
  private static final int MAX_SIZE = 256; // an index is a byte
  private static final int MAX_EACH = 8; // bytes, as in the other table

  private final byte[] slots;

  private WeightedSlots(byte[] slots) {
    this.slots = slots;
  }

  /** Returns a table of some weights, not all 0; null where it would be too large. */
  static @Nullable WeightedSlots of(int[] weights) {
    OptionalInt factor = Arrays.stream(weights).filter(w -> w > 0).reduce(WeightedSlots::gcd);
    long sum = Arrays.stream(weights).asLongStream().sum() / factor.orElseThrow();
    if (weights.length > MAX_SIZE || sum > (long) MAX_EACH * weights.length) {
      return null;
    }
    byte[] slots = new byte[(int) sum];
    int end = 0;
    for (int n = 0; n < weights.length; n++) {
      int from = end;
      end += weights[n] / factor.getAsInt();
      Arrays.fill(slots, from, end, (byte) n);
    }
    return new WeightedSlots(slots);
  }

  private static int gcd(int a, int b) {
    return b == 0 ? a : gcd(b, a % b);
  }

  @Override
  public int pick() {
    return slots[RandomChoice.below(slots.length)] & 0xFF;
  }
}
