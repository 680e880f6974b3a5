package dev.rollcall.engine;

import dev.rollcall.Balancer;
import java.util.concurrent.ThreadLocalRandom;

/**
 * {@link Balancer#leastLoaded()}: M. Mitzenmacher, "The power of two choices in randomized load
 * balancing", 2001. A pick reads two counters and writes none.
 */
final class LeastLoaded implements Balancer.Picker {
  static final Balancer BALANCER =
      (now, before) -> new LeastLoaded(ViewCandidates.of(now).targets());

  private final Target[] targets;

  private LeastLoaded(Target[] targets) {
    this.targets = targets;
  }

  @Override
  public int pick() {
    int size = targets.length;
    long random = ThreadLocalRandom.current().nextLong(); // its halves are two choices
    int one = RandomChoice.scaled((int) (random >>> 32), size);
    if (size == 1) {
      return one;
    }
    int other = RandomChoice.scaled((int) random, size - 1);
    other += (one - 1 - other) >>> 31; // one more where it is not below the first: without a branch
    return targets[other].inFlight() < targets[one].inFlight() ? other : one;
  }
}
