package dev.rollcall.etcd;

import io.etcd.jetcd.KeyValue;
import java.util.List;

/**
 * How many entries to ask for at a time. etcd counts a page in entries and a message is limited in
 * bytes, so each page is sized by what the one before it brought: about 4 MiB, which a slow line
 * carries within a call's deadline.
 *
 * @param entries 1 to 1,000
 */
record PageSize(int entries) {
  /** Few enough for entries of 1.5 MiB, the most that etcd takes as it is usually set up. */
  static final PageSize FIRST = new PageSize(32);

  private static final int MOST = 1000;
  private static final long BYTES = 4 << 20;

  /** Returns the size of the page after one that came. */
  static PageSize after(List<KeyValue> page) {
    long bytes = 0;
    for (KeyValue entry : page) {
      bytes += entry.getKey().size() + entry.getValue().size();
    }
    return new PageSize(
        (int) Math.max(1, Math.min(MOST, BYTES * page.size() / Math.max(1, bytes))));
  }

  /** Tells whether a page that was too large can be asked for in parts. */
  boolean canShrink() {
    return entries > 1;
  }

  /** Returns the size to try where a page was larger than a message may be. */
  PageSize shrunk() {
    return new PageSize(Math.max(1, entries / 8));
  }
}
