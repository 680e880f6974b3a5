package dev.rollcall;

import java.util.concurrent.ThreadLocalRandom;

/**
 * {@link Balancer#leastLoaded()}: M. Mitzenmacher, "The power of two choices in randomized load
 * balancing", 2001. A pick reads two counters and writes none.
 */
record LeastLoaded(Candidates candidates) implements Balancer.Picker {
  static final Balancer BALANCER = (now, before) -> new LeastLoaded(now);

  @Override
  public int pick() {
    int size = candidates.size();
    ThreadLocalRandom random = ThreadLocalRandom.current();
    int one = random.nextInt(size);
    if (size == 1) {
      return one;
    }
    int other = random.nextInt(size - 1);
    other = other < one ? other : other + 1;
    return candidates.inFlight(other) < candidates.inFlight(one) ? other : one;
  }
}
