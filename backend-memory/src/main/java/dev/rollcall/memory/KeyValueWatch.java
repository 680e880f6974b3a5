package dev.rollcall.memory;

import dev.rollcall.kv.KeyValue;
import dev.rollcall.kv.Keys;
import dev.rollcall.spi.KeyEvent;
import dev.rollcall.spi.KeyValueBackend;
import dev.rollcall.spi.KeyValueSink;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An open watch of keys: a mailbox that keeps the last event of each key, so that it is never
 * larger than the store, and the thread that is emptying it.
 *
 * <p>Changes are offered under the tree's lock and delivered outside of every lock, by the thread
 * that made them unless somebody is at it already. One that has delivered {@value #TURN} times
 * leaves the rest to the tree's timer. {@link #close()} does not wait: a call that was taken from
 * the mailbox is still made. All fields are guarded by {@code this}, which is taken after the
 * tree's lock, never before.
 */
final class KeyValueWatch implements KeyValueBackend.Watch {
  private static final int TURN = 1024;
  private static final Logger LOG = LoggerFactory.getLogger(MemoryStore.class);

  private final KeyValueTree tree;
  private final Keys keys;
  private final KeyValueSink sink;

  private @Nullable List<KeyValue> initial;
  private Map<String, KeyEvent> pending = new LinkedHashMap<>();
  private long revision;
  private boolean draining;
  private boolean closed;

  KeyValueWatch(KeyValueTree tree, Keys keys, KeyValueSink sink) {
    this.tree = tree;
    this.keys = keys;
    this.sink = sink;
  }

  Keys keys() {
    return keys;
  }

  /** Takes the complete state, with which the watch begins; the caller drains. */
  synchronized void begin(List<KeyValue> entries, long at) {
    initial = entries;
    revision = at;
    draining = true;
  }

  /** Puts changes into the mailbox; tells whether the caller has to {@link #drain()} it. */
  synchronized boolean offer(List<KeyEvent> events, long at) {
    if (closed) {
      return false;
    }
    for (KeyEvent event : events) {
      pending.put(event.key(), event);
    }
    revision = at;
    boolean free = !draining;
    draining = true;
    return free;
  }

  /** Delivers what is pending. For whom {@link #offer} told to, once. */
  void drain() {
    for (int turn = 0; turn < TURN; turn++) {
      List<KeyValue> first;
      List<KeyEvent> events;
      long at;
      synchronized (this) {
        first = initial;
        if (closed || (first == null && pending.isEmpty())) {
          draining = false;
          return;
        }
        initial = null;
        events = first == null ? List.copyOf(pending.values()) : List.of();
        if (first == null) {
          pending = new LinkedHashMap<>();
        }
        at = revision;
      }
      try {
        if (first != null) {
          sink.replace(first, at);
          sink.synced();
        } else {
          sink.apply(events, at);
        }
      } catch (Throwable thrown) {
        LOG.error("a watch sink threw, and stays subscribed", thrown);
      }
    }
    tree.timer().schedule(this::drain, Duration.ZERO);
  }

  @Override
  public void close() {
    tree.detach(this);
    synchronized (this) {
      closed = true;
      pending.clear();
    }
  }
}
