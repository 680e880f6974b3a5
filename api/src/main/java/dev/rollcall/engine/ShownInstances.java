package dev.rollcall.engine;

import dev.rollcall.ServiceInstance;

/**
 * The passing instances of a snapshot, as its readers are given them. It leads to all that a read
 * may want: a view that publishes this one reference answers a look-up with it as it is, and a pick
 * with one load more.
 */
final class ShownInstances extends InstanceList {
  private static final ServiceInstance[] NONE = {};

  private final ViewSnapshot snapshot;
  private final ServiceInstance[] picks;

  /** Creates the list of a snapshot that is under construction; nothing of it is read here. */
  ShownInstances(InstanceList passing, InstanceList eligible, ViewSnapshot snapshot) {
    super(passing);
    ServiceInstance[] array = eligible.onlyArray();
    this.picks = array == null ? NONE : array;
    this.snapshot = snapshot;
  }

  ViewSnapshot snapshot() {
    return snapshot;
  }

  /**
   * Returns what to pick from where that is one array, and otherwise none; it is never written to.
   */
  ServiceInstance[] picks() {
    return picks;
  }
}
