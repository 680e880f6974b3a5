package dev.rollcall.engine;

import dev.rollcall.Balancer;
import dev.rollcall.Candidates;
import org.jspecify.annotations.Nullable;

/** {@link Balancer#sticky}. */
record Sticky(Balancer first) implements Balancer {

  /** Remembers by id, since indexes move. */
  private record Held(String id, int index) implements Picker {
    @Override
    public int pick() {
      return index;
    }
  }

  @Override
  public Picker prepare(Candidates now, @Nullable Picker before) {
    if (before instanceof Held held) {
      int same = now.indexOf(held.id);
      if (same >= 0) {
        return new Held(held.id, same);
      }
    }
    int chosen = first.prepare(now, null).pick();
    return new Held(now.get(chosen).id(), chosen);
  }
}
