package dev.rollcall.bench;

import dev.rollcall.bench.Goal.Outcome;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/** Prints the goal table to the terminal, without the groups of which nothing was run. */
final class Table {
  private Table() {}

  static void print(Result result, PrintWriter out) {
    out.printf("%n%s%n%n", result.machine());
    out.printf(
        "%-46s %10s %17s %8s  %-9s %8s  %s%n",
        "", "measured", "between", "goal", "", "B/op", "relative to");
    Set<String> run =
        result.outcomes().stream()
            .filter(Outcome::wasRun)
            .map(outcome -> outcome.goal().group())
            .collect(Collectors.toSet());
    String group = "";
    for (Outcome outcome : result.outcomes()) {
      Goal goal = outcome.goal();
      if (!run.contains(goal.group())) {
        continue;
      }
      if (!goal.group().equals(group)) {
        group = goal.group();
        out.println(group);
      }
      out.printf(
          "  %-44s %10s %17s %8s  %-9s %8s  %s%n",
          goal.row(),
          number(outcome.interval().value()),
          between(outcome.interval()),
          "≤ " + number(goal.atMost()),
          outcome.verdict().text,
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
    out.printf("%n%s.%n", summary(result.outcomes()));
    result
        .failures()
        .forEach(failure -> out.println("FAILED " + failure.lines().findFirst().orElse("")));
  }

  /** How many rows have come to which verdict. */
  static String summary(List<Outcome> outcomes) {
    return Arrays.stream(Verdict.values())
        .map(
            verdict ->
                outcomes.stream().filter(one -> one.verdict() == verdict).count()
                    + " "
                    + verdict.text.toLowerCase(Locale.ROOT))
        .collect(Collectors.joining(", "));
  }

  /** What a value may be; empty where nobody knows. */
  static String between(Interval interval) {
    return interval.isBounded() ? number(interval.low()) + "–" + number(interval.high()) : "";
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
