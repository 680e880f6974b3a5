package dev.rollcall.etcd;

import io.etcd.jetcd.KeyValue;
import java.time.Duration;
import java.util.List;

/**
 * How many entries to ask for at a time. etcd counts a page in entries, a message is limited in
 * bytes and a call in time, so each page is sized by what the one before it brought: about 4 MiB,
 * or what the line carries in half a call's deadline.
 *
 * @param entries 1 to 1,000
 */
record PageSize(int entries) {
  /** Few enough for entries of 1.5 MiB, the most that etcd takes as it is usually set up. */
  static final PageSize FIRST = new PageSize(32);

  private static final int MOST = 1000;
  private static final double BYTES = 4 << 20;

  /** Returns the size of the page after one that came. */
  static PageSize after(List<KeyValue> page, long tookNanos, Duration deadline) {
    long bytes = 0;
    for (KeyValue entry : page) {
      bytes += entry.getKey().size() + entry.getValue().size();
    }
    double inTime = Math.max(1, deadline.toNanos() / 2.0 / Math.max(1, tookNanos));
    double times = Math.min(BYTES / Math.max(1, bytes), inTime);
    return new PageSize((int) Math.max(1, Math.min(MOST, page.size() * times)));
  }

  /** Returns the size of the first page of another list, whose entries may be larger. */
  PageSize first() {
    return new PageSize(Math.min(entries, FIRST.entries));
  }

  /** Tells whether a page that was too large can be asked for in parts. */
  boolean canShrink() {
    return entries > 1;
  }

  /** Returns the size to try where a page was larger than a message may be, or took too long. */
  PageSize shrunk() {
    return new PageSize(Math.max(1, entries / 8));
  }
}
