package dev.rollcall.bench;

import dev.rollcall.bench.Goal.Outcome;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes one run as a page that needs nothing else: no script, no font, no image. */
final class Report {
  private static final String STYLE =
      """
      :root{color-scheme:light dark;--paper:#fff;--ink:#1b1f24;--soft:#5b6570;--line:#d5dae0;--ours:#1769c2;\
      --other:#9aa5b1;--good:#1a7f37;--bad:#c62828;--third:#b3690e}
      @media(prefers-color-scheme:dark){:root{--paper:#14171a;--ink:#e6e9ec;--soft:#9aa5b1;--line:#343b42;\
      --ours:#5aa9f5;--other:#6b7681;--good:#4cc26a;--bad:#ff7b72;--third:#e0a458}}
      *{box-sizing:border-box}
      body{margin:0 auto;padding:2rem 1.25rem 4rem;max-width:62rem;background:var(--paper);color:var(--ink);\
      font:16px/1.5 system-ui,sans-serif}
      h1{font-size:1.7rem;margin:0}h2{font-size:1.15rem;margin:2.5rem 0 .5rem}
      p{margin:.4rem 0;color:var(--soft)}
      .scroll{overflow-x:auto}
      table{border-collapse:collapse;width:100%;font-size:.9rem}
      th,td{text-align:left;padding:.35rem .6rem;border-bottom:1px solid var(--line);vertical-align:top}
      th{color:var(--soft);font-weight:600}
      td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
      .met{color:var(--good)}.missed{color:var(--bad);font-weight:700}.undecided{color:var(--third)}
      .not{color:var(--soft)}.more{color:var(--bad)}.less{color:var(--good)}
      .counts{display:flex;flex-wrap:wrap;gap:1rem 2.5rem;list-style:none;padding:0;margin:1.5rem 0}
      .counts strong{display:block;font-size:2.4rem;line-height:1.1}.counts li{font-weight:400}
      .between{stroke:currentColor;stroke-width:3;stroke-opacity:.45;stroke-linecap:round}
      .now{fill:currentColor}.then{fill:none;stroke:var(--soft);stroke-width:1.5}
      svg{display:block;width:100%;height:auto;font:13px system-ui,sans-serif}
      svg text{fill:var(--ink)}svg .soft{fill:var(--soft)}
      .ours{fill:var(--ours)}.other{fill:var(--other)}.axis{stroke:var(--line);fill:none}
      .goal{stroke:var(--bad);stroke-dasharray:4 3}
      pre{white-space:pre-wrap;color:var(--bad)}
      """;

  private final Result result;
  private final @Nullable Kept kept;

  /** A page of one run, beside a former one where there is one. */
  Report(Result result, @Nullable Kept kept) {
    this.result = result;
    this.kept = kept;
  }

  String html() {
    StringBuilder out = new StringBuilder();
    out.append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n")
        .append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n")
        .append("<title>Rollcall: benchmarks</title>\n<style>\n")
        .append(STYLE)
        .append("</style>\n</head>\n<body>\n<h1>Rollcall: benchmarks</h1>\n<p>")
        .append(escape(result.when() + ", " + result.mode() + ". " + result.machine()))
        .append(".</p>\n");
    counts(out);
    forests(out);
    changes(out);
    table(out);
    out.append("<h2>In numbers</h2>\n<p>Absolute numbers are this machine's. A score is the lower")
        .append(
            " quartile of all turns; bars end at it, or at 8 times the first, and the thin line")
        .append(" reaches from the least turn to the greatest.</p>\n");
    charts(out);
    figures(out);
    if (!result.failures().isEmpty()) {
      out.append("<h2>What failed</h2>\n<pre>");
      result.failures().forEach(failure -> out.append(escape(failure)).append('\n'));
      out.append("</pre>\n");
    }
    return out.append("</body>\n</html>\n").toString();
  }

  private void counts(StringBuilder out) {
    out.append("<ul class=\"counts\">\n");
    for (Verdict verdict : Verdict.values()) {
      long count = result.outcomes().stream().filter(one -> one.verdict() == verdict).count();
      out.append("<li class=\"")
          .append(style(verdict))
          .append("\"><strong>")
          .append(count)
          .append("</strong> ")
          .append(verdict.text.toLowerCase(Locale.ROOT))
          .append("</li>\n");
    }
    out.append("</ul>\n");
  }

