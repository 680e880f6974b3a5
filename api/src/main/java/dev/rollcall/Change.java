package dev.rollcall;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is different between two states of a service that one listener was given, one after the
 * other. Immutable. {@link #added()}, {@link #updated()} and {@link #removed()} speak of the
 * passing instances, as a pool of connections wants it: one that turns critical is removed there.
 * {@link #all()} speaks of the instances in any health: there it is updated.
 *
 * @since 0.1.0
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
      ServiceInstance was = order <= 0 ? old.take() : null;
      ServiceInstance is = order >= 0 ? young.take() : null;
      if (was == null || !was.equals(is)) {
        all.note(was, is);
        passing.note(ifPassing(was), ifPassing(is));
      }
    }
    return new Change(before, now, passing.build(), all.build());
  }

  private static @Nullable ServiceInstance ifPassing(@Nullable ServiceInstance instance) {
    return instance != null && instance.health() == Health.PASSING ? instance : null;
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

    /** Takes note of an instance that was there or is there now, or both, or neither. */
    void note(@Nullable ServiceInstance was, @Nullable ServiceInstance is) {
      if (was != null && is != null) {
        updated = plus(updated, is);
      } else if (is != null) {
        added = plus(added, is);
      } else if (was != null) {
        removed = plus(removed, was);
      }
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
