package dev.rollcall.bench;

import dev.rollcall.bench.Goal.Outcome;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

/** A run as it was once recorded: some goals met, some missed, one undecided, the rest not run. */
final class Recorded {
  static final String HOSTILE = "<b>&\"machine\"</b>";

  private Recorded() {}

  static Result run() {
    Rounds measured = new Rounds();
    for (Case one : Plan.cases()) {
      switch (one.id()) {
        case "list.map.1t" -> put(measured, one, 10, 0, List.of());
        case "list.rollcall.1t" -> put(measured, one, 11, 0.001, List.of());
        case "pick.map.1t" -> put(measured, one, 15, 0, List.of());
        case "pick.rollcall.1t" -> put(measured, one, 45, 16, List.of());
        case "pick.roundRobin.1t" ->
            measured.add(
                List.of(one),
                List.of(new Gauge.Round(varying(18), 0, List.of(), "ns"))); // about the goal
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
        measured.measurements(),
        outcomes,
        List.of("a case: it <failed>\n\"for\" a reason"));
  }

  private static void put(Rounds all, Case of, double score, double bytes, List<Double> tail) {
    List<Double> turns = Collections.nCopies(20, score);
    all.add(List.of(of), List.of(new Gauge.Round(turns, bytes, tail, "ns")));
  }

  private static List<Double> varying(double score) {
    return IntStream.range(0, 20).mapToObj(turn -> score * (0.9 + turn / 100.0)).toList();
  }
}
