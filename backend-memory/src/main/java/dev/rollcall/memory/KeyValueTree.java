package dev.rollcall.memory;

import dev.rollcall.RegistryException;
import dev.rollcall.kv.Bytes;
import dev.rollcall.kv.KeyValue;
import dev.rollcall.kv.Keys;
import dev.rollcall.spi.KeyEvent;
import dev.rollcall.spi.KeyValueListing;
import dev.rollcall.spi.KeyWrite;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.support.SystemTimer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The keys and values of one in-memory store, with a revision that each change raises by one: the
 * version of a key is the revision that wrote it.
 *
 * <p>{@code entries}, {@code revision} and {@code closed} are guarded by {@code this}. A change is
 * put into the watches' mailboxes under it, so that each has the store's order, and delivered after
 * it was released, by the thread that made the change.
 */
final class KeyValueTree implements AutoCloseable {
  private final TreeMap<String, KeyValue> entries = new TreeMap<>();
  private final Set<KeyValueWatch> watches = ConcurrentHashMap.newKeySet();

  /** Delivers what a busy writer leaves to others; its thread starts with the first such task. */
  private final Timer timer = SystemTimer.named("rollcall-memory-kv");

  private long revision;
  private boolean closed;

  Timer timer() {
    return timer;
  }

  synchronized Optional<KeyValue> get(String key) {
    requireOpen();
    return Optional.ofNullable(entries.get(key));
  }

  synchronized KeyValueListing list(Keys keys) {
    requireOpen();
    return new KeyValueListing(selected(keys), revision);
  }

  /** Writes a key whose present version passes; returns whether it did. */
  boolean put(String key, Bytes value, Predicate<Long> versionPasses) {
    List<KeyValueWatch> due;
    synchronized (this) {
      requireOpen();
      if (!versionPasses.test(version(entries.get(key)))) {
        return false;
      }
      revision++;
      due = offer(List.of(new KeyEvent.Put(write(key, value))));
    }
    due.forEach(KeyValueWatch::deliver);
    return true;
  }

  /** Does all that is to be done with keys that have a version, or nothing. */
  Optional<List<KeyValue>> commit(Map<String, Long> expected, List<KeyWrite> writes) {
    List<KeyValue> written = new ArrayList<>();
    List<KeyValueWatch> due;
    synchronized (this) {
      requireOpen();
      for (Map.Entry<String, Long> each : expected.entrySet()) {
        if (version(entries.get(each.getKey())) != each.getValue()) {
          return Optional.empty();
        }
      }
      revision++;
      List<KeyEvent> events = new ArrayList<>();
      for (KeyWrite write : writes) {
        if (write instanceof KeyWrite.Put put) {
          KeyValue entry = write(put.key(), put.value());
          written.add(entry);
          events.add(new KeyEvent.Put(entry));
        } else if (write instanceof KeyWrite.Delete delete) {
          events.addAll(drop(delete.keys()));
        }
      }
      due = events.isEmpty() ? List.of() : offer(events);
    }
    due.forEach(KeyValueWatch::deliver);
    return Optional.of(written);
  }

  private KeyValue write(String key, Bytes value) {
    KeyValue before = entries.get(key);
    KeyValue entry =
        new KeyValue(key, value, revision, before == null ? revision : before.created());
    entries.put(key, entry);
    return entry;
  }

  /** Deletes a key that has a version; returns whether it is gone. */
  boolean delete(String key, long version) {
    List<KeyValueWatch> due;
    synchronized (this) {
      requireOpen();
      long present = version(entries.get(key));
      if (present != version) {
        return present == 0;
      }
      due = remove(Keys.key(key));
    }
    due.forEach(KeyValueWatch::deliver);
    return true;
  }

  void delete(Keys keys) {
    List<KeyValueWatch> due;
    synchronized (this) {
      requireOpen();
      due = remove(keys);
    }
    due.forEach(KeyValueWatch::deliver);
  }

  private List<KeyValueWatch> remove(Keys keys) {
    List<KeyEvent> events = drop(keys);
    if (events.isEmpty()) {
      return List.of();
    }
    revision++;
    return offer(events);
  }

  private List<KeyEvent> drop(Keys keys) {
    List<KeyEvent> events = new ArrayList<>();
    for (KeyValue entry : selected(keys)) {
      entries.remove(entry.key());
      events.add(new KeyEvent.Delete(entry.key()));
    }
    return events;
  }

  /** Puts a change into the mailboxes; returns those that the caller has to deliver. */
  private List<KeyValueWatch> offer(List<KeyEvent> events) {
    List<KeyValueWatch> due = new ArrayList<>();
    for (KeyValueWatch watch : watches) {
      List<KeyEvent> selected =
          events.stream().filter(event -> watch.keys().selects(event.key())).toList();
      if (!selected.isEmpty() && watch.offer(selected, revision)) {
        due.add(watch);
      }
    }
    return due;
  }

  void attach(KeyValueWatch watch) {
    synchronized (this) {
      if (closed) {
        return;
      }
      watches.add(watch);
      watch.begin(selected(watch.keys()), revision);
    }
    watch.deliver();
  }

  void detach(KeyValueWatch watch) {
    watches.remove(watch);
  }

  private List<KeyValue> selected(Keys keys) {
    if (keys instanceof Keys.OfKey one) {
      KeyValue entry = entries.get(one.key());
      return entry == null ? List.of() : List.of(entry);
    }
    List<KeyValue> selected = new ArrayList<>();
    if (keys instanceof Keys.OfPrefix all) {
      NavigableMap<String, KeyValue> from = entries.tailMap(all.prefix(), true);
      for (Map.Entry<String, KeyValue> entry : from.entrySet()) {
        if (!keys.selects(entry.getKey())) {
          break;
        }
        selected.add(entry.getValue());
      }
    }
    return selected;
  }

  private static long version(@Nullable KeyValue entry) {
    return entry == null ? 0 : entry.version();
  }

  private void requireOpen() {
    if (closed) {
      throw RegistryException.unavailable("the memory store is closed", null);
    }
  }

  /** Drops everything. */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      entries.clear();
    }
    watches.forEach(KeyValueWatch::close);
    timer.close();
  }
}
