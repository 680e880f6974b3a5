package dev.rollcall.bench;

import dev.rollcall.bench.Goal.Outcome;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A run as it was once recorded: one goal met, one missed, the rest not run. */
final class Recorded {
  static final String HOSTILE = "<b>&\"machine\"</b>";

  private Recorded() {}

  static Result run() {
    Map<String, Measurement> measured = new LinkedHashMap<>();
    for (Case one : Plan.cases()) {
      switch (one.id()) {
        case "list.map.1t" -> put(measured, one, 10, 0, List.of());
        case "list.rollcall.1t" -> put(measured, one, 11, 0.001, List.of());
        case "pick.map.1t" -> put(measured, one, 15, 0, List.of());
        case "pick.rollcall.1t" -> put(measured, one, 45, 16, List.of());
        case "tail.rollcall" ->
            put(measured, one, 60, 0, List.of(60.0, 70.0, 90.0, 400.0, 21000.0));
        case "change.map.1000", "change.map.100000" -> put(measured, one, 60, 456, List.of());
        case "change.rollcall.1000", "change.rollcall.100000" ->
            put(measured, one, 150, 900, List.of());
        default -> {}
      }
    }
    List<Outcome> outcomes = Goals.table().stream().map(goal -> goal.judge(measured)).toList();
    return new Result(
        new Machine(HOSTILE, 2, "a JVM", "an OS", 0.5),
        "2026-11-21T02:00",
        "quick, rounds: 1",
        measured,
        outcomes,
        List.of("a case: it <failed>\n\"for\" a reason"));
  }

  private static void put(
      Map<String, Measurement> all, Case of, double score, double bytes, List<Double> tail) {
    all.put(of.id(), new Measurement(of, score, score * 0.9, score * 1.5, "ns", bytes, tail));
  }
}
