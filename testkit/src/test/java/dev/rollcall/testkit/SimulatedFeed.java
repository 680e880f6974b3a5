package dev.rollcall.testkit;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * All that a store has ever held, state after state, and who is told of the next one. A state's
 * revision is its number, from 1; none is used again when the store loses its data.
 *
 * @param <T> what is held
 * @param <E> a change of one of them
 */
final class SimulatedFeed<T, E> {
  /**
   * One state.
   *
   * @param atNanos when it began
   * @param entries by key
   * @param events how it came about; empty for the first and where all was lost
   */
  record State<T, E>(long atNanos, SortedMap<String, T> entries, List<E> events) {}

  private final SimulatedWorld world;
  private final Function<E, String> keyOf;
  private final Function<E, @Nullable T> putOf;
  private final List<State<T, E>> states = new ArrayList<>();
  private final Map<String, List<T>> everHeld = new HashMap<>();
  private final Set<SimulatedStream<T, E>> streams = new LinkedHashSet<>();
  private long compacted = 1;
  private Consumer<E> audit = event -> {};

  /**
   * Creates the feed of an empty store.
   *
   * @param keyOf a change's key
   * @param putOf what it puts there, null where it removes
   */
  SimulatedFeed(SimulatedWorld world, Function<E, String> keyOf, Function<E, @Nullable T> putOf) {
    this.world = world;
    this.keyOf = keyOf;
    this.putOf = putOf;
    states.add(new State<>(world.now(), new TreeMap<>(), List.of()));
  }

  /** Shows somebody each change before anybody else. */
  void audit(Consumer<E> by) {
    audit = by;
  }

  String key(E event) {
    return keyOf.apply(event);
  }

  long revision() {
    return states.size();
  }

  /** Returns the oldest revision from which a stream can be resumed. */
  long compacted() {
    return compacted;
  }

  void compact() {
    compacted = revision();
  }

  State<T, E> at(long revision) {
    return states.get((int) revision - 1);
  }

  SortedMap<String, T> present() {
    return at(revision()).entries;
  }

  List<T> list(long revision, Predicate<String> selects) {
    List<T> selected = new ArrayList<>();
    at(revision)
        .entries
        .forEach(
            (key, entry) -> {
              if (selects.test(key)) {
                selected.add(entry);
              }
            });
    return selected;
  }

  boolean wasEverHeld(String key, T entry) {
    List<T> held = everHeld.get(key);
    return held != null && held.contains(entry);
  }

  /** Tells whether there was a state with just these, from one revision to the present one. */
  boolean wasSince(long revision, Predicate<String> selects, List<T> entries) {
    for (long r = revision; r <= revision(); r++) {
      if (list(r, selects).equals(entries)) {
        return true;
      }
    }
    return false;
  }

  /** Returns the revision that was the present one at a time. */
  long revisionAt(long nanos) {
    long revision = revision();
    while (revision > 1 && at(revision).atNanos > nanos) {
      revision--;
    }
    return revision;
  }

  void append(List<E> events) {
    TreeMap<String, T> next = new TreeMap<>(present());
    for (E event : events) {
      audit.accept(event);
      T put = putOf.apply(event);
      String key = keyOf.apply(event);
      if (put == null) {
        next.remove(key);
      } else {
        next.put(key, put);
        List<T> held = everHeld.computeIfAbsent(key, missing -> new ArrayList<>());
        if (!held.contains(put)) {
          held.add(put);
        }
      }
    }
    states.add(new State<>(world.now(), next, events));
    world.tell(() -> "store: " + revision() + " " + events);
    List.copyOf(streams).forEach(stream -> stream.forward(revision()));
  }

  /** All is lost, and no stream goes on. */
  void lose() {
    states.add(new State<>(world.now(), new TreeMap<>(), List.of()));
    compact();
    List.copyOf(streams).forEach(stream -> stream.cut(stream.soon()));
  }

  Set<SimulatedStream<T, E>> streams() {
    return streams;
  }
}
