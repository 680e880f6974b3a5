package dev.rollcall.testkit;

import dev.rollcall.RegistryException;
import dev.rollcall.kv.KeyValue;
import dev.rollcall.kv.Keys;
import dev.rollcall.spi.KeyEvent;
import dev.rollcall.spi.KeyValueSink;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * What {@link RecordingSink} is to instances, this is to keys: keeps what a backend's watch
 * delivers, and checks on the way what every watch promises. Thread-safe.
 */
final class RecordingKeySink implements KeyValueSink {
  private final Keys keys;
  private final Runnable during;
  private final AtomicReference<@Nullable Thread> caller = new AtomicReference<>();
  // All guarded by "this".
  private final TreeMap<String, KeyValue> state = new TreeMap<>();
  private final List<Map<String, KeyValue>> shown = new ArrayList<>();
  private final List<Map<String, KeyValue>> resumed = new ArrayList<>();
  private final List<RegistryException> interruptions = new ArrayList<>();
  private final List<String> violations = new ArrayList<>();
  private long revision;
  private boolean filled;
  private boolean complete;
  private boolean live;

  RecordingKeySink(Keys keys) {
    this(keys, () -> {});
  }

  /** Does something more in each call. */
  RecordingKeySink(Keys keys, Runnable during) {
    this.keys = keys;
    this.during = during;
  }

  /** The present state as the calls so far make it. */
  synchronized Map<String, KeyValue> state() {
    return new TreeMap<>(state);
  }

  /** Every state since the first that was complete, also while the stream was lost. */
  synchronized List<Map<String, KeyValue>> shown() {
    return List.copyOf(shown);
  }

  /** What the state was each time that the stream was said to work again. */
  synchronized List<Map<String, KeyValue>> resumed() {
    return List.copyOf(resumed);
  }

  synchronized List<RegistryException> interruptions() {
    return List.copyOf(interruptions);
  }

  /** What the backend did that it must not do, a sentence for each. */
  synchronized List<String> violations() {
    return List.copyOf(violations);
  }

  synchronized boolean isLive() {
    return live;
  }

  @Override
  public void replace(List<KeyValue> entries, long at) {
    called(
        "replace",
        () -> {
          state.clear();
          Set<String> seen = new HashSet<>();
          for (KeyValue entry : entries) {
            inside(entry.key());
            if (!seen.add(entry.key())) {
              violations.add("replace with " + entry.key() + " twice");
            }
            state.put(entry.key(), entry);
          }
          rises(at);
          filled = true;
        });
  }

  @Override
  public void apply(List<KeyEvent> events, long at) {
    called(
        "apply",
        () -> {
          if (!filled) {
            violations.add("apply before the first replace: the initial state is missing");
          }
          if (events.isEmpty()) {
            violations.add("apply of no event");
          }
          for (KeyEvent event : events) {
            inside(event.key());
            if (event instanceof KeyEvent.Put put) {
              KeyValue old = state.put(put.key(), put.entry());
              if (old != null && put.entry().version() < old.version()) {
                violations.add(put.entry() + " after version " + old.version());
              }
            } else {
              state.remove(event.key());
            }
          }
          rises(at);
        });
  }

  @Override
  public void synced() {
    called(
        "synced",
        () -> {
          if (!filled) {
            violations.add("synced before the first replace: the initial state is missing");
          }
          complete = true;
          live = true;
          if (!interruptions.isEmpty()) {
            resumed.add(new TreeMap<>(state));
          }
        });
  }

  @Override
  public void interrupted(RegistryException cause) {
    called(
        "interrupted",
        () -> {
          live = false;
          revision = 0;
          interruptions.add(cause);
        });
  }

  private void called(String what, Runnable body) {
    Thread me = Thread.currentThread();
    Thread other = caller.getAndSet(me);
    synchronized (this) {
      if (other != null) {
        violations.add(
            other == me
                ? what + " from within another call"
                : what + " by " + me.getName() + " while " + other.getName() + " is in a call");
      }
      body.run();
      if (complete) {
        shown.add(new TreeMap<>(state));
      }
    }
    during.run();
    // A second caller that comes now is seen by whoever of the two is later.
    Thread.onSpinWait();
    caller.compareAndSet(me, null);
  }

  private void inside(String key) {
    if (!keys.selects(key)) {
      violations.add(key + ", which lies outside " + keys);
    }
  }

  private void rises(long at) {
    if (at != 0 && at < revision) {
      violations.add("revision " + at + " after " + revision);
    }
    revision = at;
  }
}
