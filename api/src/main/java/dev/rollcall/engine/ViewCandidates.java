package dev.rollcall.engine;

import dev.rollcall.Candidates;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.Timer;
import java.util.Arrays;
import java.util.function.IntPredicate;

/** The candidates of a view, with what this process knows of each. */
final class ViewCandidates implements Candidates {
  private final InstanceList instances;
  private final Target[] targets;
  private final Timer timer;

  /** Takes the targets over, one for each instance. */
  ViewCandidates(InstanceList instances, Target[] targets, Timer timer) {
    this.instances = instances;
    this.targets = targets;
    this.timer = timer;
  }

  /**
   * Returns what a view has handed to a balancer.
   *
   * @throws RegistryException of kind {@code INVALID} where these are no view's
   */
  static ViewCandidates of(Candidates given) {
    if (given instanceof ViewCandidates own) {
      return own;
    }
    throw RegistryException.invalid(
        "now: candidates of " + given.getClass() + " (expected: those that a view hands over)");
  }

  @Override
  public int size() {
    return targets.length;
  }

  @Override
  public ServiceInstance get(int index) {
    return instances.get(index);
  }

  @Override
  public int indexOf(String id) {
    return instances.indexOfId(id);
  }

  @Override
  public int inFlight(int index) {
    return targets[index].inFlight();
  }

  @Override
  public long ageNanos(int index) {
    return targets[index].ageNanos(timer);
  }

  /** Returns those whose index satisfies a condition. */
  ViewCandidates some(int[] kept) {
    ServiceInstance[] list = new ServiceInstance[kept.length];
    Target[] theirs = new Target[kept.length];
    for (int n = 0; n < kept.length; n++) {
      list[n] = instances.get(kept[n]);
      theirs[n] = targets[kept[n]];
    }
    return new ViewCandidates(InstanceList.ofSorted(list), theirs, timer);
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

  /** Returns the targets, by index; the array is never written to. */
  Target[] targets() {
    return targets;
  }
}
