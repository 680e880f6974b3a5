package dev.rollcall.testkit;

import dev.rollcall.RegistryException;
import dev.rollcall.kv.KeyValue;
import dev.rollcall.spi.KeyEvent;
import dev.rollcall.spi.KeyValueSink;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** Counts the calls that come after a watch was closed, and passes all on. */
final class GuardedKeyValueSink implements KeyValueSink {
  private final KeyValueSink to;
  private final AtomicInteger callsAfterClose;
  private volatile boolean closed;

  GuardedKeyValueSink(KeyValueSink to, AtomicInteger callsAfterClose) {
    this.to = to;
    this.callsAfterClose = callsAfterClose;
  }

  void closed() {
    closed = true;
  }

  private KeyValueSink counted() {
    if (closed) {
      callsAfterClose.incrementAndGet();
    }
    return to;
  }

  @Override
  public void replace(List<KeyValue> entries, long revision) {
    counted().replace(entries, revision);
  }

  @Override
  public void apply(List<KeyEvent> events, long revision) {
    counted().apply(events, revision);
  }

  @Override
  public void synced() {
    counted().synced();
  }

  @Override
  public void interrupted(RegistryException cause) {
    counted().interrupted(cause);
  }
}
