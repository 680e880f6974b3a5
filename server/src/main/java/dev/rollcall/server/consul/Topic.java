package dev.rollcall.server.consul;

import java.lang.ref.SoftReference;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a query can wait for: one service, one node, or a table. Holds the index of its last change,
 * those that wait for the next, and the answers that were encoded since, so that a thousand waiters
 * share one; they are given up where memory runs short. Guarded by the lock of the {@link
 * CatalogIndex}, but for the answers, which are read without it.
 */
final class Topic {
  private static final int MAX_ANSWERS = 8;

  private final Set<Waiter> waiters = new LinkedHashSet<>();
  private volatile Map<String, SoftReference<Answer>> answers = Map.of(); // never changed
  private long index;
  private long version;

  Topic(long index) {
    this.index = index;
  }

  long index() {
    return index;
  }

  /** Grows with every change, those included that wake no waiter. */
  long version() {
    return version;
  }

  /** Moves on, and hands over those that waited. */
  Set<Waiter> touch(long newIndex) {
    index = newIndex;
    refresh();
    if (waiters.isEmpty()) {
      return Set.of();
    }
    Set<Waiter> woken = new LinkedHashSet<>(waiters);
    waiters.clear();
    return woken;
  }

  /** Forgets what was encoded. */
  void refresh() {
    version++;
    answers = Map.of();
  }

  void park(Waiter waiter) {
    waiters.add(waiter);
  }

  void leave(Waiter waiter) {
    waiters.remove(waiter);
  }

  boolean isAwaited() {
    return !waiters.isEmpty();
  }

  @Nullable Answer answer(String variant) {
    SoftReference<Answer> kept = answers.get(variant);
    return kept == null ? null : kept.get();
  }

  void keep(String variant, Answer answer) {
    if (answers.size() < MAX_ANSWERS || answers.containsKey(variant)) {
      Map<String, SoftReference<Answer>> more = new HashMap<>(answers);
      more.put(variant, new SoftReference<>(answer));
      answers = more;
    }
  }
}
