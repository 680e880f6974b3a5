package dev.rollcall.engine;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * The views that were resolved lately, by name: what a look-up finds here it need not look for. It
 * holds them strongly until it is {@linkplain #clear cleared}.
 *
 * <p><b>Design.</b> A table with open addressing whose slots are the views themselves: they know
 * their name and its hash, so that a look-up has one step less than with a map that keeps both in a
 * node of its own. A look-up goes {@value #MAX_STEPS} slots far at most. A view that has no place
 * there, since many names have one hash, is not kept, and is looked for each time: names from a
 * hostile caller cost what a map costs, not more.
 *
 * <p>Reads take no lock. Writes are guarded by {@code this}; a slot is written with release and
 * read with acquire, and changes only from empty to a view of its name, so that a reader misses a
 * view at worst.
 */
final class RecentViews {
  private static final VarHandle SLOT = MethodHandles.arrayElementVarHandle(CachedView[].class);
  private static final int FIRST = 64;
  private static final int MAX_STEPS = 8;

  /** A power of two long; at least twice as long as there are views, at most {@code 16} times. */
  private volatile CachedView[] table = new CachedView[FIRST];

  private int count;

  /** Returns the view of a service, null where it was not resolved lately, or has no name. */
  @Nullable CachedView get(@Nullable String service) {
    if (service == null) {
      return null;
    }
    CachedView[] slots = table;
    int hash = service.hashCode();
    int at = spread(hash);
    for (int step = 0; step < MAX_STEPS; step++) {
      CachedView view = slot(slots, at + step);
      if (view == null || view.isOf(service, hash)) {
        return view;
      }
    }
    return null;
  }

  /** Keeps a view. */
  synchronized void put(CachedView view) {
    if (2 * (count + 1) > table.length) {
      table = grown(table);
    }
    while (!place(table, view)) {
      if (table.length >= 16 * (count + 1)) {
        return;
      }
      table = grown(table);
    }
  }

  /** Forgets all of them. */
  synchronized void clear() {
    count = 0;
    table = new CachedView[FIRST];
  }

  /** Returns the length of the table. */
  int slots() {
    return table.length;
  }

  /** Puts a view into the first free slot of its own; returns whether there is one. */
  private boolean place(CachedView[] slots, CachedView view) {
    int at = spread(view.hash());
    for (int step = 0; step < MAX_STEPS; step++) {
      CachedView present = slot(slots, at + step);
      boolean same = present != null && present.isOf(view.service(), view.hash());
      if (present == null || same) {
        SLOT.setRelease(slots, (at + step) & (slots.length - 1), view);
        count += same ? 0 : 1;
        return true;
      }
    }
    return false;
  }

  /** Returns a table of twice the length with all that find a place in it. */
  private CachedView[] grown(CachedView[] slots) {
    CachedView[] larger = new CachedView[2 * slots.length];
    count = 0;
    for (CachedView view : slots) {
      if (view != null) {
        boolean unused = place(larger, view);
      }
    }
    return larger;
  }

  private static @Nullable CachedView slot(CachedView[] slots, int index) {
    return (CachedView) SLOT.getAcquire(slots, index & (slots.length - 1));
  }

  private static int spread(int hash) {
    return hash ^ (hash >>> 16);
  }
}
