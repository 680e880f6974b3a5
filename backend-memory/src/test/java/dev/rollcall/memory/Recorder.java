package dev.rollcall.memory;

import dev.rollcall.InstanceKey;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.InstanceEvent;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.WatchSink;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A sink that keeps everything it is given, as words and as the state that results. Thread-safe.
 */
class Recorder implements WatchSink {
  private final List<String> words = new ArrayList<>();
  private final Map<InstanceKey, ServiceInstance> state = new TreeMap<>();
  private final Map<String, String> withheld = new HashMap<>();
  private long revision;

  @Override
  public synchronized void replace(Selector scope, List<ServiceInstance> instances, long revision) {
    rise(revision);
    words.add("replace " + instances.size());
    state.clear();
    instances.forEach(instance -> state.put(instance.key(), instance));
  }

  @Override
  public void apply(List<InstanceEvent> events, long revision) {
    keep(events, revision);
  }

  private synchronized void keep(List<InstanceEvent> events, long revision) {
    rise(revision);
    for (InstanceEvent event : events) {
      if (event instanceof InstanceEvent.Put put) {
        words.add("put " + put.key().id() + " " + put.instance().health());
        state.put(put.key(), put.instance());
      } else if (event instanceof InstanceEvent.Remove remove) {
        words.add("remove " + remove.key().id() + " " + remove.departure());
        if (state.remove(remove.key()) == null) {
          throw new IllegalStateException(remove + " of what is not there");
        }
      }
    }
  }

  @Override
  public synchronized void synced() {
    words.add("synced");
  }

  @Override
  public synchronized void interrupted(RegistryException cause) {
    words.add("interrupted " + cause.kind());
  }

  @Override
  public synchronized void withholding(String service, String reason) {
    words.add((reason.isEmpty() ? "free " : "withheld ") + service);
    if (reason.isEmpty()) {
      withheld.remove(service);
    } else {
      withheld.put(service, reason);
    }
  }

  /** Returns what came since the last call. */
  synchronized List<String> take() {
    List<String> taken = List.copyOf(words);
    words.clear();
    return taken;
  }

  synchronized List<ServiceInstance> state() {
    return List.copyOf(state.values());
  }

  synchronized Map<String, String> withheld() {
    return Map.copyOf(withheld);
  }

  private void rise(long to) {
    if (to < revision) {
      throw new IllegalStateException("revision " + to + " after " + revision);
    }
    revision = to;
  }
}
