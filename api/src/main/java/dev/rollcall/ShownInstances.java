package dev.rollcall;

/**
 * The passing instances of a snapshot, as its readers are given them. It leads to all that a read
 * may want: a view that publishes this one reference answers a look-up with it as it is, and a pick
 * with one load more.
 */
final class ShownInstances extends InstanceList {
  private static final ServiceInstance[] NONE = {};

  private final Snapshot snapshot;
  private final ServiceInstance[] picks;

  /** Creates the list of a snapshot that is under construction; nothing of it is read here. */
  ShownInstances(InstanceList passing, InstanceList eligible, Snapshot snapshot) {
    super(passing);
    ServiceInstance[] array = eligible.onlyArray();
    this.picks = array == null ? NONE : array;
    this.snapshot = snapshot;
  }

  Snapshot snapshot() {
    return snapshot;
  }

  /** Returns whom to pick from where that is one array, and otherwise none: nobody writes to it. */
  ServiceInstance[] picks() {
    return picks;
  }
}
