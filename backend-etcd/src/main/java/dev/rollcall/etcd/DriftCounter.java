package dev.rollcall.etcd;

import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Counts what the periodic lists found and the streams had not told. Thread-safe. */
final class DriftCounter {
  private static final Logger LOG = LoggerFactory.getLogger(EtcdBackend.class);

  private final LongAdder count = new LongAdder();

  void found(String where, int entries) {
    if (entries > 0) {
      count.add(entries);
      LOG.warn("{}: {} entries were not as the stream had told; corrected", where, entries);
    }
  }

  long count() {
    return count.sum();
  }
}