  /** One drawing a group; a group of which nothing was run has none. */
  private void forests(StringBuilder out) {
    Map<String, List<Outcome>> groups = new LinkedHashMap<>();
    for (Outcome outcome : result.outcomes()) {
      if (outcome.wasRun()) {
        groups.computeIfAbsent(outcome.goal().group(), any -> new ArrayList<>()).add(outcome);
      }
    }
    out.append("<p>Each dot is a row, the bar through it what it may be as well, with 99 % of")
        .append(" certainty where it is timed, and the red line its goal: left of it is better.")
        .append(kept == null ? "" : " A ring is what it was on " + escape(kept.when()) + ".")
        .append("</p>\n");
    groups.forEach(
        (group, of) -> {
          out.append("<h2>").append(escape(group)).append("</h2>\n");
          out.append(Forest.draw(of, kept));
        });
  }

  private void changes(StringBuilder out) {
    if (kept == null) {
      return;
    }
    List<Outcome> changed =
        result.outcomes().stream().filter(one -> !kept.since(one).isEmpty()).toList();
    out.append("<h2>Changed since ").append(escape(kept.when())).append("</h2>\n");
    if (changed.isEmpty()) {
      out.append(
          "<p>No row is known to have changed: where both have one, the intervals meet.</p>\n");
      return;
    }
    out.append("<ul>\n");
    for (Outcome one : changed) {
      Kept.Row then = kept.rows().get(one.goal().row());
      out.append("<li class=\"")
          .append(kept.since(one))
          .append("\">")
          .append(
              escape(
                  one.goal().row()
                      + ": "
                      + Table.number(then.interval().value())
                      + " → "
                      + Table.number(one.interval().value())
                      + ", "
                      + one.verdict().text.toLowerCase(Locale.ROOT)))
          .append("</li>\n");
    }
    out.append("</ul>\n");
  }

  private void table(StringBuilder out) {
    out.append("<h2>Row by row</h2>\n<div class=\"scroll\"><table>\n<tr><th>what</th>")
        .append("<th class=\"n\">measured</th><th class=\"n\">between</th>")
        .append(kept == null ? "" : "<th class=\"n\">it was</th>")
        .append("<th class=\"n\">goal</th><th></th>")
        .append("<th class=\"n\">B/op</th><th>relative to</th></tr>\n");
    for (Outcome outcome : result.outcomes()) {
      Goal goal = outcome.goal();
      out.append("<tr><td>").append(escape(goal.row())).append("</td>");
      number(out, Table.number(outcome.interval().value()));
      number(out, Table.between(outcome.interval()));
      if (kept != null) {
        Kept.@Nullable Row then = kept.rows().get(goal.row());
        number(out, then == null ? "" : Table.number(then.interval().value()));
      }
      number(out, "≤ " + Table.number(goal.atMost()));
      out.append("<td class=\"")
          .append(style(outcome.verdict()))
          .append("\">")
          .append(outcome.verdict().text)
          .append("</td>");
      number(out, Table.number(outcome.bytesPerOp()));
      out.append("<td>").append(escape(goal.against())).append("</td></tr>\n");
    }
    out.append("</table></div>\n");
  }

  private static void number(StringBuilder out, String number) {
    out.append("<td class=\"n\">").append(number).append("</td>");
  }

  /** The class that a verdict has on the page. */
  static String style(Verdict verdict) {
    return switch (verdict) {
      case MET -> "met";
      case MISSED -> "missed";
      case UNDECIDED -> "undecided";
      case NOT_RUN -> "not";
    };
  }

  private void charts(StringBuilder out) {
    Map<String, List<Measurement>> charts = new LinkedHashMap<>();
    for (Measurement one : result.measurements().values()) {
      if (!one.of().chart().isEmpty()) {
        charts.computeIfAbsent(one.of().chart(), any -> new ArrayList<>()).add(one);
      }
    }
    charts.forEach(
        (title, of) -> {
          out.append("<h2>").append(escape(title)).append("</h2>\n");
          if (title.equals(Plan.GROWTH)) {
            out.append(Chart.growth(of));
          } else if (!of.get(0).percentiles().isEmpty()) {
            out.append(Chart.distribution(of));
          } else {
            out.append(Chart.bars(of));
          }
        });
  }

  private void figures(StringBuilder out) {
    List<Measurement> figures =
        result.measurements().values().stream().filter(Fleets::isFigure).toList();
    if (figures.isEmpty()) {
      return;
    }
    out.append("<h2>What a fleet pays</h2>\n<div class=\"scroll\"><table>\n<tr><th>what</th>")
        .append("<th class=\"n\">measured</th><th></th></tr>\n");
    for (Measurement figure : figures) {
      out.append("<tr><td>")
          .append(escape(figure.of().label()))
          .append("</td><td class=\"n\">")
          .append(Table.number(figure.score()))
          .append("</td><td>")
          .append(escape(figure.unit()))
          .append("</td></tr>\n");
    }
    out.append("</table></div>\n");
  }

  /** Text as it may stand in an element or an attribute. */
  static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
