package dev.rollcall.testkit;

import dev.rollcall.InstanceKey;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.InstanceEvent;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.WatchSink;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A sink that keeps what a backend's watch delivers, and checks on the way what every watch
 * promises: one call at a time, the order of the protocol, revisions that do not fall, nothing from
 * outside the selector. Thread-safe.
 *
 * @since 0.1.0
 */
public final class RecordingSink implements WatchSink {
  private final Selector selector;
  private final Runnable during;
  private final AtomicReference<@Nullable Thread> caller = new AtomicReference<>();
  // All guarded by "this".
  private final TreeMap<InstanceKey, ServiceInstance> state = new TreeMap<>();
  private final List<List<ServiceInstance>> states = new ArrayList<>();
  private final List<List<ServiceInstance>> shown = new ArrayList<>();
  private final List<List<ServiceInstance>> resumed = new ArrayList<>();
  private final List<InstanceEvent.Remove> removals = new ArrayList<>();
  private final List<RegistryException> interruptions = new ArrayList<>();
  private final List<String> violations = new ArrayList<>();
  private final Map<String, Long> revisions = new HashMap<>();
  private boolean filled;
  private boolean live;
  private int calls;
  private int syncs;

  /**
   * Creates a sink that has seen nothing.
   *
   * @param selector what the watch was asked for
   */
  public RecordingSink(Selector selector) {
    this(selector, () -> {});
  }

  /** Creates a sink that does something more in each of its calls. */
  RecordingSink(Selector selector, Runnable during) {
    this.selector = selector;
    this.during = during;
  }

  /**
   * Returns the present state as the calls so far make it.
   *
   * @return the instances in the order of their keys, a copy
   */
  public synchronized List<ServiceInstance> state() {
    return List.copyOf(state.values());
  }

  /**
   * Returns every state that could be seen while the watch was live: after each call that was not
   * part of an initial or a resumed state, and after each {@link #synced()}.
   *
   * @return the states in their order, a copy
   */
  public synchronized List<List<ServiceInstance>> states() {
    return List.copyOf(states);
  }

  /**
   * Returns every state since the first that was complete, those included that came while the
   * stream was lost: a reader may be shown each of them.
   */
  synchronized List<List<ServiceInstance>> shown() {
    return List.copyOf(shown);
  }

  /** Returns what the state was each time that the stream was said to work again. */
  synchronized List<List<ServiceInstance>> resumed() {
    return List.copyOf(resumed);
  }

  /**
   * Returns the single removals.
   *
   * @return in their order, a copy
   */
  public synchronized List<InstanceEvent.Remove> removals() {
    return List.copyOf(removals);
  }

  /**
   * Returns why the stream was lost, each time that the backend said so.
   *
   * @return in their order, a copy
   */
  public synchronized List<RegistryException> interruptions() {
    return List.copyOf(interruptions);
  }

  /**
   * Returns what the backend did that it must not do.
   *
   * @return a sentence for each, a copy; empty where all was right
   */
  public synchronized List<String> violations() {
    return List.copyOf(violations);
  }

  /**
   * Tells whether the state is complete and the stream said to work.
   *
   * @return true after {@link #synced()}, until the next interruption
   */
  public synchronized boolean isLive() {
    return live;
  }

  /**
   * Returns how often the state became complete.
   *
   * @return the calls of {@link #synced()} so far
   */
  public synchronized int syncs() {
    return syncs;
  }

  /**
   * Returns how often the backend has called.
   *
   * @return the calls of all methods so far
   */
  public synchronized int calls() {
    return calls;
  }

  @Override
  public void replace(Selector scope, List<ServiceInstance> instances, long revision) {
    called(
        "replace",
        () -> {
          if (!scope.equals(selector)
              && !(scope instanceof Selector.OfService one && selector.selects(one.name()))) {
            violations.add("replace of " + scope + ", which lies outside " + selector);
          }
          Set<InstanceKey> seen = new HashSet<>();
          state.keySet().removeIf(key -> scope.selects(key.service()));
          for (ServiceInstance instance : instances) {
            inside(scope, instance.key());
            if (!seen.add(instance.key())) {
              violations.add("replace with " + instance.key() + " twice");
            }
            state.put(instance.key(), instance);
          }
          rises(scope instanceof Selector.OfService one ? Set.of(one.name()) : Set.of(), revision);
          filled = true;
        });
  }

  @Override
  public void apply(List<InstanceEvent> events, long revision) {
    called(
        "apply",
        () -> {
          if (!filled) {
            violations.add("apply before the first replace: the initial state is missing");
          }
          if (events.isEmpty()) {
            violations.add("apply of no event");
          }
          Set<String> services = new HashSet<>();
          for (InstanceEvent event : events) {
            inside(selector, event.key());
            services.add(event.key().service());
            if (event instanceof InstanceEvent.Put put) {
              state.put(put.key(), put.instance());
            } else if (event instanceof InstanceEvent.Remove remove) {
              removals.add(remove);
              state.remove(remove.key());
            }
          }
          rises(services, revision);
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
          live = true;
          syncs++;
          if (!interruptions.isEmpty()) {
            resumed.add(List.copyOf(state.values()));
          }
        });
  }

  @Override
  public void interrupted(RegistryException cause) {
    called(
        "interrupted",
        () -> {
          live = false;
          revisions.clear();
          interruptions.add(cause);
        });
  }

  @Override
  public void withholding(String service, String reason) {
    called("withholding", () -> {});
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
      calls++;
      body.run();
      if (syncs > 0) {
        List<ServiceInstance> now = List.copyOf(state.values());
        shown.add(now);
        if (live) {
          states.add(now);
        }
      }
    }
    during.run();
    // A second caller that comes now is seen by whoever of the two is later.
    Thread.onSpinWait();
    caller.compareAndSet(me, null);
  }

  private void inside(Selector scope, InstanceKey key) {
    if (!scope.selects(key.service()) || !selector.selects(key.service())) {
      violations.add(key + ", which lies outside " + scope);
    }
  }

  /** Checks revisions a service: a store may have an index of its own for each of them. */
  private void rises(Set<String> services, long revision) {
    if (revision == 0) {
      return;
    }
    for (String service : services) {
      Long last = revisions.put(service, revision);
      if (last != null && revision < last) {
        violations.add("revision " + revision + " of " + service + " after " + last);
      }
    }
  }
}
