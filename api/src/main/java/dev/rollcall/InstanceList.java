package dev.rollcall;

import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.RandomAccess;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Instances of one service, sorted by id, on arrays that nobody writes after construction. It is
 * what a look-up returns: publishing one copies nothing, reading one allocates nothing.
 *
 * <p>Up to {@value #MOST} instances are one array. Larger lists are chunks of {@value #FEW} to
 * {@value #MOST}, and an edited list shares all chunks but those that the edit touched: so that one
 * change in a service of 100,000 copies some hundred references, not 100,000, and {@link Walk} can
 * leave out what two lists share.
 *
 * <p>Nothing is overridden below, so that calls are as cheap as a final class's.
 */
class InstanceList extends AbstractList<ServiceInstance> implements RandomAccess {
  static final int MOST = 512;
  static final int FEW = 64;
  private static final int[] FROM_ZERO = {0};
  static final InstanceList EMPTY = new InstanceList(new ServiceInstance[0]);

  private final int size;

  /** All of them, where they are one chunk. */
  private final ServiceInstance @Nullable [] only;

  /** None of them is empty, unless there is but one. */
  private final ServiceInstance[][] chunks;

  /** The index of the first instance of each chunk. */
  private final int[] starts;

  /** Takes the array over: the caller must not write to it any more. */
  private InstanceList(ServiceInstance[] sorted) {
    this(new ServiceInstance[][] {sorted}, FROM_ZERO, sorted.length);
  }

  private InstanceList(ServiceInstance[][] chunks, int[] starts, int size) {
    this.chunks = chunks;
    this.starts = starts;
    this.size = size;
    this.only = chunks.length == 1 ? chunks[0] : null;
  }

  /** Creates another list on the same arrays. */
  InstanceList(InstanceList same) {
    this(same.chunks, same.starts, same.size);
  }

  private static InstanceList of(List<ServiceInstance[]> parts) {
    List<ServiceInstance[]> chunks = new ArrayList<>(parts.size() + 1);
    for (ServiceInstance[] part : parts) {
      ServiceInstance[] last = chunks.isEmpty() ? null : chunks.get(chunks.size() - 1);
      if (last != null
          && (last.length < FEW || part.length < FEW)
          && last.length + part.length <= MOST) {
        chunks.set(chunks.size() - 1, concatenated(last, part));
      } else if (part.length <= MOST) {
        if (part.length > 0) {
          chunks.add(part);
        }
      } else {
        // Half full, so that many more fit in before the next split.
        int count = (2 * part.length + MOST - 1) / MOST;
        for (int n = 0; n < count; n++) {
          chunks.add(
              Arrays.copyOfRange(
                  part,
                  (int) ((long) part.length * n / count),
                  (int) ((long) part.length * (n + 1) / count)));
        }
      }
    }
    if (chunks.isEmpty()) {
      return EMPTY;
    }
    int[] starts = new int[chunks.size()];
    int size = 0;
    for (int c = 0; c < starts.length; c++) {
      starts[c] = size;
      size += chunks.get(c).length;
    }
    return new InstanceList(chunks.toArray(new ServiceInstance[0][]), starts, size);
  }

  private static ServiceInstance[] concatenated(ServiceInstance[] a, ServiceInstance[] b) {
    ServiceInstance[] both = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, both, a.length, b.length);
    return both;
  }

  @Override
  public ServiceInstance get(int index) {
    ServiceInstance[] all = only;
    return all != null ? all[index] : inChunks(index);
  }

  private ServiceInstance inChunks(int index) {
    if (index < 0 || index >= size) {
      throw new IndexOutOfBoundsException("index " + index + " of " + size);
    }
    int found = Arrays.binarySearch(starts, index);
    int chunk = found >= 0 ? found : -found - 2;
    return chunks[chunk][index - starts[chunk]];
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public ServiceInstance[] toArray() {
    ServiceInstance[] all = new ServiceInstance[size];
    for (int c = 0; c < chunks.length; c++) {
      System.arraycopy(chunks[c], 0, all, starts[c], chunks[c].length);
    }
    return all;
  }

  @Override
  public Iterator<ServiceInstance> iterator() {
    Walk walk = new Walk(this);
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return walk.hasMore();
      }

      @Override
      public ServiceInstance next() {
        if (!walk.hasMore()) {
          throw new NoSuchElementException();
        }
        ServiceInstance next = walk.present();
        walk.step();
        return next;
      }
    };
  }

  /** Tells whether both stand on the same arrays: where nothing was edited, they do. */
  boolean isSame(InstanceList other) {
    return chunks == other.chunks;
  }

  /** Returns the array of all of them, where there is but one; nobody writes to it. */
  ServiceInstance @Nullable [] onlyArray() {
    return only;
  }

  /** Returns the index of an id, or a negative number where it is not in the list. */
  int indexOfId(String id) {
    int chunk = chunkOf(id);
    int at = indexIn(chunks[chunk], id);
    return at < 0 ? -1 : starts[chunk] + at;
  }

  /** Returns the instance with an id. */
  @Nullable ServiceInstance find(String id) {
    ServiceInstance[] chunk = chunks[chunkOf(id)];
    int at = indexIn(chunk, id);
    return at < 0 ? null : chunk[at];
  }

  /** Returns the only chunk that may hold an id. */
  private int chunkOf(String id) {
    int low = 1;
    int high = chunks.length - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      if (chunks[middle][0].id().compareTo(id) <= 0) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return high;
  }

  /** Returns the index of an id in a chunk, or {@code -(insertion point) - 1}. */
  private static int indexIn(ServiceInstance[] chunk, String id) {
    int low = 0;
    int high = chunk.length - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      int order = chunk[middle].id().compareTo(id);
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

  /**
   * Returns a list with an instance put in, or in the place of the one with its id; this where an
   * equal one is in it.
   */
  InstanceList with(ServiceInstance instance) {
    int c = chunkOf(instance.id());
    ServiceInstance[] chunk = chunks[c];
    int at = indexIn(chunk, instance.id());
    if (at >= 0) {
      if (instance.equals(chunk[at])) {
        return this;
      }
      ServiceInstance[] copy = chunk.clone();
      copy[at] = instance;
      return withChunk(c, copy);
    }
    int into = -at - 1;
    ServiceInstance[] copy = new ServiceInstance[chunk.length + 1];
    System.arraycopy(chunk, 0, copy, 0, into);
    copy[into] = instance;
    System.arraycopy(chunk, into, copy, into + 1, chunk.length - into);
    return withChunk(c, copy);
  }

  /** Returns a list without an id; this where it is not in it. */
  InstanceList without(String id) {
    int c = chunkOf(id);
    ServiceInstance[] chunk = chunks[c];
    int at = indexIn(chunk, id);
    if (at < 0) {
      return this;
    }
    ServiceInstance[] copy = new ServiceInstance[chunk.length - 1];
    System.arraycopy(chunk, 0, copy, 0, at);
    System.arraycopy(chunk, at + 1, copy, at, copy.length - at);
    return withChunk(c, copy);
  }

  private InstanceList withChunk(int c, ServiceInstance[] chunk) {
    if (chunks.length == 1 && chunk.length <= MOST) {
      return chunk.length == 0 ? EMPTY : new InstanceList(chunk);
    }
    ServiceInstance[][] copy = chunks.clone();
    int more = chunk.length - copy[c].length;
    copy[c] = chunk;
    if (chunk.length < FEW || chunk.length > MOST) {
      return of(Arrays.asList(copy));
    }
    int[] moved = starts;
    if (more != 0) {
      moved = starts.clone();
      for (int later = c + 1; later < moved.length; later++) {
        moved[later] += more;
      }
    }
    return new InstanceList(copy, moved, size + more);
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
      ServiceInstance put = edits.get(edits.firstKey());
      return put == null ? without(edits.firstKey()) : with(put);
    }
    List<ServiceInstance[]> parts = new ArrayList<>(chunks.length + 1);
    List<Map.Entry<String, @Nullable ServiceInstance>> ofChunk = new ArrayList<>();
    boolean changed = false;
    int chunk = 0;
    for (Map.Entry<String, @Nullable ServiceInstance> edit : edits.entrySet()) {
      if (chunk + 1 < chunks.length && edit.getKey().compareTo(chunks[chunk + 1][0].id()) >= 0) {
        changed |= addEdited(chunk, ofChunk, parts);
        ofChunk.clear();
        int next = chunkOf(edit.getKey());
        parts.addAll(Arrays.asList(chunks).subList(chunk + 1, next));
        chunk = next;
      }
      ofChunk.add(edit);
    }
    changed |= addEdited(chunk, ofChunk, parts);
    parts.addAll(Arrays.asList(chunks).subList(chunk + 1, chunks.length));
    return changed ? of(parts) : this;
  }

  /** Adds a chunk with edits of ids that belong into it; returns whether they change it. */
  private boolean addEdited(
      int c,
      List<Map.Entry<String, @Nullable ServiceInstance>> edits,
      List<ServiceInstance[]> parts) {
    ServiceInstance[] chunk = chunks[c];
    ServiceInstance[] merged = new ServiceInstance[chunk.length + edits.size()];
    int from = 0;
    int to = 0;
    boolean changed = false;
    for (Map.Entry<String, @Nullable ServiceInstance> edit : edits) {
      int at = indexIn(chunk, edit.getKey());
      int until = at < 0 ? -at - 1 : at;
      System.arraycopy(chunk, from, merged, to, until - from);
      to += until - from;
      from = at < 0 ? until : until + 1;
      ServiceInstance put = edit.getValue();
      if (put != null) {
        merged[to++] = put;
      }
      changed |= at >= 0 ? !chunk[at].equals(put) : put != null;
    }
    System.arraycopy(chunk, from, merged, to, chunk.length - from);
    to += chunk.length - from;
    parts.add(changed ? Arrays.copyOf(merged, to) : chunk);
    return changed;
  }

  /** Returns those that a condition keeps; this where it keeps all. Reads the whole list. */
  InstanceList filtered(Filter kept) {
    ServiceInstance[] some = new ServiceInstance[size];
    int count = 0;
    for (ServiceInstance[] chunk : chunks) {
      for (ServiceInstance instance : chunk) {
        if (kept.accepts(instance)) {
          some[count++] = instance;
        }
      }
    }
    return count == size ? this : ofSorted(Arrays.copyOf(some, count));
  }

  /** Returns the passing ones; this where all are. */
  InstanceList passing() {
    return filtered(instance -> instance.health() == Health.PASSING);
  }

  /** Takes an array over that is in order already. */
  static InstanceList ofSorted(ServiceInstance[] sorted) {
    return of(List.<ServiceInstance[]>of(sorted));
  }

  /** Returns the instances of any collection in order; of equal ids the last one stays. */
  static InstanceList of(Collection<ServiceInstance> instances) {
    TreeMap<String, ServiceInstance> byId = new TreeMap<>();
    instances.forEach(instance -> byId.put(instance.id(), instance));
    return ofSorted(byId.values().toArray(new ServiceInstance[0]));
  }

  @Override
  public String toString() {
    return Arrays.toString(toArray());
  }

  /** A walk through a list from its first instance to its last. */
  static final class Walk {
    private final ServiceInstance[][] chunks;
    private ServiceInstance[] chunk;
    private int c;
    private int at;

    Walk(InstanceList list) {
      chunks = list.chunks;
      chunk = chunks[0];
    }

    boolean hasMore() {
      return at < chunk.length;
    }

    /** Returns the instance that is reached, where there {@linkplain #hasMore() is} one. */
    ServiceInstance present() {
      return chunk[at];
    }

    void step() {
      if (++at == chunk.length && c + 1 < chunks.length) {
        chunk = chunks[++c];
        at = 0;
      }
    }

    /** Where both begin a chunk that the two lists share, goes past it with both. */
    boolean skipShared(Walk other) {
      if (at != 0 || other.at != 0 || chunk != other.chunk || chunk.length == 0) {
        return false;
      }
      at = chunk.length - 1;
      step();
      other.at = other.chunk.length - 1;
      other.step();
      return true;
    }
  }
}
