package dev.rollcall.etcd;

import dev.rollcall.InstanceKey;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.InstanceEvent;
import dev.rollcall.spi.InstanceEvent.Departure;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.watch.WatchEvent;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Turns entries and events of etcd into instances and their changes. What it remembers between two
 * events is a line a key: its revision, by which a later list shows what the stream has not told;
 * whether it holds a mark of departure, when its removal is no news; and whether it hangs on no
 * lease, when its removal is no expiry. Not thread-safe.
 */
final class EventDecoder {
  private final KeyLayout keys;
  private final SkippedEntries malformed;
  private final Map<ByteSequence, Known> known = new HashMap<>();

  /** Keys that were deleted since a comparison began; null while there is none. */
  private @Nullable Set<ByteSequence> goneSince;

  private record Known(long revision, Mark mark) {}

  private enum Mark {
    LEASED,
    LEAVING,
    PERMANENT
  }

  EventDecoder(KeyLayout keys, SkippedEntries malformed) {
    this.keys = keys;
    this.malformed = malformed;
  }

  /** Reads a complete state, each key once, and forgets what was before. */
  List<ServiceInstance> all(List<KeyValue> entries) {
    known.clear();
    goneSince = null;
    Map<InstanceKey, ServiceInstance> found = new LinkedHashMap<>();
    for (KeyValue entry : entries) {
      InstanceEvent event = put(entry);
      if (event instanceof InstanceEvent.Put put) {
        found.putIfAbsent(put.key(), put.instance());
      }
    }
    return List.copyOf(found.values());
  }

  /** Reads a complete state for somebody who watches on his own. */
  static List<ServiceInstance> once(
      KeyLayout keys, SkippedEntries malformed, List<KeyValue> entries) {
    return new EventDecoder(keys, malformed).all(entries);
  }

  /** Puts the changes that are younger than a list on top of it. */
  static List<ServiceInstance> overlay(
      List<ServiceInstance> listed, List<WatchSubscriber.Change> since, long listedAt) {
    Map<InstanceKey, ServiceInstance> all = new LinkedHashMap<>();
    listed.forEach(instance -> all.put(instance.key(), instance));
    for (WatchSubscriber.Change change : since) {
      if (change.revision() > listedAt) {
        for (InstanceEvent event : change.events()) {
          if (event instanceof InstanceEvent.Put put) {
            all.put(put.key(), put.instance());
          } else {
            all.remove(event.key());
          }
        }
      }
    }
    return List.copyOf(all.values());
  }

  /** Reads an event; returns null where it is none of an instance. */
  @Nullable InstanceEvent event(WatchEvent event) {
    KeyValue entry = event.getKeyValue();
    if (event.getEventType() == WatchEvent.EventType.PUT) {
      return put(entry);
    }
    Known was = known.remove(entry.getKey());
    if (goneSince != null) {
      goneSince.add(entry.getKey());
    }
    Mark mark = was == null ? Mark.LEASED : was.mark;
    InstanceKey key = keys.parse(entry.getKey());
    if (key == null || mark == Mark.LEAVING || isShadowed(entry.getKey(), key)) {
      return null;
    }
    return new InstanceEvent.Remove(
        key, mark == Mark.PERMANENT ? Departure.UNKNOWN : Departure.EXPIRED);
  }

  private @Nullable InstanceEvent put(KeyValue entry) {
    InstanceKey key = keys.parse(entry.getKey());
    if (key == null) {
      malformed.skipped(entry.getKey(), "its key is not of the form service/id");
      return null;
    }
    Known was = known.get(entry.getKey());
    remember(entry, entry.getLease() == 0 ? Mark.PERMANENT : Mark.LEASED);
    if (isShadowed(entry.getKey(), key)) {
      malformed.skipped(entry.getKey(), "its id is that of an instance one level up");
      return null;
    }
    try {
      Stored stored = new ValueReader(key).read(entry.getValue());
      if (stored.instance().isPresent()) {
        return new InstanceEvent.Put(stored.instance().get());
      }
      remember(entry, Mark.LEAVING);
      return was == null || was.mark == Mark.LEAVING
          ? null // it stood for nothing before
          : new InstanceEvent.Remove(key, Departure.DEREGISTERED);
    } catch (MalformedException unreadable) {
      malformed.skipped(entry.getKey(), String.valueOf(unreadable.getMessage()));
      // What it overwrote is gone, as a list would show.
      return new InstanceEvent.Remove(key, Departure.UNKNOWN);
    }
  }

  /**
   * Tells whether a key is a stranger's deeper one that reads as the id of an entry which stands
   * where it belongs: {@code web/a/b} is {@code a.b}, unless there is a {@code web/a.b}.
   */
  private boolean isShadowed(ByteSequence at, InstanceKey key) {
    if (key.id().indexOf('.') < 0) {
      return false;
    }
    ByteSequence own = keys.key(key);
    return !own.equals(at) && known.containsKey(own);
  }

  private void remember(KeyValue entry, Mark mark) {
    known.put(entry.getKey(), new Known(entry.getModRevision(), mark));
  }

  /** Prepares for a list that is about to be asked for, while events go on. */
  void beginComparing() {
    goneSince = new HashSet<>();
  }

  void stopComparing() {
    goneSince = null;
  }

  /**
   * Compares a list with what the events have told, and takes the list's word for it. Where the
   * events are ahead of the list, theirs counts.
   *
   * @return how many keys were not as the events had told
   */
  int compare(List<KeyValue> entries, long listedAt) {
    Set<ByteSequence> gone = goneSince == null ? Set.of() : goneSince;
    goneSince = null;
    Set<ByteSequence> stale = new HashSet<>();
    known.forEach(
        (key, last) -> {
          if (last.revision <= listedAt) {
            stale.add(key);
          }
        });
    int differ = 0;
    for (KeyValue entry : entries) {
      stale.remove(entry.getKey());
      Known last = known.get(entry.getKey());
      boolean asTold =
          last == null
              ? gone.contains(entry.getKey()) || keys.parse(entry.getKey()) == null
              : last.revision == entry.getModRevision() || last.revision > listedAt;
      if (!asTold) {
        differ++;
        put(entry);
      }
    }
    known.keySet().removeAll(stale);
    return differ + stale.size();
  }

  /** Reads the events of one revision, as far as they are instances'. */
  List<InstanceEvent> events(List<WatchEvent> together) {
    List<InstanceEvent> changes = new ArrayList<>(together.size());
    for (WatchEvent event : together) {
      InstanceEvent read = event(event);
      if (read != null) {
        changes.add(read);
      }
    }
    return changes;
  }
}
