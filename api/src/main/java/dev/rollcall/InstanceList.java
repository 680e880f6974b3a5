package dev.rollcall;

import java.util.AbstractList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Map;
import java.util.RandomAccess;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Instances of one service, sorted by id, on an array that nobody writes after construction. It is
 * what a look-up returns: publishing one copies nothing, reading one allocates nothing.
 */
final class InstanceList extends AbstractList<ServiceInstance> implements RandomAccess {
  static final InstanceList EMPTY = new InstanceList(new ServiceInstance[0]);

  private final ServiceInstance[] sorted;

  /** Takes the array over: the caller must not write to it any more. */
  InstanceList(ServiceInstance[] sorted) {
    this.sorted = sorted;
  }

  @Override
  public ServiceInstance get(int index) {
    return sorted[index];
  }

  @Override
  public int size() {
    return sorted.length;
  }

  @Override
  public ServiceInstance[] toArray() {
    return sorted.clone();
  }

  /** Tells whether this is that very list: where nothing was edited, it still is. */
  @SuppressWarnings("ReferenceEquality")
  boolean isSame(InstanceList other) {
    return this == other;
  }

  /** Returns the index of an id, or {@code -(insertion point) - 1}. */
  int indexOfId(String id) {
    int low = 0;
    int high = sorted.length - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      int order = sorted[middle].id().compareTo(id);
      if (order < 0) {
        low = middle + 1;
      } else if (order > 0) {
        high = middle - 1;
      } else {
        return middle;
      }
    }
    return -(low + 1);
  }

  /** Returns a list with an instance put in, or in the place of the one with its id. */
  InstanceList with(ServiceInstance instance) {
    int at = indexOfId(instance.id());
    if (at >= 0) {
      ServiceInstance[] copy = sorted.clone();
      copy[at] = instance;
      return new InstanceList(copy);
    }
    int into = -at - 1;
    ServiceInstance[] copy = new ServiceInstance[sorted.length + 1];
    System.arraycopy(sorted, 0, copy, 0, into);
    copy[into] = instance;
    System.arraycopy(sorted, into, copy, into + 1, sorted.length - into);
    return new InstanceList(copy);
  }

  /** Returns a list without an id; this where it is not in it. */
  InstanceList without(String id) {
    int at = indexOfId(id);
    if (at < 0) {
      return this;
    }
    ServiceInstance[] copy = new ServiceInstance[sorted.length - 1];
    System.arraycopy(sorted, 0, copy, 0, at);
    System.arraycopy(sorted, at + 1, copy, at, copy.length - at);
    return new InstanceList(copy);
  }

  /**
   * Returns a list with some ids put in or, where the edit is null, taken out; this where that
   * changes nothing.
   */
  InstanceList edited(SortedMap<String, @Nullable ServiceInstance> edits) {
    if (edits.isEmpty()) {
      return this;
    }
    if (edits.size() == 1) {
      ServiceInstance only = edits.get(edits.firstKey());
      return only == null ? without(edits.firstKey()) : with(only);
    }
    ServiceInstance[] merged = new ServiceInstance[sorted.length + edits.size()];
    int from = 0;
    int to = 0;
    boolean changed = false;
    for (Map.Entry<String, @Nullable ServiceInstance> edit : edits.entrySet()) {
      int at = indexOfId(edit.getKey());
      int until = at < 0 ? -at - 1 : at;
      System.arraycopy(sorted, from, merged, to, until - from);
      to += until - from;
      from = at < 0 ? until : until + 1;
      ServiceInstance put = edit.getValue();
      if (put != null) {
        merged[to++] = put;
      }
      changed |= at >= 0 || put != null;
    }
    System.arraycopy(sorted, from, merged, to, sorted.length - from);
    to += sorted.length - from;
    return changed ? new InstanceList(Arrays.copyOf(merged, to)) : this;
  }

  /** Returns the passing ones; this where all are. */
  InstanceList passing() {
    int count = 0;
    for (ServiceInstance instance : sorted) {
      if (instance.health() == Health.PASSING) {
        count++;
      }
    }
    if (count == sorted.length) {
      return this;
    }
    ServiceInstance[] kept = new ServiceInstance[count];
    int next = 0;
    for (ServiceInstance instance : sorted) {
      if (instance.health() == Health.PASSING) {
        kept[next++] = instance;
      }
    }
    return new InstanceList(kept);
  }

  /** Returns the instances of any collection in order; of equal ids the last one stays. */
  static InstanceList of(Collection<ServiceInstance> instances) {
    TreeMap<String, ServiceInstance> byId = new TreeMap<>();
    instances.forEach(instance -> byId.put(instance.id(), instance));
    return new InstanceList(byId.values().toArray(new ServiceInstance[0]));
  }

  @Override
  public String toString() {
    return Arrays.toString(sorted);
  }
}
