package dev.rollcall.server.consul;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * The one owner of what is known: nodes, their services, their checks, and the index.
 *
 * <p><b>Design.</b> A {@link #write} is one change: it takes the next index, however much it puts
 * and removes, and touches the topics that it bears on. What is put as it stands already touches
 * nothing. A query reads one topic's index together with its data, and waits on that topic alone;
 * so a waiter of one service is not woken for another. The rules of which change touches what are
 * Consul's (docs/decisions/0015), but that no topic is touched in vain where Consul's table would.
 *
 * <p>Before a shared store an index tells whose it is: it is a multiple of {@value #STEP} and a
 * number that this catalog has drawn by lot. Another centre's says nothing here ({@link
 * #isForeign}).
 *
 * <p>A service or node that is gone takes its topic along; what is asked of an unknown one has the
 * index of the last that went, so that an index never falls back.
 *
 * <p><b>Guards.</b> {@code lock} guards everything; values are immutable. Under it nothing is
 * encoded and no waiter called: waiters are handed to their executors when it is free again. What
 * was encoded is found without it, so that nobody waits for a list that another client has made: a
 * write forgets it before the lock is free, so it is as old as the write at most that is under way.
 */
final class CatalogIndex {
  /** How many waiters one task of an executor wakes: others get their turn in between. */
  private static final int WOKEN_AT_ONCE = 256;

  /** From how many instances on a service is not listed by an event loop. */
  private static final int LARGE = 64;

  /** How far apart the indexes of one catalog are where there are others. */
  private static final int STEP = 1 << 20;

  /** A clock's milliseconds times 2^10 are within the 53 bits that every client's numbers have. */
  private static final int CLOCK_SHIFT = 10;

  private final List<Consumer<Set<InstanceId>>> listeners = new CopyOnWriteArrayList<>();

  private final Object lock = new Object();

  // All guarded by "lock"; the view and the writer use them while it is held.
  final TreeMap<String, NodeEntry> nodes = new TreeMap<>();
  final Map<String, TreeMap<InstanceId, CatalogService>> services = new ConcurrentSkipListMap<>();
  final Map<String, Topic> topics = new ConcurrentHashMap<>();
  long index;
  long lastServiceGone;
  long lastNodeGone;

  private final long first;
  private final int step;
  private final CatalogView view = new CatalogView(this);

  /**
   * Creates an empty catalog, the only one before its store.
   *
   * @param firstIndex what the index begins at, at least 1
   */
  CatalogIndex(long firstIndex) {
    this(firstIndex, 1);
  }

  /**
   * Creates an empty catalog before a store that others have before them too.
   *
   * @param firstIndex what the index begins at, as a clock's milliseconds
   */
  static CatalogIndex amongOthers(long firstIndex) {
    long begin = (firstIndex >> CLOCK_SHIFT) * STEP;
    return new CatalogIndex(begin + ThreadLocalRandom.current().nextInt(1, STEP), STEP);
  }

  private CatalogIndex(long firstIndex, int step) {
    this.step = step;
    first = firstIndex;
    index = firstIndex;
    lastServiceGone = firstIndex;
    lastNodeGone = firstIndex;
    for (String table :
        List.of(
            Topics.NODES,
            Topics.SERVICES,
            Topics.CHECKS,
            Topics.EVENTS,
            Topics.KEYS,
            Topics.SESSIONS)) {
      topics.put(table, new Topic(firstIndex));
    }
  }

  /** Changes what the given code says, as one, and wakes the waiters of that. */
  void write(Consumer<CatalogWriter> change) {
    Map<Executor, List<Waiter>> woken = new HashMap<>();
    CatalogWriter writer;
    synchronized (lock) {
      writer = new CatalogWriter(this, index + step);
      change.accept(writer);
      writer.finish(woken);
    }
    wake(woken);
    if (!writer.changed().isEmpty()) {
      listeners.forEach(listener -> listener.accept(writer.changed()));
    }
  }

  /**
   * Adds a listener that hears which instances have changed, in themselves or in a check of theirs,
   * and which nodes have gone, or have another check of their own (with an empty ID), from the next
   * write on. Called on the writer's thread, and must only take note.
   */
  void onChange(Consumer<Set<InstanceId>> listener) {
    listeners.add(listener);
  }

  /** Looks at the present state, for a decision that is not answered with an index. */
  <T> T look(Function<CatalogView, T> at) {
    synchronized (lock) {
      return at.apply(view);
    }
  }

  /** Tells whether a call asks for one service by its name, and that has many instances. */
  boolean isOfLargeService(Call call) {
    // Without the lock: a size of just before, or of just now, is as good.
    TreeMap<InstanceId, CatalogService> instances = services.get(call.rest());
    return instances != null && instances.size() > LARGE;
  }

  /** Answers a query: with what was encoded since the topic's last change, or anew. */
  <T> Answer read(
      String topic, String variant, Function<CatalogView, T> gather, Function<T, byte[]> encode) {
    Topic asked = topics.get(topic);
    Answer known = asked == null ? null : asked.answer(variant);
    if (known != null) {
      return known;
    }
    long at;
    long version;
    T gathered;
    synchronized (lock) {
      Topic of = topics.get(topic);
      at = of == null ? floor(topic) : of.index();
      version = of == null ? -1 : of.version();
      gathered = gather.apply(view);
    }
    Answer answer = Answer.indexed(at, encode.apply(gathered));
    synchronized (lock) {
      Topic of = topics.get(topic);
      if (of != null && of.version() == version && !variant.isEmpty()) {
        of.keep(variant, answer);
      }
    }
    return answer;
  }

  /**
   * Has a waiter woken at the topic's next change.
   *
   * @param known the index that the waiter has seen
   * @return false where the topic is past it already, or the index is from elsewhere: then the
   *     waiter is to answer now
   */
  boolean park(String topic, long known, Waiter waiter) {
    synchronized (lock) {
      Topic of = topics.get(topic);
      if ((of == null ? floor(topic) : of.index()) > known || isForeign(known)) {
        return false;
      }
      if (of == null) {
        of = new Topic(floor(topic));
        topics.put(topic, of);
      }
      of.park(waiter);
      return true;
    }
  }

  /**
   * Has a waiter woken at the topic's next change, unless a table has changed since it was read.
   *
   * @return false where it has: then the waiter is to read again
   */
  boolean parkUnless(String table, long tableIndex, String topic, Waiter waiter) {
    synchronized (lock) {
      if (indexOf(table) != tableIndex) {
        return false;
      }
      topics.computeIfAbsent(topic, of -> new Topic(tableIndex)).park(waiter);
      return true;
    }
  }

  /** Tells whether an index is none that this catalog has had: from another process, say. */
  boolean isForeign(long known) {
    synchronized (lock) {
      return known > index || (known >= first && (known - first) % step != 0);
    }
  }

  /** Forgets a waiter that has gone. */
  void leave(String topic, Waiter waiter) {
    synchronized (lock) {
      Topic of = topics.get(topic);
      if (of != null) {
        of.leave(waiter);
        if (!of.isAwaited() && isUnknown(topic)) {
          topics.remove(topic);
        }
      }
    }
  }

  /** Returns the index of the last change of anything. */
  long now() {
    synchronized (lock) {
      return index;
    }
  }

  /** Returns the index of a topic's last change. */
  long indexOf(String topic) {
    synchronized (lock) {
      Topic of = topics.get(topic);
      return of == null ? floor(topic) : of.index();
    }
  }

  private long floor(String topic) {
    if (Topics.isService(topic)) {
      return lastServiceGone;
    }
    return Topics.isNode(topic) ? lastNodeGone : first;
  }

  boolean isUnknown(String topic) {
    if (Topics.isService(topic)) {
      return !services.containsKey(topic.substring(Topics.service("").length()));
    }
    if (Topics.isOfKeys(topic)) {
      return true;
    }
    return Topics.isNode(topic) && !nodes.containsKey(topic.substring(Topics.node("").length()));
  }

  private static void wake(Map<Executor, List<Waiter>> woken) {
    woken.forEach(
        (executor, waiters) -> {
          for (int from = 0; from < waiters.size(); from += WOKEN_AT_ONCE) {
            List<Waiter> some =
                waiters.subList(from, Math.min(waiters.size(), from + WOKEN_AT_ONCE));
            executor.execute(() -> some.forEach(waiter -> waiter.wake().run()));
          }
        });
  }
}
