package dev.rollcall.bench;

import dev.rollcall.bench.Goal.Outcome;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Writes results as JSON. What was not measured is null. */
final class Json {
  private Json() {}

  /** One row of the goal table, on one line. */
  static String line(Outcome outcome) {
    Goal goal = outcome.goal();
    return "{\"row\":"
        + text(goal.row())
        + ",\"ratio\":"
        + number(outcome.interval().value())
        + ",\"low\":"
        + number(outcome.interval().low())
        + ",\"high\":"
        + number(outcome.interval().high())
        + ",\"goal\":"
        + number(goal.atMost())
        + ",\"met\":"
        + met(outcome.verdict())
        + ",\"verdict\":"
        + text(outcome.verdict().text.toLowerCase(Locale.ROOT))
        + ",\"bytesPerOp\":"
        + number(outcome.bytesPerOp())
        + (outcome.wasRun() ? "" : ",\"notRun\":\"not part of this run\"")
        + "}";
  }

  /** Null where nobody can say. */
  private static String met(Verdict verdict) {
    return verdict == Verdict.MET ? "true" : verdict == Verdict.MISSED ? "false" : "null";
  }

  /** Everything. */
  static String report(Result result) {
    return "{\n\"machine\":"
        + text(result.machine().toString())
        + ",\n\"when\":"
        + text(result.when())
        + ",\n\"mode\":"
        + text(result.mode())
        + ",\n\"goals\":[\n"
        + result.outcomes().stream().map(Json::line).collect(Collectors.joining(",\n"))
        + "\n],\n\"measurements\":[\n"
        + result.measurements().values().stream()
            .map(Json::measurement)
            .collect(Collectors.joining(",\n"))
        + "\n],\n\"failures\":["
        + result.failures().stream().map(Json::text).collect(Collectors.joining(","))
        + "]\n}\n";
  }

  private static String measurement(Measurement one) {
    return "{\"id\":"
        + text(one.of().id())
        + ",\"group\":"
        + text(one.of().group())
        + ",\"label\":"
        + text(one.of().label())
        + ",\"threads\":"
        + one.of().threads()
        + ",\"score\":"
        + number(one.score())
        + ",\"low\":"
        + number(one.low())
        + ",\"high\":"
        + number(one.high())
        + ",\"unit\":"
        + text(one.unit())
        + ",\"bytesPerOp\":"
        + number(one.bytesPerOp())
        + ",\"percentiles\":"
        + numbers(one.percentiles())
        + "}";
  }

  private static String numbers(List<Double> numbers) {
    return numbers.stream().map(Json::number).collect(Collectors.joining(",", "[", "]"));
  }

  private static String number(double value) {
    return Double.isFinite(value) ? String.format(Locale.ROOT, "%.4f", value) : "null";
  }

  static String text(String value) {
    StringBuilder out = new StringBuilder("\"");
    for (char c : value.toCharArray()) {
      if (c == '"' || c == '\\') {
        out.append('\\').append(c);
      } else if (c < ' ') {
        out.append(String.format("\\u%04x", (int) c));
      } else {
        out.append(c);
      }
    }
    return out.append('"').toString();
  }
}
