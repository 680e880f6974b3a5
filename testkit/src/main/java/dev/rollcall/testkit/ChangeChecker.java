package dev.rollcall.testkit;

import static java.util.function.Function.identity;
import static java.util.stream.Collectors.toMap;

import dev.rollcall.Change;
import dev.rollcall.Freshness;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceListener;
import dev.rollcall.Snapshot;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A listener that keeps what it is given and holds each change against the contract: calls are
 * serial, {@code before} is what was given last, the three lists are exactly the difference of the
 * two states, versions grow, and no state is given twice in a row. Thread-safe.
 *
 * @since 0.1.0
 */
public final class ChangeChecker implements ServiceListener {
  private final AtomicReference<@Nullable Thread> caller = new AtomicReference<>();
  // All guarded by "this".
  private final List<Change> changes = new ArrayList<>();
  private final List<Freshness> freshness = new ArrayList<>();
  private final List<String> violations = new ArrayList<>();
  private boolean closed;

  private final int most;

  /** Creates a listener that has heard nothing, and forgets nothing. */
  public ChangeChecker() {
    this(Integer.MAX_VALUE);
  }

  /**
   * Creates a listener that has heard nothing, for a long test: it checks all that it is given, and
   * keeps the latest.
   *
   * @param most how many changes, and how many words on the freshness, it keeps; 1 or more
   */
  public ChangeChecker(int most) {
    if (most < 1) {
      throw new IllegalArgumentException("most: " + most + " (expected: 1 or more)");
    }
    this.most = most;
  }

  /**
   * Returns all changes so far, or the latest of them.
   *
   * @return in their order, a copy
   */
  public synchronized List<Change> changes() {
    return List.copyOf(changes);
  }

  /**
   * Returns all that was said of the freshness so far, or the latest of it.
   *
   * @return in its order, a copy
   */
  public synchronized List<Freshness> freshness() {
    return List.copyOf(freshness);
  }

  /**
   * Returns the state that was given last.
   *
   * @return the state, empty before the first change
   */
  public synchronized Optional<Snapshot> last() {
    return changes.isEmpty()
        ? Optional.empty()
        : Optional.of(changes.get(changes.size() - 1).now());
  }

  /**
   * Returns the instances in any health of the state that was given last.
   *
   * @return by id; empty before the first change as well
   */
  public List<ServiceInstance> instances() {
    return last().map(Snapshot::all).orElse(List.of());
  }

  /**
   * Returns in what the contract was broken.
   *
   * @return a sentence for each breach, a copy; empty where all was right
   */
  public synchronized List<String> violations() {
    return List.copyOf(violations);
  }

  /** Notes that the subscription's {@code close()} has returned: every further call is a breach. */
  public synchronized void closed() {
    closed = true;
  }

  @Override
  public void changed(Change change) {
    called("changed", () -> check(change));
  }

  @Override
  public void freshnessChanged(Freshness now) {
    called("freshnessChanged", () -> keep(freshness, now));
  }

  private void called(String what, Runnable body) {
    Thread me = Thread.currentThread();
    Thread other = caller.getAndSet(me);
    synchronized (this) {
      if (other != null) {
        violations.add(
            what + " by " + me.getName() + " while " + other.getName() + " is in a call");
      }
      if (closed) {
        violations.add(what + " after close() had returned");
      }
      body.run();
    }
    // A second caller that comes now is seen by whoever of the two is later.
    Thread.onSpinWait();
    caller.compareAndSet(me, null);
  }

  private void check(Change change) {
    Snapshot before = change.before();
    Snapshot now = change.now();
    if (changes.isEmpty()) {
      if (!before.all().isEmpty() || !(before.freshness() instanceof Freshness.Loading)) {
        violations.add("the first change does not come from an empty, loading state: " + before);
      }
    } else {
      Snapshot given = changes.get(changes.size() - 1).now();
      if (before.version() != given.version() || !before.all().equals(given.all())) {
        violations.add("before is " + before + ", yet " + given + " was given last");
      }
      if (before.all().equals(now.all())) {
        violations.add("an equal state was given again: " + now);
      }
    }
    if (now.version() <= before.version()) {
      violations.add("version " + now.version() + " after " + before.version());
    }
    exact("in any health", before.all(), now.all(), change.all());
    exact(
        "passing",
        before.instances(),
        now.instances(),
        new Change.Diff(change.added(), change.updated(), change.removed()));
    keep(changes, change);
  }

  private <T> void keep(List<T> all, T latest) {
    if (all.size() == most) {
      all.remove(0);
    }
    all.add(latest);
  }

  /** Works the difference out anew, in another way than the engine does. */
  private void exact(
      String which, List<ServiceInstance> before, List<ServiceInstance> now, Change.Diff said) {
    Map<String, ServiceInstance> old =
        before.stream().collect(toMap(ServiceInstance::id, identity(), (a, b) -> b, TreeMap::new));
    Map<String, ServiceInstance> young =
        now.stream().collect(toMap(ServiceInstance::id, identity(), (a, b) -> b, TreeMap::new));
    if (young.size() != now.size() || !List.copyOf(young.values()).equals(now)) {
      violations.add("a state that is not in the order of its ids, each once: " + now);
    }
    Change.Diff is =
        new Change.Diff(
            young.values().stream().filter(i -> !old.containsKey(i.id())).toList(),
            young.values().stream()
                .filter(i -> old.containsKey(i.id()) && !i.equals(old.get(i.id())))
                .toList(),
            old.values().stream().filter(i -> !young.containsKey(i.id())).toList());
    if (!is.equals(said)) {
      violations.add("the difference (" + which + ") is " + is + ", yet the change says " + said);
    }
  }
}
