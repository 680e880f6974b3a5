package dev.rollcall;

import java.util.AbstractMap;
import java.util.AbstractSet;
import java.util.Iterator;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/**
 * A small immutable map in the order of its keys, on one array of keys and values in turn: a third
 * of the memory of a hash map, of which a registry holds one an instance. A look-up halves the
 * array.
 */
final class FlatMap extends AbstractMap<String, String> {
  private final String[] flat;

  /** Copies a map, with one string for equal ones. */
  FlatMap(SortedMap<String, String> map, Interner<String> strings) {
    flat = new String[2 * map.size()];
    int n = 0;
    for (Map.Entry<String, String> entry : map.entrySet()) {
      flat[n++] = strings.of(entry.getKey());
      flat[n++] = strings.of(entry.getValue());
    }
  }

  @Override
  public @Nullable String get(@Nullable Object key) {
    int at = key instanceof String name ? indexOf(name) : -1;
    return at < 0 ? null : flat[at + 1];
  }

  @Override
  public boolean containsKey(@Nullable Object key) {
    return key instanceof String name && indexOf(name) >= 0;
  }

  private int indexOf(String key) {
    int low = 0;
    int high = flat.length / 2 - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      int order = flat[2 * middle].compareTo(key);
      if (order < 0) {
        low = middle + 1;
      } else if (order > 0) {
        high = middle - 1;
      } else {
        return 2 * middle;
      }
    }
    return -1;
  }

  @Override
  public int size() {
    return flat.length / 2;
  }

  @Override
  public Set<Map.Entry<String, String>> entrySet() {
    return new AbstractSet<>() {
      @Override
      public int size() {
        return FlatMap.this.size();
      }

      @Override
      public Iterator<Map.Entry<String, String>> iterator() {
        return new Iterator<>() {
          private int next;

          @Override
          public boolean hasNext() {
            return next < flat.length;
          }

          @Override
          public Map.Entry<String, String> next() {
            if (next >= flat.length) {
              throw new NoSuchElementException();
            }
            next += 2;
            return Map.entry(flat[next - 2], flat[next - 1]);
          }
        };
      }
    };
  }
}
