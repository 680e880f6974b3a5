package dev.rollcall.engine;

import dev.rollcall.Balancer;
import dev.rollcall.Candidates;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/** {@link Balancer#sticky}. */
record Sticky(Balancer first) implements Balancer {

  /** Remembers by id, since indexes move. */
  private record Held(String id, int index, Candidates now) implements Picker {
    @Override
    public int pick() {
      return index;
    }

    /**
     * Highest random weight: D. Thaler and C. Ravishankar, "Using name-based mappings to increase
     * hit rates", 1998.
     */
    @Override
    public int pick(long hash, IntPredicate untried) {
      int chosen = -1;
      long most = 0;
      for (int n = 0; n < now.size(); n++) {
        if (untried.test(n)) {
          long weight = KeyHash.ofText(now.get(n).id(), hash);
          if (chosen < 0 || Long.compareUnsigned(weight, most) > 0) {
            chosen = n;
            most = weight;
          }
        }
      }
      return chosen;
    }
  }

  @Override
  public Picker prepare(Candidates now, @Nullable Picker before) {
    if (before instanceof Held held) {
      int same = now.indexOf(held.id);
      if (same >= 0) {
        return new Held(held.id, same, now);
      }
    }
    int chosen = first.prepare(now, null).pick();
    return new Held(now.get(chosen).id(), chosen, now);
  }
}
