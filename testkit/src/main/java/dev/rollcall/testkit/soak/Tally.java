package dev.rollcall.testkit.soak;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * How often each check was made, and what it found. Thread-safe: all is guarded by {@code this}.
 */
final class Tally {
  private static final int MAX_TOLD = 100;

  private final Map<Check, Long> counts = new EnumMap<>(Check.class);
  private final Map<Check, Long> found = new EnumMap<>(Check.class);
  private final Map<Check, String> notes = new EnumMap<>(Check.class);
  private final List<SoakReport.Violation> violations = new ArrayList<>();

  synchronized void count(Check check, long more) {
    counts.merge(check, more, Long::sum);
  }

  /** Says of a check what its number does not: the worst that was seen, how much there is. */
  synchronized void note(Check check, String text) {
    notes.put(check, text);
  }

  synchronized void violation(Check check, String what, List<String> history) {
    found.merge(check, 1L, Long::sum);
    if (violations.size() < MAX_TOLD) {
      violations.add(new SoakReport.Violation(check.title, what, history));
    }
  }

  synchronized long found() {
    return found.values().stream().mapToLong(Long::longValue).sum();
  }

  synchronized List<SoakReport.Figure> figures() {
    List<SoakReport.Figure> figures = new ArrayList<>();
    for (Check check : Check.values()) {
      figures.add(
          new SoakReport.Figure(
              check.title,
              counts.getOrDefault(check, 0L),
              check.unit,
              found.getOrDefault(check, 0L),
              notes.getOrDefault(check, "")));
    }
    return figures;
  }

  synchronized List<SoakReport.Violation> violations() {
    return List.copyOf(violations);
  }
}
