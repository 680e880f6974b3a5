package dev.rollcall.bench;

import dev.rollcall.bench.Goal.Outcome;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Draws the rows of the goal table as SVG: each as a dot and its interval on one logarithmic scale,
 * on which 1 is the row's goal. What lies to the left of the line has met it.
 */
final class Forest {
  private static final int WIDTH = 900;
  private static final int LEFT = 330;
  private static final int RIGHT = 230;
  private static final int ROW = 24;
  private static final double LEAST = 0.1;
  private static final double MOST = 10;

  private Forest() {}

  /** Draws the rows that were run; a former run's stand there as rings. */
  static String draw(List<Outcome> outcomes, @Nullable Kept kept) {
    int height = outcomes.size() * ROW + 40;
    StringBuilder out = new StringBuilder();
    out.append(
        format(
            "<div class=\"scroll\"><svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\""
                + " role=\"img\" aria-label=\"rows and their goals\">\n",
            WIDTH, height));
    for (double mark : new double[] {0.1, 0.2, 0.5, 1, 2, 5, 10}) {
      out.append(
          format(
              "<line class=\"%s\" x1=\"%.1f\" x2=\"%.1f\" y1=\"4\" y2=\"%d\"/>\n",
              mark == 1 ? "goal" : "axis", x(mark), x(mark), height - 30));
      out.append(
          format(
              "<text class=\"soft\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>\n",
              x(mark), height - 12, mark == 1 ? "goal" : "× " + Table.number(mark)));
    }
    for (int i = 0; i < outcomes.size(); i++) {
      row(out, outcomes.get(i), 18 + i * ROW, kept);
    }
    return out.append("</svg></div>\n").toString();
  }

  private static void row(StringBuilder out, Outcome outcome, int y, @Nullable Kept kept) {
    Goal goal = outcome.goal();
    Interval interval = outcome.interval();
    String style = Report.style(outcome.verdict());
    out.append(
        format("<g class=\"%s\"><title>%s</title>\n", style, Report.escape(title(outcome, kept))));
    out.append(
        format(
            "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n",
            LEFT - 14, y + 4, Report.escape(goal.row())));
    if (interval.isBounded()) {
      out.append(
          format(
              "<line class=\"between\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>\n",
              x(interval.low() / goal.atMost()), x(interval.high() / goal.atMost()), y, y));
    }
    Kept.@Nullable Row then = kept == null ? null : kept.rows().get(goal.row());
    if (then != null) {
      out.append(
          format(
              "<circle class=\"then\" cx=\"%.1f\" cy=\"%d\" r=\"5\"/>\n",
              x(then.interval().value() / goal.atMost()), y));
    }
    out.append(
        format(
            "<circle class=\"now\" cx=\"%.1f\" cy=\"%d\" r=\"4\"/>\n",
            x(interval.value() / goal.atMost()), y));
    out.append(
        format(
            "<text x=\"%d\" y=\"%d\">%s</text></g>\n",
            WIDTH - RIGHT + 14,
            y + 4,
            Report.escape(
                Table.number(interval.value())
                    + " of "
                    + Table.number(goal.atMost())
                    + ": "
                    + outcome.verdict().text)));
  }

  private static String title(Outcome outcome, @Nullable Kept kept) {
    String between = Table.between(outcome.interval());
    Kept.@Nullable Row then = kept == null ? null : kept.rows().get(outcome.goal().row());
    return outcome.goal().row()
        + ": "
        + Table.number(outcome.interval().value())
        + (between.isEmpty() ? "" : ", between " + between)
        + ", "
        + outcome.goal().against()
        + (then == null ? "" : "; it was " + Table.number(then.interval().value()));
  }

  /** Where a share of the goal stands; what is beyond the scale stands at its end. */
  private static double x(double share) {
    double within = Math.log(Math.max(LEAST, Math.min(MOST, share)) / LEAST);
    return LEFT + (WIDTH - LEFT - RIGHT) * within / Math.log(MOST / LEAST);
  }

  private static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
