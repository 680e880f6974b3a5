package dev.rollcall.bench;

import dev.rollcall.bench.Goal.Outcome;
import java.io.PrintWriter;
import java.util.Locale;

/** Prints the goal table to the terminal. */
final class Table {
  private Table() {}

  static void print(Result result, PrintWriter out) {
    out.printf("%n%s%n%n", result.machine());
    out.printf(
        "%-46s %10s %10s  %-7s %8s  %s%n", "", "measured", "goal", "", "B/op", "relative to");
    String group = "";
    for (Outcome outcome : result.outcomes()) {
      Goal goal = outcome.goal();
      if (!goal.group().equals(group)) {
        group = goal.group();
        out.println(group);
      }
      out.printf(
          "  %-44s %10s %10s  %-7s %8s  %s%n",
          goal.row(),
          number(outcome.value()),
          "≤ " + number(goal.atMost()),
          verdict(outcome),
          number(outcome.bytesPerOp()),
          goal.against());
    }
    String of = "";
    for (Measurement figure : result.measurements().values()) {
      if (Fleets.isFigure(figure)) {
        if (!figure.of().group().equals(of)) {
          of = figure.of().group();
          out.printf("%n%s, figures%n", of);
        }
        out.printf("  %-90s %10s %s%n", figure.of().label(), number(figure.score()), figure.unit());
      }
    }
    long run = result.outcomes().stream().filter(Outcome::wasRun).count();
    long met = result.outcomes().stream().filter(o -> o.wasRun() && o.met()).count();
    out.printf(
        "%n%d of %d goals measured: %d met, %d missed.%n",
        run, result.outcomes().size(), met, run - met);
    result
        .failures()
        .forEach(failure -> out.println("FAILED " + failure.lines().findFirst().orElse("")));
  }

  static String verdict(Outcome outcome) {
    return !outcome.wasRun() ? "not run" : outcome.met() ? "met" : "MISSED";
  }

  /** Three digits that mean something. */
  static String number(double value) {
    if (!Double.isFinite(value)) {
      return "";
    }
    double size = Math.abs(value);
    String format =
        size >= 100 || value == Math.rint(value)
            ? "%,.0f"
            : size >= 10 ? "%.1f" : size >= 1 ? "%.2f" : "%.3f";
    return String.format(Locale.ROOT, format, value);
  }
}
