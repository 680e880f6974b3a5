package dev.rollcall;

import java.util.List;

/**
 * The difference between two states of a service that one listener was given, one after the other.
 * Immutable. {@link #added()}, {@link #updated()} and {@link #removed()} speak of the passing
 * instances, as a pool of connections wants it: one that turns critical is removed there. {@link
 * #all()} speaks of the instances in any health: there it is updated.
 *
 * @since 0.1.0
 */
public interface Change {

  /**
   * Returns the service's name.
   *
   * @return the name
   */
  String service();

  /**
   * Returns the state that this listener was given last.
   *
   * @return for a listener's first change an empty, {@linkplain Freshness.Loading loading} one
   */
  Snapshot before();

  /**
   * Returns the present state.
   *
   * @return the state after the change
   */
  Snapshot now();

  /**
   * Returns the instances that now pass and did not before.
   *
   * @return as they are now, by id; immutable
   */
  List<ServiceInstance> added();

  /**
   * Returns the instances that pass now and before, with other fields.
   *
   * @return as they are now, by id; immutable
   */
  List<ServiceInstance> updated();

  /**
   * Returns the instances that passed and do so no more, whether they are gone or still known.
   *
   * @return as they were, by id; immutable
   */
  List<ServiceInstance> removed();

  /**
   * Returns the difference between {@code before().all()} and {@code now().all()}.
   *
   * @return the difference in any health
   */
  Diff all();

  /**
   * A difference between two lists of instances.
   *
   * @param added as they are now
   * @param updated as they are now
   * @param removed as they were
   */
  record Diff(
      List<ServiceInstance> added, List<ServiceInstance> updated, List<ServiceInstance> removed) {
    /**
     * Copies the lists.
     *
     * @param added as the record says
     * @param updated as the record says
     * @param removed as the record says
     */
    public Diff {
      added = List.copyOf(added);
      updated = List.copyOf(updated);
      removed = List.copyOf(removed);
    }

    /**
     * Tells whether there is no difference.
     *
     * @return true where all three lists are empty
     */
    public boolean isEmpty() {
      return added.isEmpty() && updated.isEmpty() && removed.isEmpty();
    }
  }
}
