package dev.rollcall.bench.fleet;

import java.util.Optional;

/**
 * One number that a scenario gives, and the line of its output that carries it.
 *
 * @param id what goals call it
 * @param value the number
 * @param unit what it counts
 * @param label what it is, for a reader
 */
public record Figure(String id, double value, String unit, String label) {
  private static final String MARK = "figure\t";

  /**
   * Checks the parts.
   *
   * @throws IllegalArgumentException if a text would end its column, or the value is no number
   */
  public Figure {
    for (String text : new String[] {id, unit, label}) {
      if (text.indexOf('\t') >= 0 || text.indexOf('\n') >= 0) {
        throw new IllegalArgumentException("figure: " + text + " (expected: one line, no tab)");
      }
    }
    if (!Double.isFinite(value)) {
      throw new IllegalArgumentException(id + ": " + value + " (expected: a number)");
    }
  }

  static void print(String id, double value, String unit, String label) {
    System.out.println(new Figure(id, value, unit, label).line());
  }

  String line() {
    return MARK + id + '\t' + value + '\t' + unit + '\t' + label;
  }

  /** Reads a line; empty where it carries no figure. */
  static Optional<Figure> parse(String line) {
    if (!line.startsWith(MARK)) {
      return Optional.empty();
    }
    String[] parts = line.split("\t", -1);
    if (parts.length != 5) {
      throw new IllegalArgumentException("figure: " + line + " (expected: 5 columns)");
    }
    return Optional.of(new Figure(parts[1], Double.parseDouble(parts[2]), parts[3], parts[4]));
  }
}
