package dev.rollcall.bench;

import dev.rollcall.bench.Goal.Outcome;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

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
      .met{color:var(--good)}.missed{color:var(--bad);font-weight:700}.not{color:var(--soft)}
      svg{display:block;width:100%;height:auto;font:13px system-ui,sans-serif}
      svg text{fill:var(--ink)}svg .soft{fill:var(--soft)}
      .ours{fill:var(--ours)}.other{fill:var(--other)}.axis{stroke:var(--line);fill:none}
      .goal{stroke:var(--bad);stroke-dasharray:4 3}
      pre{white-space:pre-wrap;color:var(--bad)}
      """;

  private final Result result;

  Report(Result result) {
    this.result = result;
  }

  String html() {
    StringBuilder out = new StringBuilder();
    out.append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n")
        .append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n")
        .append("<title>Rollcall: benchmarks</title>\n<style>\n")
        .append(STYLE)
        .append("</style>\n</head>\n<body>\n<h1>Rollcall: benchmarks</h1>\n<p>")
        .append(escape(result.when() + ", " + result.mode() + ". " + result.machine()))
        .append(".</p>\n<p>Only ratios within this run count. A score is the lower quartile of all")
        .append(
            " iterations; bars end at the score, or at 8 times the first, and the thin line reaches")
        .append(" from the least iteration to the greatest.</p>\n");
    goals(out);
    charts(out);
    figures(out);
    if (!result.failures().isEmpty()) {
      out.append("<h2>What failed</h2>\n<pre>");
      result.failures().forEach(failure -> out.append(escape(failure)).append('\n'));
      out.append("</pre>\n");
    }
    return out.append("</body>\n</html>\n").toString();
  }

  private void goals(StringBuilder out) {
    long run = result.outcomes().stream().filter(Outcome::wasRun).count();
    long met = result.outcomes().stream().filter(o -> o.wasRun() && o.met()).count();
    out.append("<h2>Goals: ")
        .append(met)
        .append(" met, ")
        .append(run - met)
        .append(" missed, ")
        .append(result.outcomes().size() - run)
        .append(" not run</h2>\n<div class=\"scroll\"><table>\n<tr><th>what</th>")
        .append("<th class=\"n\">measured</th><th class=\"n\">goal</th><th></th>")
        .append("<th class=\"n\">B/op</th><th>relative to</th></tr>\n");
    for (Outcome outcome : result.outcomes()) {
      Goal goal = outcome.goal();
      String verdict = Table.verdict(outcome);
      out.append("<tr><td>")
          .append(escape(goal.row()))
          .append("</td><td class=\"n\">")
          .append(Table.number(outcome.value()))
          .append("</td><td class=\"n\">≤ ")
          .append(Table.number(goal.atMost()))
          .append("</td><td class=\"")
          .append(verdict.equals("not run") ? "not" : verdict.toLowerCase(java.util.Locale.ROOT))
          .append("\">")
          .append(verdict)
          .append("</td><td class=\"n\">")
          .append(Table.number(outcome.bytesPerOp()))
          .append("</td><td>")
          .append(escape(goal.against()))
          .append("</td></tr>\n");
    }
    out.append("</table></div>\n");
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
