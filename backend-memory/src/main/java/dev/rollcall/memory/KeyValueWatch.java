package dev.rollcall.memory;

import dev.rollcall.kv.KeyValue;
import dev.rollcall.kv.Keys;
import dev.rollcall.spi.KeyEvent;
import dev.rollcall.spi.KeyValueBackend;
import dev.rollcall.spi.KeyValueSink;
import dev.rollcall.spi.support.SerialDelivery;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An open watch of keys, with a mailbox that keeps the last event of each key, so that it is never
 * larger than the store. {@link #close()} does not wait: a call that was taken from the mailbox is
 * still made. All fields that are not final are guarded as {@link SerialDelivery} says.
 */
final class KeyValueWatch extends SerialDelivery implements KeyValueBackend.Watch {
  private static final int MAX_CALLS = 1024;
  private static final Logger LOG = LoggerFactory.getLogger(MemoryStore.class);
  private final KeyValueTree tree;
  private final Keys keys;
  private final KeyValueSink sink;

  private @Nullable List<KeyValue> initial;
  private Map<String, KeyEvent> pending = new LinkedHashMap<>();
  private long revision;

  KeyValueWatch(KeyValueTree tree, Keys keys, KeyValueSink sink) {
    super(MAX_CALLS, task -> tree.timer().schedule(task, Duration.ZERO));
    this.tree = tree;
    this.keys = keys;
    this.sink = sink;
  }

  Keys keys() {
    return keys;
  }

  /** Takes the complete state, with which the watch begins; the caller delivers. */
  synchronized void begin(List<KeyValue> entries, long at) {
    initial = entries;
    revision = at;
    boolean unused = claim();
  }

  /** Puts changes into the mailbox; tells whether the caller has to {@link #deliver()} it. */
  synchronized boolean offer(List<KeyEvent> events, long at) {
    if (isShut()) {
      return false;
    }
    for (KeyEvent event : events) {
      pending.put(event.key(), event);
    }
    revision = at;
    return claim();
  }

  @Override
  protected @Nullable Runnable next() {
    long at = revision;
    List<KeyValue> first = initial;
    if (first != null) {
      initial = null;
      return () -> {
        sink.replace(first, at);
        sink.synced();
      };
    }
    if (pending.isEmpty()) {
      return null;
    }
    List<KeyEvent> events = List.copyOf(pending.values());
    pending = new LinkedHashMap<>();
    return () -> sink.apply(events, at);
  }

  @Override
  protected void failed(Throwable thrown) {
    LOG.error("a watch sink threw, and stays subscribed", thrown);
  }

  @Override
  public void close() {
    tree.detach(this);
    synchronized (this) {
      shut();
      pending.clear();
    }
  }
}
