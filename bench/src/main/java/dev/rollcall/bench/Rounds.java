package dev.rollcall.bench;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** All that was measured so far, by what was measured together. One thread's. */
final class Rounds {
  private final Map<String, Case> cases = new LinkedHashMap<>();
  private final Map<List<String>, List<Map<String, Gauge.Round>>> together = new LinkedHashMap<>();

  /** Adds one round of cases that were measured together, each with what it gave. */
  void add(List<Case> measured, List<Gauge.Round> gave) {
    Map<String, Gauge.Round> round = new LinkedHashMap<>();
    for (int i = 0; i < measured.size(); i++) {
      cases.put(measured.get(i).id(), measured.get(i));
      round.put(measured.get(i).id(), gave.get(i));
    }
    together.computeIfAbsent(List.copyOf(round.keySet()), any -> new ArrayList<>()).add(round);
  }

  Case named(String id) {
    Case found = cases.get(id);
    if (found == null) {
      throw new IllegalArgumentException(id);
    }
    return found;
  }

  /**
   * Returns the rounds of some cases: those in which they were measured together, where there are
   * any; else the first of each, the second of each, and so on. None, where one was not measured.
   */
  List<Map<String, Gauge.Round>> of(List<String> needs) {
    List<Map<String, Gauge.Round>> found = together.get(needs);
    if (found != null) {
      return found;
    }
    List<Map<String, Gauge.Round>> rounds = new ArrayList<>();
    Map<String, List<Gauge.Round>> all = byCase();
    int count =
        needs.stream().mapToInt(id -> all.getOrDefault(id, List.of()).size()).min().orElse(0);
    for (int i = 0; i < count; i++) {
      Map<String, Gauge.Round> round = new HashMap<>();
      for (String need : needs) {
        round.put(need, all.getOrDefault(need, List.of()).get(i));
      }
      rounds.add(round);
    }
    return rounds;
  }

  /** Returns what each case gave in all of its rounds, by its id. */
  Map<String, Measurement> measurements() {
    Map<String, Measurement> all = new LinkedHashMap<>();
    byCase().forEach((id, rounds) -> all.put(id, Gauge.combine(named(id), rounds)));
    return all;
  }

  private Map<String, List<Gauge.Round>> byCase() {
    Map<String, List<Gauge.Round>> all = new LinkedHashMap<>();
    for (List<Map<String, Gauge.Round>> rounds : together.values()) {
      for (Map<String, Gauge.Round> round : rounds) {
        round.forEach((id, one) -> all.computeIfAbsent(id, any -> new ArrayList<>()).add(one));
      }
    }
    return all;
  }
}
