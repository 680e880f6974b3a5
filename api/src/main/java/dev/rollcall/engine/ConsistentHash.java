package dev.rollcall.engine;

import dev.rollcall.Balancer;
import dev.rollcall.Candidates;
import java.util.Arrays;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.IntPredicate;

/**
 * {@link Balancer#consistentHash()}: D. Karger and others, "Consistent hashing and random trees",
 * 1997. Each instance stands at {@value #POINTS} points of a circle that its id alone decides; a
 * key belongs to the next point after its hash. So its share is even to about a tenth, and an
 * instance that comes or goes moves only the keys that it gains or held.
 *
 * <p>{@code first} says for each of the equal parts of the circle with which point it begins, so
 * that a pick looks at two points or so instead of searching.
 */
final class ConsistentHash implements Balancer.Picker {
  static final Balancer BALANCER = (now, before) -> new ConsistentHash(now);

  private static final int POINTS = 128;

  private final int size;
  private final long[] points;
  private final int[] owners;
  private final int[] first;
  private final int shift;

  private ConsistentHash(Candidates now) {
    size = now.size();
    long[][] placed = new long[size * POINTS][];
    for (int owner = 0; owner < size; owner++) {
      String id = now.get(owner).id();
      for (int n = 0; n < POINTS; n++) {
        placed[owner * POINTS + n] = new long[] {KeyHash.ofText(id, n + 1), owner};
      }
    }
    Arrays.sort(
        placed,
        (a, b) -> {
          int byPlace = Long.compareUnsigned(a[0], b[0]);
          return byPlace != 0 ? byPlace : Long.compare(a[1], b[1]);
        });
    points = new long[placed.length];
    owners = new int[placed.length];
    for (int n = 0; n < placed.length; n++) {
      points[n] = placed[n][0];
      owners[n] = (int) placed[n][1];
    }
    int bits = 32 - Integer.numberOfLeadingZeros(points.length - 1);
    shift = 64 - bits;
    first = new int[1 << bits];
    int point = 0;
    for (int part = 0; part < first.length; part++) {
      long begin = (long) part << shift;
      while (point < points.length && Long.compareUnsigned(points[point], begin) < 0) {
        point++;
      }
      first[part] = point;
    }
  }

  @Override
  public int pick() {
    return ThreadLocalRandom.current().nextInt(size);
  }

  @Override
  public int pick(long hash) {
    return owners[pointOf(hash)];
  }

  private int pointOf(long hash) {
    int point = first[(int) (hash >>> shift)];
    while (point < points.length && Long.compareUnsigned(points[point], hash) < 0) {
      point++;
    }
    return point == points.length ? 0 : point;
  }

  /** Goes on along the circle: as if the points of those that were tried were not there. */
  @Override
  public int pick(long hash, IntPredicate untried) {
    int point = pointOf(hash);
    for (int looked = 0; looked < points.length; looked++) {
      if (untried.test(owners[point])) {
        return owners[point];
      }
      point = point + 1 == points.length ? 0 : point + 1;
    }
    return -1;
  }
}
