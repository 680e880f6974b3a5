package dev.rollcall;

import java.util.concurrent.ThreadLocalRandom;

/** {@link Balancer#random()}. */
record RandomChoice(int size) implements Balancer.Picker {
  static final Balancer BALANCER = (now, before) -> new RandomChoice(now.size());

  @Override
  public int pick() {
    return ThreadLocalRandom.current().nextInt(size);
  }
}
