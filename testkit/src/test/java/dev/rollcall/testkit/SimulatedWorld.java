package dev.rollcall.testkit;

import dev.rollcall.spi.Timer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One thread, one queue and one source of chance for everything that happens in a simulation: what
 * a timer, a thread or a network would do at some time stands in the queue, and is done in the
 * order of time. Two runs with one seed do the same.
 *
 * <p>Whoever blocks (a closing, a slow listener) lets the queue go on from where it stands, on the
 * same stack, until what it waits for is there. So of two that block the inner one ends first; it
 * is as if the thread of the outer one were given no processor meanwhile.
 */
final class SimulatedWorld {
  private static final int DEEPEST = 3;

  /** Something that is done at its time, unless it was cancelled. */
  final class Task implements Timer.Scheduled {
    private long at;
    private long order;
    private final @Nullable SimulatedHost host;
    private final Runnable body;
    private boolean over;

    private Task(long at, @Nullable SimulatedHost host, Runnable body) {
      this.at = at;
      this.order = ordered++;
      this.host = host;
      this.body = body;
    }

    boolean isOver() {
      return over;
    }

    @Override
    public void cancel() {
      over = true;
    }
  }

  final long seed;
  final SplittableRandom random;

  /** The processes by the port that one of their instances has. */
  final Map<Integer, SimulatedHost> ports = new HashMap<>();

  /** Ports whose instances are alive and not well. */
  final Set<Integer> sick = new HashSet<>();

  private final PriorityQueue<Task> queue =
      new PriorityQueue<>(
          (a, b) -> a.at != b.at ? Long.compare(a.at, b.at) : Long.compare(a.order, b.order));
  private final List<String> violations = new ArrayList<>();
  private final @Nullable List<String> story;
  private long now = 1;
  private long ordered;
  private long hash;
  private int depth;
  private int overtakings;

  SimulatedWorld(long seed, @Nullable List<String> story) {
    this.seed = seed;
    this.random = new SplittableRandom(seed);
    this.story = story;
    this.hash = seed;
  }

  long now() {
    return now;
  }

  static long nanos(Duration time) {
    return time.toNanos();
  }

  static long millis(long millis) {
    return millis * 1_000_000;
  }

  /** Returns a time between two numbers of milliseconds. */
  long between(long minMillis, long maxMillis) {
    return random.nextLong(millis(minMillis), millis(maxMillis) + 1);
  }

  boolean chance(double share) {
    return random.nextDouble() < share;
  }

  <T> T oneOf(List<T> choices) {
    return choices.get(random.nextInt(choices.size()));
  }

  /** Has something done by a process, or by nobody in particular, after a while. */
  Task after(long nanos, @Nullable SimulatedHost host, Runnable body) {
    Task task = new Task(now + Math.max(0, nanos), host, body);
    queue.add(task);
    return task;
  }

  /** Lets time pass. */
  void run(long nanos) {
    long until = now + nanos;
    while (step(until)) {}
  }

  /** Tells whether somebody may block: not where too many do already. */
  boolean canBlock() {
    return depth < DEEPEST;
  }

  boolean isBlocked() {
    return depth > 0;
  }

  /** Returns how often somebody has blocked while somebody else did. */
  int overtakings() {
    return overtakings;
  }

  /** Blocks until something is so, or a time is over; returns whether it is so. */
  boolean await(BooleanSupplier condition, long nanos) {
    long until = now + nanos;
    overtakings += depth > 0 ? 1 : 0;
    depth++;
    while (!condition.getAsBoolean() && step(until)) {}
    depth--;
    return condition.getAsBoolean();
  }

  private boolean step(long until) {
    Task next = queue.peek();
    if (next == null || next.at > until) {
      now = Math.max(now, until);
      return false;
    }
    queue.poll();
    SimulatedHost host = next.host;
    if (next.over || (host != null && host.isDead())) {
      return true;
    }
    now = Math.max(now, next.at);
    if (host != null && host.stalledUntil() > now) {
      next.at = host.stalledUntil();
      next.order = ordered++; // what waits keeps its order
      queue.add(next);
      return true;
    }
    next.over = true;
    note(next.at * 31 + (host == null ? 0 : host.number()));
    try {
      next.body.run();
    } catch (Throwable thrown) {
      StackTraceElement[] where = thrown.getStackTrace();
      violation("thrown: " + thrown + (where.length == 0 ? "" : " at " + where[0]));
    }
    return true;
  }

  /** Puts something into the trace. */
  void note(long what) {
    hash = (hash ^ what) * 0x9E3779B97F4A7C15L;
    hash ^= hash >>> 29;
  }

  long hash() {
    return hash;
  }

  /** Tells what happens, where somebody wants to know. */
  void tell(Supplier<String> what) {
    if (story != null) {
      story.add("%10.4f s  %s".formatted(now / 1e9, what.get()));
    }
  }

  void violation(String what) {
    note(what.hashCode());
    tell(() -> "VIOLATION " + what);
    if (violations.size() < 10) {
      violations.add("at %.4f s: %s".formatted(now / 1e9, what));
    }
  }

  void check(boolean right, Supplier<String> otherwise) {
    if (!right) {
      violation(otherwise.get());
    }
  }

  List<String> violations() {
    return violations;
  }
}
