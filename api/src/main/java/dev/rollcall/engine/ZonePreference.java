package dev.rollcall.engine;

import dev.rollcall.Balancer;
import dev.rollcall.Candidates;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * {@link Balancer#preferZone}. With Z zones and N instances, a zone that has L of them can carry
 * min(1, L · Z / N) of what its callers send, if every zone sends alike.
 */
record ZonePreference(String zone, Balancer within) implements Balancer {

  /** {@code here} and {@code elsewhere} are indexes of candidates, by the index in their part. */
  private static final class Split implements Picker {
    private final int[] here;
    private final Picker ofHere;
    private final int[] elsewhere;
    private final Picker ofElsewhere;
    private final double stay;

    Split(int[] here, Picker ofHere, int[] elsewhere, Picker ofElsewhere, double stay) {
      this.here = here;
      this.ofHere = ofHere;
      this.elsewhere = elsewhere;
      this.ofElsewhere = ofElsewhere;
      this.stay = stay;
    }

    @Override
    public int pick() {
      return stays() ? here[ofHere.pick()] : elsewhere[ofElsewhere.pick()];
    }

    @Override
    public int pick(long hash) {
      return stays(hash) ? here[ofHere.pick(hash)] : elsewhere[ofElsewhere.pick(hash)];
    }

    /** Leaves the key's own part last. */
    @Override
    public int pick(long hash, IntPredicate untried) {
      boolean stays = stays(hash);
      int near = another(stays, hash, untried);
      return near >= 0 ? near : another(!stays, hash, untried);
    }

    private int another(boolean stays, long hash, IntPredicate untried) {
      int[] part = stays ? here : elsewhere;
      int chosen = (stays ? ofHere : ofElsewhere).pick(hash, n -> untried.test(part[n]));
      return chosen < 0 ? chosen : part[chosen];
    }

    /** A key must not be diced for: its own bits decide whether it stays. */
    private boolean stays(long hash) {
      return (KeyHash.mix(hash) >>> 11) * 0x1p-53 < stay;
    }

    private boolean stays() {
      return stay >= 1 || ThreadLocalRandom.current().nextDouble() < stay;
    }
  }

  /** One part alone, which {@code within} chooses in. */
  private record Whole(Picker picker) implements Picker {
    @Override
    public int pick() {
      return picker.pick();
    }

    @Override
    public int pick(long hash) {
      return picker.pick(hash);
    }

    @Override
    public int pick(long hash, IntPredicate untried) {
      return picker.pick(hash, untried);
    }
  }

  @Override
  public Picker prepare(Candidates now, @Nullable Picker before) {
    ViewCandidates all = ViewCandidates.of(now);
    int[] here = all.indexes(n -> now.get(n).zone().equals(zone));
    if (here.length == 0 || here.length == now.size()) {
      return new Whole(within.prepare(now, before instanceof Whole whole ? whole.picker : null));
    }
    Set<String> zones = new HashSet<>();
    for (int n = 0; n < now.size(); n++) {
      zones.add(now.get(n).zone());
    }
    int[] elsewhere = all.indexes(n -> !now.get(n).zone().equals(zone));
    Split old = before instanceof Split split ? split : null;
    return new Split(
        here,
        within.prepare(all.some(here), old == null ? null : old.ofHere),
        elsewhere,
        within.prepare(all.some(elsewhere), old == null ? null : old.ofElsewhere),
        (double) here.length * zones.size() / now.size());
  }
}
