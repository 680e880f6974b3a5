package dev.rollcall.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A run that was kept: the goals of its {@code results.json}.
 *
 * @param when its date and time
 * @param rows what was measured, by the row's name; without what was not run
 */
record Kept(String when, Map<String, Row> rows) {
  /**
   * One row.
   *
   * @param interval the ratio, and what it may be
   * @param verdict as it stands in the file
   */
  record Row(Interval interval, String verdict) {}

  /** Returns the run in a file. */
  static Kept read(Path file) throws IOException {
    JsonNode all = new ObjectMapper().readTree(Files.readString(file));
    Map<String, Row> rows = new LinkedHashMap<>();
    for (JsonNode goal : all.path("goals")) {
      if (goal.path("ratio").isNumber()) {
        Interval interval =
            new Interval(number(goal, "ratio"), number(goal, "low"), number(goal, "high"));
        rows.put(goal.path("row").asText(), new Row(interval, goal.path("verdict").asText()));
      }
    }
    return new Kept(all.path("when").asText(), rows);
  }

  private static double number(JsonNode goal, String field) {
    return goal.path(field).asDouble(Double.NaN);
  }

  /** Tells what has become of a row since; empty where nothing is known to have changed. */
  String since(Goal.Outcome now) {
    @Nullable Row then = rows.get(now.goal().row());
    if (then == null || !now.wasRun()) {
      return "";
    }
    if (!now.interval().isApartFrom(then.interval())) { // nor where either has no bounds
      return "";
    }
    return now.interval().value() > then.interval().value() ? "more" : "less";
  }
}
