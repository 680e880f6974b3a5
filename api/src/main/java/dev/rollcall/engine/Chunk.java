package dev.rollcall.engine;

import dev.rollcall.ServiceInstance;
import org.jspecify.annotations.Nullable;

/**
 * Some instances of one service, sorted by id; the array is never written after construction.
 *
 * <p>A search by id compares numbers first: of each id the four characters after those that all ids
 * of the chunk began with when it was made, a byte each ("poor man's normalized keys": G. Graefe
 * and P.-Å. Larson, "B-tree indexes and CPU caches", 2001). They stand in one array, whereas a
 * comparison of two ids follows three references. They are no more than a guess: what is found by
 * them is looked at, and where the guess is wrong the ids themselves are searched. So they need not
 * be right after an insertion that does not share the beginning. They are made when first wanted,
 * perhaps by two threads at once.
 */
final class Chunk {
  /** Below it the numbers are not worth their place. */
  private static final int FEW = 16;

  /** So many of the same number are looked at. */
  private static final int MAX_TIES = 4;

  final ServiceInstance[] instances;
  private @Nullable Heads heads;

  /** The beginnings of the ids, without as many characters as were skipped; a number for each. */
  private static final class Heads {
    final int skipped;
    final int[] numbers;

    Heads(int skipped, int[] numbers) {
      this.skipped = skipped;
      this.numbers = numbers;
    }

    static Heads of(ServiceInstance[] sorted) {
      String first = sorted[0].id();
      String last = sorted[sorted.length - 1].id();
      int most = Math.min(first.length(), last.length());
      int shared = 0;
      while (shared < most && first.charAt(shared) == last.charAt(shared)) {
        shared++;
      }
      int[] numbers = new int[sorted.length];
      for (int n = 0; n < numbers.length; n++) {
        numbers[n] = number(sorted[n].id(), shared);
      }
      return new Heads(shared, numbers);
    }

    /** Returns four characters of an id as a number, of the same order where they are Latin-1. */
    static int number(String id, int from) {
      int number = 0;
      for (int n = from; n < from + 4; n++) {
        number = number << 8 | (n < id.length() ? Math.min(id.charAt(n), 0xFF) : 0);
      }
      return number ^ Integer.MIN_VALUE; // so that numbers compare as the characters do
    }

    /** Returns the first index whose number is not less. */
    int firstNotBelow(int number) {
      int low = 0;
      int length = numbers.length;
      while (length > 0) {
        int half = length >>> 1;
        if (numbers[low + half] < number) {
          low += half + 1;
          length -= half + 1;
        } else {
          length = half;
        }
      }
      return low;
    }
  }

  /** Takes the array over: the caller must not write to it any more. */
  Chunk(ServiceInstance[] sorted) {
    this(sorted, null);
  }

  private Chunk(ServiceInstance[] sorted, @Nullable Heads heads) {
    this.instances = sorted;
    this.heads = heads;
  }

  /** Returns the index of an id, or {@code -(insertion point) - 1}. */
  int indexOf(String id) {
    if (instances.length >= FEW) {
      int guess = guess(id);
      if (guess >= 0) {
        return guess;
      }
    }
    int low = 0;
    int high = instances.length - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      int order = instances[middle].id().compareTo(id);
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

  /** Returns the index of an id, or -1, which does not say that it is not there. */
  private int guess(String id) {
    Heads known = heads;
    if (known == null) {
      known = Heads.of(instances);
      heads = known;
    }
    int number = Heads.number(id, known.skipped);
    int at = known.firstNotBelow(number);
    for (int tie = 0; tie < MAX_TIES; tie++) {
      if (at + tie >= instances.length || known.numbers[at + tie] != number) {
        return -1;
      }
      if (instances[at + tie].id().equals(id)) {
        return at + tie;
      }
    }
    return -1;
  }

  /** Returns a chunk with another instance of the same id at an index. */
  Chunk with(int at, ServiceInstance instance) {
    ServiceInstance[] copy = instances.clone();
    copy[at] = instance;
    return new Chunk(copy, heads);
  }

  /** Returns a chunk with an instance more, in front of an index. */
  Chunk inserted(int into, ServiceInstance instance) {
    ServiceInstance[] copy = new ServiceInstance[instances.length + 1];
    System.arraycopy(instances, 0, copy, 0, into);
    copy[into] = instance;
    System.arraycopy(instances, into, copy, into + 1, instances.length - into);
    Heads known = heads;
    if (known == null || into == 0 || into == instances.length) {
      return new Chunk(copy); // all ids may have less in common now
    }
    int[] numbers = new int[copy.length];
    System.arraycopy(known.numbers, 0, numbers, 0, into);
    numbers[into] = Heads.number(instance.id(), known.skipped);
    System.arraycopy(known.numbers, into, numbers, into + 1, instances.length - into);
    return new Chunk(copy, new Heads(known.skipped, numbers));
  }

  /** Returns a chunk without the instance at an index. */
  Chunk without(int at) {
    ServiceInstance[] copy = new ServiceInstance[instances.length - 1];
    System.arraycopy(instances, 0, copy, 0, at);
    System.arraycopy(instances, at + 1, copy, at, copy.length - at);
    Heads known = heads;
    if (known == null) {
      return new Chunk(copy);
    }
    int[] numbers = new int[copy.length];
    System.arraycopy(known.numbers, 0, numbers, 0, at);
    System.arraycopy(known.numbers, at + 1, numbers, at, numbers.length - at);
    return new Chunk(copy, new Heads(known.skipped, numbers));
  }

  /** Returns a chunk of other instances with the very same ids. */
  Chunk withAll(ServiceInstance[] sameIds) {
    return new Chunk(sameIds, heads);
  }
}
