package dev.rollcall.engine;

import dev.rollcall.Filter;
import dev.rollcall.Health;
import dev.rollcall.ServiceInstance;
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
 * Instances of one service, sorted by id, on arrays that are never written after construction. It
 * is what a look-up returns: publishing one copies nothing, reading one allocates nothing.
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
  private final Chunk[] chunks;

  /** The index of the first instance of each chunk. */
  private final int[] starts;

  /** Takes the array over: the caller must not write to it any more. */
  private InstanceList(ServiceInstance[] sorted) {
    this(new Chunk(sorted));
  }

  private InstanceList(Chunk only) {
    this(new Chunk[] {only}, FROM_ZERO, only.instances.length);
  }

  private InstanceList(Chunk[] chunks, int[] starts, int size) {
    this.chunks = chunks;
    this.starts = starts;
    this.size = size;
    this.only = chunks.length == 1 ? chunks[0].instances : null;
  }

  /** Creates another list on the same arrays. */
  InstanceList(InstanceList same) {
    this(same.chunks, same.starts, same.size);
  }

  private static InstanceList of(List<Chunk> parts) {
    List<Chunk> chunks = new ArrayList<>(parts.size() + 1);
    for (Chunk chunk : parts) {
      ServiceInstance[] part = chunk.instances;
      ServiceInstance[] last = chunks.isEmpty() ? null : chunks.get(chunks.size() - 1).instances;
      if (last != null
          && (last.length < FEW || part.length < FEW)
          && last.length + part.length <= MOST) {
        chunks.set(chunks.size() - 1, new Chunk(concatenated(last, part)));
      } else if (part.length <= MOST) {
        if (part.length > 0) {
          chunks.add(chunk);
        }
      } else {
        // Half full, so that many more fit in before the next split.
        int count = (2 * part.length + MOST - 1) / MOST;
        for (int n = 0; n < count; n++) {
          chunks.add(
              new Chunk(
                  Arrays.copyOfRange(
                      part,
                      (int) ((long) part.length * n / count),
                      (int) ((long) part.length * (n + 1) / count))));
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
      size += chunks.get(c).instances.length;
    }
    return new InstanceList(chunks.toArray(new Chunk[0]), starts, size);
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
    return chunks[chunk].instances[index - starts[chunk]];
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public ServiceInstance[] toArray() {
    ServiceInstance[] all = new ServiceInstance[size];
    for (int c = 0; c < chunks.length; c++) {
      ServiceInstance[] chunk = chunks[c].instances;
      System.arraycopy(chunk, 0, all, starts[c], chunk.length);
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
        return walk.take();
      }
    };
  }

  /** Tells whether both stand on the same arrays: where nothing was edited, they do. */
  boolean isSame(InstanceList other) {
    return chunks == other.chunks;
  }

  /** Returns the array of all of them, where there is but one; it is never written to. */
  ServiceInstance @Nullable [] onlyArray() {
    return only;
  }

  /** Returns the index of an id, or a negative number where it is not in the list. */
  int indexOfId(String id) {
    int chunk = chunkOf(id);
    int at = chunks[chunk].indexOf(id);
    return at < 0 ? -1 : starts[chunk] + at;
  }

  /** Returns the instance with an id. */
  @Nullable ServiceInstance find(String id) {
    Chunk chunk = chunks[chunkOf(id)];
    int at = chunk.indexOf(id);
    return at < 0 ? null : chunk.instances[at];
  }

  /** Returns the only chunk that may hold an id. */
  private int chunkOf(String id) {
    int low = 1;
    int high = chunks.length - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      if (chunks[middle].instances[0].id().compareTo(id) <= 0) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return high;
  }

  /**
   * Returns a list with an instance put in, or in the place of the one with its id; this where an
   * equal one is in it.
   */
  InstanceList with(ServiceInstance instance) {
    int c = chunkOf(instance.id());
    Chunk chunk = chunks[c];
    int at = chunk.indexOf(instance.id());
    if (at < 0) {
      return withChunk(c, chunk.inserted(-at - 1, instance));
    }
    return instance.equals(chunk.instances[at]) ? this : withChunk(c, chunk.with(at, instance));
  }

  /** Returns a list without an id; this where it is not in it. */
  InstanceList without(String id) {
    int c = chunkOf(id);
    int at = chunks[c].indexOf(id);
    return at < 0 ? this : withChunk(c, chunks[c].without(at));
  }

  private InstanceList withChunk(int c, Chunk chunk) {
    int length = chunk.instances.length;
    if (chunks.length == 1 && length <= MOST) {
      return length == 0 ? EMPTY : new InstanceList(chunk);
    }
    Chunk[] copy = chunks.clone();
    int more = length - copy[c].instances.length;
    copy[c] = chunk;
    if (length < FEW || length > MOST) {
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
    List<Chunk> parts = new ArrayList<>(chunks.length + 1);
    List<Map.Entry<String, @Nullable ServiceInstance>> ofChunk = new ArrayList<>();
    boolean changed = false;
    int chunk = 0;
    for (Map.Entry<String, @Nullable ServiceInstance> edit : edits.entrySet()) {
      if (chunk + 1 < chunks.length
          && edit.getKey().compareTo(chunks[chunk + 1].instances[0].id()) >= 0) {
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
      int c, List<Map.Entry<String, @Nullable ServiceInstance>> edits, List<Chunk> parts) {
    ServiceInstance[] chunk = chunks[c].instances;
    ServiceInstance[] merged = new ServiceInstance[chunk.length + edits.size()];
    int from = 0;
    int to = 0;
    boolean changed = false;
    boolean sameIds = true;
    for (Map.Entry<String, @Nullable ServiceInstance> edit : edits) {
      int at = chunks[c].indexOf(edit.getKey());
      int until = at < 0 ? -at - 1 : at;
      System.arraycopy(chunk, from, merged, to, until - from);
      to += until - from;
      from = at < 0 ? until : until + 1;
      ServiceInstance put = edit.getValue();
      if (put != null) {
        merged[to++] = put;
      }
      changed |= at >= 0 ? !chunk[at].equals(put) : put != null;
      sameIds &= at >= 0 == (put != null);
    }
    System.arraycopy(chunk, from, merged, to, chunk.length - from);
    to += chunk.length - from;
    if (!changed) {
      parts.add(chunks[c]);
    } else {
      ServiceInstance[] exact = Arrays.copyOf(merged, to);
      parts.add(sameIds ? chunks[c].withAll(exact) : new Chunk(exact));
    }
    return changed;
  }

  /** Returns those that a condition keeps; this where it keeps all. Reads the whole list. */
  InstanceList filtered(Filter kept) {
    ServiceInstance[] some = new ServiceInstance[size];
    int count = 0;
    for (Chunk chunk : chunks) {
      for (ServiceInstance instance : chunk.instances) {
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
    return of(List.of(new Chunk(sorted)));
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
    private final Chunk[] chunks;
    private ServiceInstance[] chunk;
    private int c;
    private int at;

    Walk(InstanceList list) {
      chunks = list.chunks;
      chunk = chunks[0].instances;
    }

    boolean hasMore() {
      return at < chunk.length;
    }

    /** Returns the instance that is reached, where there {@linkplain #hasMore() is} one. */
    ServiceInstance present() {
      return chunk[at];
    }

    /** Returns the instance that is reached, and goes on to the next. */
    ServiceInstance take() {
      ServiceInstance taken = present();
      step();
      return taken;
    }

    void step() {
      if (++at == chunk.length && c + 1 < chunks.length) {
        chunk = chunks[++c].instances;
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
