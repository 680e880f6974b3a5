package dev.rollcall.examples.files;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Which leases are over, by this client's own clock: a file that has kept its name for a TTL was
 * not renewed for a TTL. No time of day is compared, and no clock of another process.
 *
 * <p>A client that has just opened the folder cannot know how long a file has had its name. To it a
 * dead instance passes for up to one TTL, unless another client removes it before. Not thread-safe;
 * {@link FilesBackend} says which thread uses it.
 */
final class Ages {
  private Map<FileName, Long> seenSince = new HashMap<>();

  /** Returns those whose lease is over, of all that are there now. */
  List<Stored> over(Collection<Stored> all, long nowNanos) {
    Map<FileName, Long> before = seenSince;
    seenSince = new HashMap<>();
    all.forEach(one -> seenSince.put(one.name(), before.getOrDefault(one.name(), nowNanos)));
    return all.stream().filter(one -> isOver(one, nowNanos)).toList();
  }

  /** Starts anew: what could not be seen for a while may have been renewed meanwhile. */
  void forget() {
    seenSince.clear();
  }

  private boolean isOver(Stored one, long nowNanos) {
    long ttlNanos = one.entry().ttl().toNanos();
    long since = seenSince.getOrDefault(one.name(), nowNanos);
    return ttlNanos > 0 && nowNanos - since > ttlNanos;
  }
}
