package dev.rollcall;

import dev.rollcall.spi.Timer;
import java.util.Arrays;
import java.util.function.IntPredicate;

/**
 * Whom a {@link Balancer} chooses from: the passing instances of a view that are not ejected, by
 * id. Immutable but for the requests in flight, which are as they are when asked for.
 *
 * @since 0.1.0
 */
public final class Candidates {
  private final InstanceList instances;
  private final Target[] targets;
  private final Timer timer;

  /** Takes the targets over, one for each instance. */
  Candidates(InstanceList instances, Target[] targets, Timer timer) {
    this.instances = instances;
    this.targets = targets;
    this.timer = timer;
  }

  /**
   * Returns how many there are.
   *
   * @return zero or more
   */
  public int size() {
    return targets.length;
  }

  /**
   * Returns one of them.
   *
   * @param index from 0
   * @return the instance
   */
  public ServiceInstance get(int index) {
    return instances.get(index);
  }

  /**
   * Finds an instance.
   *
   * @param id its id
   * @return its index, negative where it is not among them
   */
  public int indexOf(String id) {
    return instances.indexOfId(id);
  }

  /**
   * Returns how many requests an instance has in flight, by all views of this registry.
   *
   * @param index from 0
   * @return the requests that were acquired and are not closed
   */
  public int inFlight(int index) {
    return targets[index].inFlight();
  }

  /**
   * Returns for how long an instance has been seen to pass.
   *
   * @param index from 0
   * @return nanoseconds by a monotonic clock; {@link Long#MAX_VALUE} for one that was there when
   *     looking began
   */
  public long ageNanos(int index) {
    return targets[index].ageNanos(timer);
  }

  /** Returns those whose index satisfies a condition. */
  Candidates some(int[] kept) {
    ServiceInstance[] list = new ServiceInstance[kept.length];
    Target[] theirs = new Target[kept.length];
    for (int n = 0; n < kept.length; n++) {
      list[n] = instances.get(kept[n]);
      theirs[n] = targets[kept[n]];
    }
    return new Candidates(InstanceList.ofSorted(list), theirs, timer);
  }

  /** Returns the indexes that satisfy a condition. */
  int[] indexes(IntPredicate wanted) {
    int[] found = new int[size()];
    int count = 0;
    for (int n = 0; n < found.length; n++) {
      if (wanted.test(n)) {
        found[count++] = n;
      }
    }
    return Arrays.copyOf(found, count);
  }

  InstanceList instances() {
    return instances;
  }

  Target target(int index) {
    return targets[index];
  }

  /** Returns the targets, by index; nobody writes to the array. */
  Target[] targets() {
    return targets;
  }
}
