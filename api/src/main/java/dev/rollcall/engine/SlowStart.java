package dev.rollcall.engine;

import dev.rollcall.Balancer;
import dev.rollcall.Candidates;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * {@link Balancer#slowStart}. A young instance that was chosen is kept with a chance that grows
 * with its age, and chosen again otherwise, {@value #TRIES} times at most: where all are young, one
 * of them has to do the work. Only picks of the young look at the clock.
 */
record SlowStart(Duration ramp, Balancer within) implements Balancer {
  private static final int TRIES = 4;
  private static final double LEAST = 0.1;

  /** {@code young} says which to look at twice; null where there is none. */
  private static final class Warming implements Picker {
    private final Candidates candidates;
    private final Picker picker;
    private final boolean @Nullable [] young;
    private final long rampNanos;

    Warming(Candidates candidates, Picker picker, boolean @Nullable [] young, long rampNanos) {
      this.candidates = candidates;
      this.picker = picker;
      this.young = young;
      this.rampNanos = rampNanos;
    }

    @Override
    public int pick() {
      boolean[] some = young;
      int chosen = picker.pick();
      if (some == null) {
        return chosen;
      }
      for (int tries = 1; tries < TRIES && some[chosen] && !isKept(chosen); tries++) {
        chosen = picker.pick();
      }
      return chosen;
    }

    /** A key keeps its instance: it would move there and back otherwise. */
    @Override
    public int pick(long hash) {
      return picker.pick(hash);
    }

    @Override
    public int pick(long hash, IntPredicate untried) {
      return picker.pick(hash, untried);
    }

    private boolean isKept(int chosen) {
      double warm = Math.max(LEAST, (double) candidates.ageNanos(chosen) / rampNanos);
      return warm >= 1 || ThreadLocalRandom.current().nextDouble() < warm;
    }
  }

  @Override
  public Picker prepare(Candidates now, @Nullable Picker before) {
    Picker picker = within.prepare(now, before instanceof Warming old ? old.picker : null);
    long rampNanos = ramp.toNanos();
    boolean[] young = new boolean[now.size()];
    boolean any = false;
    for (int n = 0; n < young.length; n++) {
      young[n] = now.ageNanos(n) < rampNanos;
      any |= young[n];
    }
    return new Warming(now, picker, any ? young : null, rampNanos);
  }
}
