package dev.rollcall.memory;

import dev.rollcall.InstanceKey;
import dev.rollcall.spi.Owner;
import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Who has deregistered what, so that a registration that was sent before and arrives after does not
 * bring it back. A mark is kept for {@link #KEPT_NANOS}, much longer than a request can be under
 * way, and the last {@link #MOST} marks are kept in any case of crowding: bounded memory, at the
 * price that beyond 500 deregistrations a second a request that is minutes late could slip through.
 * Guarded by the store's lock.
 */
final class Tombstones {
  static final int MOST = 65_536;
  static final long KEPT_NANOS = Duration.ofMinutes(2).toNanos();

  private final LinkedHashMap<Grave, Mark> marks = new LinkedHashMap<>();

  private record Grave(InstanceKey key, String ownerId) {}

  private record Mark(long epoch, long atNanos) {}

  void add(InstanceKey key, Owner owner, long nowNanos) {
    Grave grave = new Grave(key, owner.id());
    Mark former = marks.remove(grave);
    long epoch = former == null ? owner.epoch() : Math.max(former.epoch, owner.epoch());
    marks.put(grave, new Mark(epoch, nowNanos));
    Iterator<Map.Entry<Grave, Mark>> oldest = marks.entrySet().iterator();
    while (oldest.hasNext()
        && (oldest.next().getValue().atNanos < nowNanos - KEPT_NANOS || marks.size() > MOST)) {
      oldest.remove();
    }
  }

  /** Tells whether a registration is older than its owner's farewell. */
  boolean refuses(InstanceKey key, Owner owner) {
    if (marks.isEmpty()) {
      return false;
    }
    Mark mark = marks.get(new Grave(key, owner.id()));
    return mark != null && owner.epoch() <= mark.epoch;
  }

  int size() {
    return marks.size();
  }
}
