package dev.rollcall.server.consul;

import dev.rollcall.spi.Timer;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * Which checks follow those of a service, or of a node where the ID is empty, and which of them are
 * due to be looked at, since what they follow has changed.
 *
 * <p>Thread-safe, without a lock of its own: notes are taken under any other. They are handed over
 * on the timer's thread, many at once.
 */
final class Aliases {
  private final Timer timer;
  private final Consumer<Set<String>> follow;
  private final ConcurrentHashMap<InstanceId, Set<String>> followers = new ConcurrentHashMap<>();
  private final Set<String> due = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean scheduled = new AtomicBoolean();

  /**
   * Creates an empty set.
   *
   * @param follow looks at checks with these IDs
   */
  Aliases(Timer timer, Consumer<Set<String>> follow) {
    this.timer = timer;
    this.follow = follow;
  }

  /** Has a check looked at now, and whenever what it follows changes. */
  void add(String checkId, InstanceId followed) {
    followers.computeIfAbsent(followed, of -> ConcurrentHashMap.newKeySet()).add(checkId);
    due.add(checkId);
    schedule();
  }

  void remove(String checkId, InstanceId followed) {
    followers.computeIfPresent(
        followed,
        (of, checks) -> {
          checks.remove(checkId);
          return checks.isEmpty() ? null : checks;
        });
  }

  /** Takes note of what has changed, in itself or in a check of its own. */
  void changed(Set<InstanceId> changed) {
    for (InstanceId id : changed) {
      Set<String> checks = followers.get(id);
      if (checks != null && due.addAll(checks)) {
        schedule();
      }
    }
  }

  private void schedule() {
    if (scheduled.compareAndSet(false, true)) {
      timer.schedule(this::run, Duration.ZERO);
    }
  }

  private void run() {
    scheduled.set(false);
    Set<String> now = new HashSet<>(due);
    due.removeAll(now);
    follow.accept(now);
  }
}
