package dev.rollcall.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Draws measurements as SVG, in colours that the page names. */
final class Chart {
  private static final int WIDTH = 900;
  private static final int LEFT = 300;
  private static final int RIGHT = 230;
  private static final int MAX_RATIO = 8;
  private static final List<String> OURS = List.of("var(--ours)", "var(--third)", "var(--good)");

  private Chart() {}

  /** Bars, each with its ratio to the first: the limit. */
  static String bars(List<Measurement> of) {
    double limit = of.get(0).score();
    double greatest = of.stream().mapToDouble(Measurement::score).max().orElse(1);
    double most = Math.min(greatest, MAX_RATIO * limit); // one outlier must not flatten the rest
    int row = 30;
    StringBuilder out = open(of.size() * row + 8, "bars");
    for (int i = 0; i < of.size(); i++) {
      Measurement one = of.get(i);
      double scale = (WIDTH - LEFT - RIGHT) / most;
      int y = i * row + 6;
      text(out, LEFT - 10, y + 15, "end", "", one.of().label());
      out.append(
          format(
              "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"20\" rx=\"2\" class=\"%s\"/>\n",
              LEFT,
              y,
              Math.max(1, Math.min(one.score(), most) * scale),
              one.of().isOurs() ? "ours" : "other"));
      double from = LEFT + Math.min(one.low(), most) * scale;
      double to = LEFT + Math.min(one.high(), most) * scale;
      out.append(
          format(
              "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\" stroke=\"var(--ink)\" stroke-opacity=\"0.5\"/>\n",
              from, to, y + 10, y + 10));
      text(
          out,
          WIDTH - RIGHT + 10,
          y + 15,
          "start",
          "",
          Table.number(one.score())
              + " "
              + one.unit()
              + (i == 0 ? "" : "  " + Table.number(one.score() / limit) + " ×")
              + (Double.isNaN(one.bytesPerOp())
                  ? ""
                  : ", " + Table.number(Math.round(one.bytesPerOp() * 10) / 10.0) + " B"));
    }
    return out.append("</svg></div>\n").toString();
  }

  /** Time over the number of instances, both by powers of ten. */
  static String growth(List<Measurement> of) {
    Map<String, List<double[]>> lines = new LinkedHashMap<>();
    for (Measurement one : of) {
      String label = one.of().label();
      lines
          .computeIfAbsent(label.substring(0, label.lastIndexOf(", N")), any -> new ArrayList<>())
          .add(
              new double[] {
                Math.log10(Double.parseDouble(one.of().params().getOrDefault("instances", "1"))),
                one.score()
              });
    }
    return plot(lines, List.of("1,000", "10,000", "100,000", "1,000,000"), 3, "instances");
  }

  /** Time over the percentiles. */
  static String distribution(List<Measurement> of) {
    Map<String, List<double[]>> lines = new LinkedHashMap<>();
    for (Measurement one : of) {
      List<double[]> points = new ArrayList<>();
      for (int i = 0; i < one.percentiles().size(); i++) {
        points.add(new double[] {i, one.percentiles().get(i)});
      }
      lines.put(one.of().label(), points);
    }
    return plot(lines, Measurement.PERCENTILES, 0, "of all calls");
  }

  private static String plot(
      Map<String, List<double[]>> lines, List<String> marks, double first, String axis) {
    double least = Double.MAX_VALUE;
    double most = 1;
    for (List<double[]> line : lines.values()) {
      for (double[] point : line) {
        least = Math.min(least, point[1]);
        most = Math.max(most, point[1]);
      }
    }
    int low = (int) Math.floor(Math.log10(Math.max(0.1, least)));
    int high = Math.max(low + 1, (int) Math.ceil(Math.log10(most)));
    int left = 90;
    int top = 12;
    int height = 240;
    int width = WIDTH - left - 20;
    StringBuilder out = open(top + height + 50 + 22 * lines.size(), axis);
    for (int power = low; power <= high; power++) {
      int y = top + height - height * (power - low) / (high - low);
      out.append(
          format(
              "<line class=\"axis\" x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>\n",
              left, left + width, y, y));
      text(out, left - 10, y + 4, "end", "soft", nanos(Math.pow(10, power)));
    }
    double step = (double) width / marks.size();
    for (int i = 0; i < marks.size(); i++) {
      text(out, left + step * (i + 0.5), top + height + 20, "middle", "soft", marks.get(i));
    }
    int index = 0;
    int oursSoFar = 0;
    for (Map.Entry<String, List<double[]>> line : lines.entrySet()) {
      boolean ours = line.getKey().startsWith("Rollcall");
      String colour = ours ? OURS.get(oursSoFar++ % OURS.size()) : "var(--other)";
      StringBuilder points = new StringBuilder();
      for (double[] point : line.getValue()) {
        double x = left + step * (point[0] - first + 0.5);
        double y =
            top + height - height * (Math.log10(Math.max(0.1, point[1])) - low) / (high - low);
        points.append(format("%.1f,%.1f ", x, y));
        out.append(format("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"%s\"/>\n", x, y, colour));
      }
      out.append(
          format(
              "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"/>\n",
              points.toString().strip(), colour));
      int y = top + height + 48 + 22 * index;
      out.append(
          format(
              "<rect x=\"%d\" y=\"%d\" width=\"14\" height=\"14\" rx=\"2\" fill=\"%s\"/>\n",
              left, y - 11, colour));
      StringBuilder values = new StringBuilder();
      for (double[] point : line.getValue()) {
        values.append(values.isEmpty() ? ": " : " · ").append(nanos(point[1]));
      }
      text(out, left + 22, y, "start", "", line.getKey() + values);
      index++;
    }
    return out.append("</svg></div>\n").toString();
  }

  private static String nanos(double nanos) {
    return nanos >= 1e9
        ? Table.number(nanos / 1e9) + " s"
        : nanos >= 1e6
            ? Table.number(nanos / 1e6) + " ms"
            : nanos >= 1e3 ? Table.number(nanos / 1e3) + " µs" : Table.number(nanos) + " ns";
  }

  private static StringBuilder open(int height, String what) {
    return new StringBuilder(
        format(
            "<div class=\"scroll\"><svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">\n",
            WIDTH, height, Report.escape(what)));
  }

  private static void text(
      StringBuilder out, double x, double y, String anchor, String style, String text) {
    out.append(
        format(
            "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\"%s>",
            x, y, anchor, style.isEmpty() ? "" : " class=\"" + style + "\""));
    out.append(Report.escape(text)).append("</text>\n");
  }

  private static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
