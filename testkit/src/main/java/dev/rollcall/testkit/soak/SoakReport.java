package dev.rollcall.testkit.soak;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a soak has done and found. Immutable.
 *
 * @param store where it ran, without secrets
 * @param seed what it drew its operations and faults from
 * @param seconds how long it ran
 * @param rounds how often all was healed and compared
 * @param operations how many operations, by their name
 * @param faults how many faults, by their name
 * @param truth where the store's own state was read
 * @param figures a line for each check
 * @param violations the first hundred things that were wrong
 * @since 0.1.0
 */
public record SoakReport(
    String store,
    long seed,
    long seconds,
    int rounds,
    Map<String, Long> operations,
    Map<String, Long> faults,
    String truth,
    List<Figure> figures,
    List<Violation> violations) {
  /**
   * Copies maps and lists.
   *
   * @param store as the record says
   * @param seed as the record says
   * @param seconds as the record says
   * @param rounds as the record says
   * @param operations as the record says
   * @param faults as the record says
   * @param truth as the record says
   * @param figures as the record says
   * @param violations as the record says
   */
  public SoakReport {
    operations = Map.copyOf(operations);
    faults = Map.copyOf(faults);
    figures = List.copyOf(figures);
    violations = List.copyOf(violations);
  }

  /**
   * One check in numbers.
   *
   * @param check its name
   * @param count how often it was made
   * @param unit what was counted
   * @param violations how often it failed
   * @param note what else there is to say; may be empty
   */
  public record Figure(String check, long count, String unit, long violations, String note) {}

  /**
   * Something that was wrong.
   *
   * @param check which check found it
   * @param what what it found
   * @param history what had happened to the instance, the key or the client before, oldest first
   */
  public record Violation(String check, String what, List<String> history) {
    /**
     * Copies the history.
     *
     * @param check as the record says
     * @param what as the record says
     * @param history as the record says
     */
    public Violation {
      history = List.copyOf(history);
    }
  }

  /**
   * Tells whether nothing was wrong.
   *
   * @return whether every figure says so
   */
  public boolean passed() {
    return figures.stream().allMatch(figure -> figure.violations() == 0);
  }

  /**
   * Returns the report as text: what was done, a line for each check, then each violation with its
   * history.
   *
   * @return lines without their ends
   */
  public List<String> lines() {
    List<String> lines = new ArrayList<>();
    lines.add(text("%s, seed %d: %d s, %d rounds", store, seed, seconds, rounds));
    lines.add(text("truth       %s", truth));
    lines.add(text("operations  %s", sum(operations)));
    lines.add(text("faults      %s", sum(faults)));
    for (Figure figure : figures) {
      lines.add(
          text(
              "%-18s %,12d %-28s %,6d violations%s",
              figure.check(),
              figure.count(),
              figure.unit(),
              figure.violations(),
              figure.note().isEmpty() ? "" : "   " + figure.note()));
    }
    for (Violation violation : violations) {
      lines.add("");
      lines.add("VIOLATION " + violation.check() + ": " + violation.what());
      violation.history().forEach(line -> lines.add("    " + line));
    }
    return lines;
  }

  private static String sum(Map<String, Long> counts) {
    long all = counts.values().stream().mapToLong(Long::longValue).sum();
    List<String> parts = new ArrayList<>();
    new TreeMap<>(counts).forEach((name, count) -> parts.add(text("%s %,d", name, count)));
    return text("%,d", all) + (parts.isEmpty() ? "" : ": " + String.join(", ", parts));
  }

  private static String text(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
