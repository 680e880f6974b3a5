package dev.rollcall.memory;

import org.jspecify.annotations.Nullable;

/**
 * Deadlines in slots of one tick each, around a ring. Guarded by the store's lock.
 *
 * <p><b>Design.</b> One level of slots is enough, since nothing is moved when a lease is renewed:
 * an entry stays in the slot of the deadline that it had when it was placed. When that slot comes
 * up, an entry that was renewed in the meantime is placed again, once a TTL, however often it is
 * renewed. A deadline beyond the ring is placed in its last slot and looked at again there. {@code
 * emptied} is the last tick whose slot has been emptied, {@code reached} the last one that the
 * clock has passed; between the two stands what is due. A slot is reused for the tick {@code SLOTS}
 * later only once it has been emptied.
 */
final class LeaseWheel {
  /** Half of the 50 ms that are promised: the other half is for what a tick has to do. */
  static final long TICK_NANOS = 25_000_000;

  private static final int SLOTS = 2048;

  private final LeaseList[] slots = new LeaseList[SLOTS];
  private long emptied;
  private long reached;

  LeaseWheel() {
    for (int i = 0; i < SLOTS; i++) {
      slots[i] = new LeaseList();
    }
  }

  /** Puts an entry into the slot of the first tick that is not before a time, and still to come. */
  void place(Entry entry, long dueNanos) {
    long tick = Math.max((dueNanos + TICK_NANOS - 1) / TICK_NANOS, reached + 1);
    slot(Math.min(tick, emptied + SLOTS)).add(entry);
  }

  /** Makes everything due that was placed for a tick up to now. */
  void advance(long nowNanos) {
    reached = Math.max(reached, nowNanos / TICK_NANOS);
  }

  /** Skips the ticks up to now; the wheel must be empty. */
  void restart(long nowNanos) {
    advance(nowNanos);
    emptied = reached;
  }

  /** Takes out an entry whose slot has come up, null where there is none left. */
  @Nullable Entry poll() {
    while (emptied < reached) {
      LeaseList slot = slot(emptied + 1);
      Entry entry = slot.first();
      if (entry != null) {
        slot.remove(entry);
        return entry;
      }
      emptied++;
    }
    return null;
  }

  /** Returns the time from now to the first tick that has not been reached. */
  long nanosToNextTick(long nowNanos) {
    return (reached + 1) * TICK_NANOS - nowNanos;
  }

  private LeaseList slot(long tick) {
    return slots[(int) (tick & (SLOTS - 1))];
  }
}
