package dev.rollcall.memory;

import org.jspecify.annotations.Nullable;

/**
 * A doubly linked list through the entries themselves: joining and leaving cost no allocation and
 * no search. An entry is in one list at most. Guarded by the store's lock.
 */
final class LeaseList {
  private @Nullable Entry first;
  private @Nullable Entry last;
  private int size;

  int size() {
    return size;
  }

  @Nullable Entry first() {
    return first;
  }

  void add(Entry entry) {
    entry.list = this;
    entry.previous = last;
    entry.next = null;
    if (last == null) {
      first = entry;
    } else {
      last.next = entry;
    }
    last = entry;
    size++;
  }

  void remove(Entry entry) {
    if (entry.previous == null) {
      first = entry.next;
    } else {
      entry.previous.next = entry.next;
    }
    if (entry.next == null) {
      last = entry.previous;
    } else {
      entry.next.previous = entry.previous;
    }
    entry.next = null;
    entry.previous = null;
    entry.list = null;
    size--;
  }
}
