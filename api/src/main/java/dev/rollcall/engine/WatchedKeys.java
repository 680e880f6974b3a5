package dev.rollcall.engine;

import com.google.common.collect.ImmutableSortedMap;
import dev.rollcall.Freshness;
import dev.rollcall.RegistryException;
import dev.rollcall.kv.KeyValue;
import dev.rollcall.kv.Keys;
import dev.rollcall.spi.KeyEvent;
import dev.rollcall.spi.KeyValueBackend;
import dev.rollcall.spi.KeyValueSink;
import dev.rollcall.spi.Timer;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Keys that are watched: what is known of them, the one upstream watch that feeds it, and the
 * subscribers of its listeners.
 *
 * <p>The backend calls the {@link KeyValueSink} methods, one at a time; they change what is known
 * and then signal the subscribers, holding no lock. A call that begins after {@link #close()} is
 * dropped. What is known is copied when a subscriber asks for it and not before, so that a burst of
 * changes costs one copy. All fields that change are guarded by {@code lock}, but the subscribers,
 * which the store changes under its own.
 */
final class WatchedKeys implements KeyValueSink {
  /**
   * What listeners are shown.
   *
   * @param entries by key; the same object as long as nothing has changed
   * @param revision the store's
   * @param loaded whether the entries were complete at least once
   * @param freshness how far they can be trusted
   */
  record State(
      ImmutableSortedMap<String, KeyValue> entries,
      long revision,
      boolean loaded,
      Freshness freshness) {}

  private final Keys keys;
  private final Timer timer;
  private final List<KeyValueSubscriber> subscribers = new CopyOnWriteArrayList<>();
  private final SubscriberGroup fanout;
  private final AtomicBoolean started = new AtomicBoolean();

  private final FailureLog failureLog = new FailureLog();

  private final Object lock = new Object();
  private final TreeMap<String, KeyValue> known = new TreeMap<>();
  private ImmutableSortedMap<String, KeyValue> copy = ImmutableSortedMap.of();
  private boolean copied = true;
  private boolean loaded;
  private long revision;
  private Freshness stream = Timestamp.LOADING;
  private KeyValueBackend.@Nullable Watch upstream;
  private boolean closed;

  WatchedKeys(Keys keys, Timer timer, Dispatcher dispatcher) {
    this.keys = keys;
    this.fanout = new SubscriberGroup(dispatcher, subscribers);
    this.timer = timer;
  }

  Keys keys() {
    return keys;
  }

  void add(KeyValueSubscriber subscriber) {
    subscribers.add(subscriber);
  }

  /** Takes a subscriber off; returns whether it was the last one. */
  boolean remove(KeyValueSubscriber subscriber) {
    return subscribers.remove(subscriber) && subscribers.isEmpty();
  }

  List<KeyValueSubscriber> subscribers() {
    return subscribers;
  }

  /**
   * Starts the upstream watch, once.
   *
   * @throws RegistryException where the class path does not fit; the next call then tries again
   */
  void start(KeyValueBackend backend) {
    if (!started.compareAndSet(false, true)) {
      return;
    }
    KeyValueBackend.Watch opened;
    try {
      opened = backend.watch(keys, this);
    } catch (LinkageError broken) {
      started.set(false);
      throw Failures.of(broken);
    }
    boolean late;
    synchronized (lock) {
      late = closed;
      upstream = opened;
    }
    if (late) {
      opened.close();
    }
  }

  /** Closes the upstream watch. */
  void close() {
    KeyValueBackend.Watch open;
    synchronized (lock) {
      closed = true;
      open = upstream;
    }
    if (open != null) {
      open.close();
    }
  }

  /** Returns the latest complete state. */
  State state() {
    synchronized (lock) {
      if (!copied) {
        copy = ImmutableSortedMap.copyOfSorted(known);
        copied = true;
      }
      return new State(copy, revision, loaded, stream);
    }
  }

  @Override
  public void replace(List<KeyValue> entries, long revision) {
    boolean changed;
    TreeMap<String, KeyValue> next = new TreeMap<>();
    for (KeyValue entry : entries) {
      next.put(entry.key(), entry);
    }
    synchronized (lock) {
      if (closed) {
        return;
      }
      changed = !next.equals(known);
      if (changed) {
        known.clear();
        known.putAll(next);
      }
      touched(changed, revision);
    }
    signal(changed);
  }

  @Override
  public void apply(List<KeyEvent> events, long revision) {
    boolean changed = false;
    synchronized (lock) {
      if (closed) {
        return;
      }
      for (KeyEvent event : events) {
        if (event instanceof KeyEvent.Put put) {
          changed |= !put.entry().equals(known.put(put.key(), put.entry()));
        } else {
          changed |= known.remove(event.key()) != null;
        }
      }
      touched(changed, revision);
    }
    signal(changed);
  }

  private void touched(boolean changed, long at) {
    copied &= !changed;
    revision = at;
  }

  @Override
  public void synced() {
    synchronized (lock) {
      if (closed || stream instanceof Freshness.Live) {
        return;
      }
      loaded = true;
      stream = Timestamp.LIVE;
    }
    failureLog.works();
    signal(true);
  }

  @Override
  public void interrupted(RegistryException cause) {
    RegistryException why = Failures.of(cause);
    synchronized (lock) {
      if (closed) {
        return;
      }
      if (stream instanceof Freshness.Loading) {
        stream = new Freshness.Loading(Optional.of(why));
      } else if (stream instanceof Freshness.Stale stale) {
        stream = stale.because(why);
      } else {
        stream = Timestamp.now(timer).stale(why);
      }
    }
    failureLog.failed("a watch of keys", why);
    signal(true);
  }

  private void signal(boolean something) {
    if (something) {
      fanout.signal();
    }
  }
}
