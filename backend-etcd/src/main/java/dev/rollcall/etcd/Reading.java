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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Turns entries and events of etcd into instances and their changes. What it must remember between
 * two events is little: which keys hold a mark of departure, whose removal is then no news, and
 * which hang on no lease, whose removal is then no expiry. Not thread-safe.
 */
final class Reading {
  private final Keys keys;
  private final Malformed malformed;
  private final Map<ByteSequence, Mark> marks = new HashMap<>();

  private enum Mark {
    LEAVING,
    PERMANENT
  }

  Reading(Keys keys, Malformed malformed) {
    this.keys = keys;
    this.malformed = malformed;
  }

  /** Reads a complete state, each key once, and forgets what was before. */
  List<ServiceInstance> all(List<KeyValue> entries) {
    marks.clear();
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
  static List<ServiceInstance> once(Keys keys, Malformed malformed, List<KeyValue> entries) {
    return new Reading(keys, malformed).all(entries);
  }

  /** Puts the changes that are younger than a list on top of it. */
  static List<ServiceInstance> overlay(
      List<ServiceInstance> listed, List<Attachment.Change> since, long listedAt) {
    Map<InstanceKey, ServiceInstance> all = new LinkedHashMap<>();
    listed.forEach(instance -> all.put(instance.key(), instance));
    for (Attachment.Change change : since) {
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
    Mark mark = marks.remove(entry.getKey());
    InstanceKey key = keys.parse(entry.getKey());
    if (key == null || mark == Mark.LEAVING) {
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
    if (entry.getLease() == 0) {
      marks.put(entry.getKey(), Mark.PERMANENT);
    } else {
      marks.remove(entry.getKey());
    }
    try {
      Stored stored = Codec.reader(key).read(entry.getValue());
      if (stored.instance().isPresent()) {
        return new InstanceEvent.Put(stored.instance().get());
      }
      marks.put(entry.getKey(), Mark.LEAVING);
      return new InstanceEvent.Remove(key, Departure.DEREGISTERED);
    } catch (MalformedException unreadable) {
      malformed.skipped(entry.getKey(), String.valueOf(unreadable.getMessage()));
      // What it overwrote is gone, as a list would show.
      return new InstanceEvent.Remove(key, Departure.UNKNOWN);
    }
  }

  /** Reads the events of one response, those of each revision together, above a revision. */
  List<Attachment.Change> changes(List<WatchEvent> events, long above) {
    List<Attachment.Change> changes = new ArrayList<>();
    List<InstanceEvent> group = new ArrayList<>();
    long revision = above;
    for (WatchEvent event : events) {
      long at = event.getKeyValue().getModRevision();
      if (at <= above || at < revision) {
        continue; // etcd before 3.4.25 can send an event that is older than one already sent
      }
      if (at > revision && !group.isEmpty()) {
        changes.add(new Attachment.Change(revision, group));
        group = new ArrayList<>();
      }
      revision = at;
      InstanceEvent read = event(event);
      if (read != null) {
        group.add(read);
      }
    }
    if (!group.isEmpty()) {
      changes.add(new Attachment.Change(revision, group));
    }
    return changes;
  }
}
