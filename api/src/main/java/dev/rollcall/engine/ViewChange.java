package dev.rollcall.engine;

import dev.rollcall.Change;
import dev.rollcall.Health;
import dev.rollcall.ServiceInstance;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The difference between two snapshots of one view. Immutable. */
final class ViewChange implements Change {
  private final ViewSnapshot before;
  private final ViewSnapshot now;
  private final Diff passing;
  private final Diff all;

  private ViewChange(ViewSnapshot before, ViewSnapshot now, Diff passing, Diff all) {
    this.before = before;
    this.now = now;
    this.passing = passing;
    this.all = all;
  }

  /** Compares two states; both lists are sorted by id, and chunks that they share are skipped. */
  static ViewChange between(ViewSnapshot before, ViewSnapshot now) {
    DiffBuilder all = new DiffBuilder();
    DiffBuilder passing = new DiffBuilder();
    InstanceList.Walk old = new InstanceList.Walk(before.all());
    InstanceList.Walk young = new InstanceList.Walk(now.all());
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
    return new ViewChange(before, now, passing.build(), all.build());
  }

  private static @Nullable ServiceInstance ifPassing(@Nullable ServiceInstance instance) {
    return instance != null && instance.health() == Health.PASSING ? instance : null;
  }

  @Override
  public String service() {
    return now.service();
  }

  @Override
  public ViewSnapshot before() {
    return before;
  }

  @Override
  public ViewSnapshot now() {
    return now;
  }

  @Override
  public List<ServiceInstance> added() {
    return passing.added();
  }

  @Override
  public List<ServiceInstance> updated() {
    return passing.updated();
  }

  @Override
  public List<ServiceInstance> removed() {
    return passing.removed();
  }

  @Override
  public Diff all() {
    return all;
  }

  @Override
  public String toString() {
    return service() + " " + all;
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
