package dev.rollcall.engine;

import dev.rollcall.Balancer;
import java.util.concurrent.ThreadLocalRandom;

/** {@link Balancer#random()}. */
record RandomChoice(int size) implements Balancer.Picker {
  static final Balancer BALANCER = (now, before) -> new RandomChoice(now.size());

  @Override
  public int pick() {
    return below(size);
  }

  /**
   * Returns a number from 0, by multiplication instead of division (D. Lemire, "Fast random integer
   * generation in an interval", 2019), without the rejection that would make it exact: of a
   * thousand instances one may have a chance that is 1 in 4 million higher than another's.
   */
  static int below(int size) {
    return scaled(ThreadLocalRandom.current().nextInt(), size);
  }

  /** Scales 32 random bits to a number from 0. */
  static int scaled(int random, int size) {
    return (int) (((random & 0xFFFF_FFFFL) * size) >>> 32);
  }
}
