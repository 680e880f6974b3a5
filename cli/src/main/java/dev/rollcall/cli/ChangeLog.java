package dev.rollcall.cli;

import dev.rollcall.Change;
import dev.rollcall.Freshness;
import dev.rollcall.Health;
import dev.rollcall.InstanceKey;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceListener;
import dev.rollcall.Snapshot;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * Prints every change as it arrives, counts it, and lets the demo wait until it has been printed: a
 * scenario that waited for the views themselves would run ahead of what its reader sees.
 * Thread-safe: every field but the screen is guarded by {@code this}.
 */
final class ChangeLog implements ServiceListener {
  private final Screen screen;

  private final Map<String, Snapshot> seen = new HashMap<>();
  private final Map<InstanceKey, Long> startedNanos = new HashMap<>();
  private final Set<InstanceKey> expected = new HashSet<>();
  private final Set<InstanceKey> killed = new HashSet<>();
  private final Set<InstanceKey> expired = new HashSet<>();
  private final Set<InstanceKey> lost = new HashSet<>();
  private int changes;

  ChangeLog(Screen screen) {
    this.screen = screen;
  }

  /** An operation on an instance begins now: the next changes of it are timed from here. */
  synchronized void starting(InstanceKey key) {
    startedNanos.put(key, System.nanoTime());
  }

  /** From now on the instance has to be there and to pass. */
  synchronized void expect(InstanceKey key) {
    expected.add(key);
  }

  /** The instance is about to be deregistered. */
  synchronized void leaving(InstanceKey key) {
    expected.remove(key);
    starting(key);
  }

  /** The instance's owner is about to die. */
  synchronized void dying(InstanceKey key) {
    killed.add(key);
    leaving(key);
  }

  synchronized Set<InstanceKey> expected() {
    return Set.copyOf(expected);
  }

  /** Somebody has looked for an instance that has to be there, in vain. */
  synchronized void missing(InstanceKey key) {
    lost.add(key);
  }

  synchronized int changes() {
    return changes;
  }

  synchronized int expired() {
    return expired.size();
  }

  synchronized int lost() {
    return lost.size();
  }

  @Override
  public void changed(Change change) {
    long now = System.nanoTime();
    synchronized (this) {
      for (ServiceInstance instance : change.all().added()) {
        print(Screen.Mark.ADDED, instance, described(instance), now);
      }
      for (ServiceInstance instance : change.all().updated()) {
        Optional<ServiceInstance> was = change.before().find(instance.id());
        print(
            Screen.Mark.UPDATED,
            instance,
            was.map(before -> difference(before, instance)).orElse(""),
            now);
      }
      for (ServiceInstance instance : change.all().removed()) {
        print(Screen.Mark.REMOVED, instance, "gone, was " + word(instance.health()), now);
      }
      for (ServiceInstance instance : change.removed()) {
        if (killed.contains(instance.key())) {
          expired.add(instance.key());
        } else if (expected.contains(instance.key())) {
          lost.add(instance.key());
        }
      }
      seen.put(change.service(), change.now());
      notifyAll();
    }
  }

  @Override
  public synchronized void freshnessChanged(Freshness now) {
    String trust =
        now instanceof Freshness.Stale stale
            ? "stale: " + Sentence.of(stale.cause())
            : now instanceof Freshness.Protected held ? "protected: " + held.cause() : "live";
    screen.event(Screen.Mark.TRUST, "the view is", trust);
  }

  /** Waits until an instance was printed as one that fits, or a deadline has passed. */
  void await(InstanceKey key, String what, Duration deadline, Predicate<ServiceInstance> fits) {
    await(key, what, deadline, fits, false);
  }

  /** Waits until an instance was printed as one that passes no more, or is gone. */
  void awaitNotPassing(InstanceKey key, Duration deadline) {
    await(key, "out of the look-up", deadline, is -> is.health() != Health.PASSING, true);
  }

  /** Waits until an instance was printed as gone. */
  void awaitGone(InstanceKey key, Duration deadline) {
    await(key, "gone", deadline, is -> false, true);
  }

  private synchronized void await(
      InstanceKey key,
      String what,
      Duration deadline,
      Predicate<ServiceInstance> fits,
      boolean absenceFits) {
    long end = System.nanoTime() + deadline.toNanos();
    while (true) {
      Snapshot state = seen.get(key.service());
      Optional<ServiceInstance> is = state == null ? Optional.empty() : state.find(key.id());
      if (is.map(fits::test).orElse(absenceFits)) {
        return;
      }
      long left = end - System.nanoTime();
      if (left <= 0) {
        throw new DemoException(
            key.id() + " was not seen " + what + " within " + deadline.toSeconds() + " s");
      }
      try {
        TimeUnit.NANOSECONDS.timedWait(this, left);
      } catch (InterruptedException stop) {
        Thread.currentThread().interrupt();
        throw new DemoException("interrupted while waiting for " + key.id());
      }
    }
  }

  private void print(Screen.Mark mark, ServiceInstance instance, String text, long now) {
    changes++;
    long started = startedNanos.getOrDefault(instance.key(), now);
    screen.event(mark, instance.id(), text, now - started);
  }

  private static String described(ServiceInstance instance) {
    return String.format(
        "%-8s  %s://%s:%d  %s",
        word(instance.health()),
        instance.scheme(),
        instance.host(),
        instance.port(),
        String.join(",", instance.tags()));
  }

  private static String difference(ServiceInstance was, ServiceInstance is) {
    StringBuilder text = new StringBuilder();
    append(text, "", word(was.health()), word(is.health()));
    append(text, "tags ", String.join(",", was.tags()), String.join(",", is.tags()));
    append(text, "weight ", was.weight(), is.weight());
    return text.isEmpty() ? "other fields" : text.toString();
  }

  private static void append(StringBuilder text, String name, Object was, Object is) {
    if (!was.equals(is)) {
      text.append(text.isEmpty() ? "" : ", ").append(name).append(was).append(" -> ").append(is);
    }
  }

  private static String word(Health health) {
    return health.name().toLowerCase(Locale.ROOT);
  }
}
