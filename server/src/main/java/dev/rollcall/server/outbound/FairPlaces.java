package dev.rollcall.server.outbound;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * A bounded number of calls under way. A client with many calls waiting takes turns with the
 * others, and never has more than half of the places: targets that keep their caller waiting delay
 * only the client that named them.
 *
 * <p>Thread-safe: {@code lock} guards all fields, and tasks begin on the executor, outside it.
 */
final class FairPlaces {
  private final int places;
  private final int maxOfOne;
  private final int maxWaiting;
  private final Executor executor;

  private final Object lock = new Object();
  private final Map<Object, Integer> taken = new HashMap<>();
  // In the order of whose turn it is.
  private final LinkedHashMap<Object, ArrayDeque<Runnable>> waiting = new LinkedHashMap<>();
  private int inFlight;
  private int queued;

  FairPlaces(int places, int maxWaiting, Executor executor) {
    this.places = places;
    this.maxOfOne = Math.max(1, places / 2);
    this.maxWaiting = maxWaiting;
    this.executor = executor;
  }

  /**
   * Begins a task as soon as there is a place. A task that is given one calls {@link #leave} at the
   * end.
   *
   * @return false where too many are waiting; the task is not begun then
   */
  boolean enter(Object who, Runnable task) {
    synchronized (lock) {
      if (inFlight >= places || ofOne(who) >= maxOfOne) {
        if (queued >= maxWaiting) {
          return false;
        }
        waiting.computeIfAbsent(who, first -> new ArrayDeque<>()).add(task);
        queued++;
        return true;
      }
      take(who);
    }
    executor.execute(task);
    return true;
  }

  void leave(Object who) {
    Runnable following;
    synchronized (lock) {
      inFlight--;
      taken.compute(who, (key, count) -> count == null || count == 1 ? null : count - 1);
      following = next();
    }
    if (following != null) {
      executor.execute(following);
    }
  }

  int inFlight() {
    synchronized (lock) {
      return inFlight;
    }
  }

  /** Under the lock. */
  private @Nullable Runnable next() {
    for (Iterator<Map.Entry<Object, ArrayDeque<Runnable>>> turns = waiting.entrySet().iterator();
        turns.hasNext(); ) {
      Map.Entry<Object, ArrayDeque<Runnable>> turn = turns.next();
      Object who = turn.getKey();
      if (ofOne(who) < maxOfOne) {
        ArrayDeque<Runnable> tasks = turn.getValue();
        turns.remove();
        Runnable task = tasks.remove();
        queued--;
        if (!tasks.isEmpty()) {
          waiting.put(who, tasks);
        }
        take(who);
        return task;
      }
    }
    return null;
  }

  private void take(Object who) {
    inFlight++;
    taken.merge(who, 1, Integer::sum);
  }

  private int ofOne(Object who) {
    return taken.getOrDefault(who, 0);
  }
}
