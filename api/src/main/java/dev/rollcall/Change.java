package dev.rollcall;

import java.util.ArrayList;
import java.util.List;

/**
 * What is different between two states of a service that one listener was given, one after the
 * other. Immutable. {@link #added()}, {@link #updated()} and {@link #removed()} speak of the
 * passing instances, as a pool of connections wants it: one that turns critical is removed there.
 * {@link #all()} speaks of the instances in any health: there it is updated.
 */
public final class Change {
  private final Snapshot before;
  private final Snapshot now;
  private final Diff passing;
  private final Diff all;

  private Change(Snapshot before, Snapshot now, Diff passing, Diff all) {
    this.before = before;
    this.now = now;
    this.passing = passing;
    this.all = all;
  }

  /** Compares two states; both lists are sorted by id, and chunks that they share are skipped. */
  static Change between(Snapshot before, Snapshot now) {
    DiffBuilder all = new DiffBuilder();
    DiffBuilder passing = new DiffBuilder();
    InstanceList.Walk old = new InstanceList.Walk(before.allArray());
    InstanceList.Walk young = new InstanceList.Walk(now.allArray());
    while (old.hasMore() || young.hasMore()) {
      if (old.skipShared(young)) {
        continue;
      }
      int order =
          !old.hasMore()
              ? 1
              : !young.hasMore() ? -1 : old.present().id().compareTo(young.present().id());
      if (order < 0) {
        ServiceInstance gone = old.present();
        old.step();
        all.removed(gone);
        if (gone.health() == Health.PASSING) {
          passing.removed(gone);
        }
      } else if (order > 0) {
        ServiceInstance come = young.present();
        young.step();
        all.added(come);
        if (come.health() == Health.PASSING) {
          passing.added(come);
        }
      } else {
        ServiceInstance was = old.present();
        ServiceInstance is = young.present();
        old.step();
        young.step();
        if (was.equals(is)) {
          continue;
        }
        all.updated(is);
        if (was.health() == Health.PASSING) {
          if (is.health() == Health.PASSING) {
            passing.updated(is);
          } else {
            passing.removed(was);
          }
        } else if (is.health() == Health.PASSING) {
          passing.added(is);
        }
      }
    }
    return new Change(before, now, passing.build(), all.build());
  }

  /**
   * Returns the service's name.
   *
   * @return the name
   */
  public String service() {
    return now.service();
  }

  /**
   * Returns the state that this listener was given last.
   *
   * @return for a listener's first change an empty, {@linkplain Freshness.Loading loading} one
   */
  public Snapshot before() {
    return before;
  }

  /**
   * Returns the present state.
   *
   * @return the state after the change
   */
  public Snapshot now() {
    return now;
  }

  /**
   * Returns the instances that now pass and did not before.
   *
   * @return as they are now, by id; immutable
   */
  public List<ServiceInstance> added() {
    return passing.added();
  }

  /**
   * Returns the instances that pass now and before, with other fields.
   *
   * @return as they are now, by id; immutable
   */
  public List<ServiceInstance> updated() {
    return passing.updated();
  }

  /**
   * Returns the instances that passed and do so no more, whether they are gone or still known.
   *
   * @return as they were, by id; immutable
   */
  public List<ServiceInstance> removed() {
    return passing.removed();
  }

  /**
   * Returns the difference between {@code before().all()} and {@code now().all()}.
   *
   * @return the difference in any health
   */
  public Diff all() {
    return all;
  }

  @Override
  public String toString() {
    return service() + " " + all;
  }

  /**
   * A difference between two lists of instances.
   *
   * @param added as they are now
   * @param updated as they are now
   * @param removed as they were
   */
  public record Diff(
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

  /** Most differences are one instance in one list: that takes no list that grows. */
  private static final class DiffBuilder {
    private List<ServiceInstance> added = List.of();
    private List<ServiceInstance> updated = List.of();
    private List<ServiceInstance> removed = List.of();

    void added(ServiceInstance instance) {
      added = plus(added, instance);
    }

    void updated(ServiceInstance instance) {
      updated = plus(updated, instance);
    }

    void removed(ServiceInstance instance) {
      removed = plus(removed, instance);
    }

    private static List<ServiceInstance> plus(List<ServiceInstance> list, ServiceInstance next) {
      if (list.isEmpty()) {
        return List.of(next);
      }
      List<ServiceInstance> longer = list.size() == 1 ? new ArrayList<>(list) : list;
      longer.add(next);
      return longer;
    }

    Diff build() {
      return new Diff(added, updated, removed);
    }
  }
}
