package dev.rollcall.testkit.soak;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What happened lately to each instance and key, and of faults: enough to understand a violation,
 * and never more than that, however long the soak runs. Thread-safe: all is guarded by {@code
 * this}.
 */
final class History {
  private static final int LINES_OF_ONE = 80;
  private static final int LINES_OF_ALL = 40;

  private record Line(long nanos, String text) {}

  private final long start = System.nanoTime();
  private final Map<Object, Deque<Line>> ofOne = new HashMap<>();
  private final Deque<Line> ofAll = new ArrayDeque<>();

  /** Notes what happened to one thing. */
  synchronized void note(Object subject, String text) {
    add(ofOne.computeIfAbsent(subject, any -> new ArrayDeque<>()), LINES_OF_ONE, text);
  }

  /** Notes what may have touched everything. */
  synchronized void note(String text) {
    add(ofAll, LINES_OF_ALL, text);
  }

  private static void add(Deque<Line> lines, int most, String text) {
    if (lines.size() == most) {
      lines.removeFirst();
    }
    lines.addLast(new Line(System.nanoTime(), text));
  }

  /** Returns what is known of one thing, with the faults of that time between. */
  synchronized List<String> of(Object subject) {
    List<Line> lines = new ArrayList<>(ofOne.getOrDefault(subject, new ArrayDeque<>()));
    lines.addAll(ofAll);
    lines.sort((a, b) -> Long.compare(a.nanos() - start, b.nanos() - start));
    return lines.stream()
        .map(line -> String.format(Locale.ROOT, "%9.3f s  %s", since(line.nanos()), line.text()))
        .toList();
  }

  double since(long nanos) {
    return (nanos - start) / 1e9;
  }
}
