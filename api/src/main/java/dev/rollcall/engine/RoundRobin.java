package dev.rollcall.engine;

import dev.rollcall.Balancer;
import java.util.concurrent.ThreadLocalRandom;

/**
 * {@link Balancer#roundRobin()}. Threads are spread over stripes by their id, each on a cache line
 * of its own. Two threads that meet on one stripe share its turn; that their steps may be lost to
 * each other costs fairness nothing worth a lock.
 */
final class RoundRobin implements Balancer.Picker {
  static final Balancer BALANCER =
      (now, before) ->
          new RoundRobin(now.size(), before instanceof RoundRobin old ? old.turns : newTurns());

  private static final int STRIPES =
      Integer.highestOneBit(4 * Runtime.getRuntime().availableProcessors());

  /** Ints to a stripe: two cache lines, since processors fetch them in pairs. */
  private static final int SPREAD = 32;

  private final int size;
  private final int[] turns;

  private RoundRobin(int size, int[] turns) {
    this.size = size;
    this.turns = turns;
  }

  /** Each stripe starts elsewhere, so that many clients do not start with the same instance. */
  private static int[] newTurns() {
    int[] turns = new int[(STRIPES + 1) * SPREAD];
    for (int n = 0; n < turns.length; n++) {
      turns[n] = ThreadLocalRandom.current().nextInt(Integer.MAX_VALUE);
    }
    return turns;
  }

  @Override
  @SuppressWarnings("deprecation") // Thread.getId: its successor is not in Java 17
  public int pick() {
    int stripe = (((int) Thread.currentThread().getId() & (STRIPES - 1)) + 1) * SPREAD;
    int turn = turns[stripe];
    if (turn >= size) {
      turn %= size;
    }
    int next = turn + 1;
    turns[stripe] = next & ((next - size) >> 31); // 0 at the end, without a branch
    return turn;
  }
}
