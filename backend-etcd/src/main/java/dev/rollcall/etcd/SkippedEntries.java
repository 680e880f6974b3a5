package dev.rollcall.etcd;

import io.etcd.jetcd.ByteSequence;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts the entries that were skipped, and names each key once in the log, though not more than a
 * thousand: a store full of rubbish must fill neither the log nor the memory. Thread-safe.
 */
final class SkippedEntries {
  private static final Logger LOG = LoggerFactory.getLogger(EtcdBackend.class);
  private static final int MAX_NAMED = 1000;
  private static final int MAX_SHOWN = 120;

  private final LongAdder count = new LongAdder();
  private final Set<ByteSequence> named = ConcurrentHashMap.newKeySet();

  void skipped(ByteSequence key, String why) {
    count.increment();
    if (named.size() < MAX_NAMED && named.add(key)) {
      LOG.warn("{}: skipped: {}", shown(key), why);
    }
  }

  long count() {
    return count.sum();
  }

  /** Fit for a log line: what a stranger wrote must not break out of it. */
  private static String shown(ByteSequence key) {
    StringBuilder out = new StringBuilder();
    String text = key.toString();
    for (int i = 0; i < Math.min(text.length(), MAX_SHOWN); i++) {
      char c = text.charAt(i);
      out.append(Character.isISOControl(c) || Character.isSurrogate(c) ? '?' : c);
    }
    return text.length() > MAX_SHOWN ? out + "…" : out.toString();
  }
}
