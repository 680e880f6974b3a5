package dev.rollcall.bench;

import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Measures cases in rounds: what a row of the goal table compares is measured together, everything
 * once a round, and what is undecided then in some rounds more. What fails is told and left out.
 * One thread's.
 */
final class Session {
  private final Gauge gauge;
  private final Gauge.Pace pace;
  private final List<Goal> goals;
  private final PrintWriter out;
  private final List<String> failures = new ArrayList<>();
  private final Rounds rounds = new Rounds();

  Session(Gauge.Pace pace, List<Goal> goals, PrintWriter out) {
    this.gauge = new Gauge(pace);
    this.pace = pace;
    this.goals = goals;
    this.out = out;
  }

  /** Returns what went wrong, a case a line. */
  List<String> failures() {
    return failures;
  }

  /** Runs everything; returns what it gave. */
  Rounds run(List<Case> cases) throws InterruptedException {
    List<List<Case>> all = together(cases, goals);
    double left = all.stream().mapToDouble(pace::seconds).sum() * pace.rounds();
    try (Servers servers = new Servers()) {
      for (String group : cases.stream().map(Case::group).distinct().toList()) {
        List<List<Case>> open =
            new ArrayList<>(all.stream().filter(set -> group.equals(set.get(0).group())).toList());
        for (int round = 1; round <= pace.most() && !open.isEmpty(); round++) {
          for (List<Case> set : List.copyOf(open)) {
            say(group, round, set, left);
            if (!measure(set, servers)) {
              open.remove(set);
            }
            left -= round <= pace.rounds() ? pace.seconds(set) : 0;
          }
          if (round >= pace.rounds()) {
            open.removeIf(this::isDecided);
          }
        }
      }
    }
    return rounds;
  }

  /**
   * Returns what is measured together: for each row the benchmarks that it is made of, or the
   * probes; and each case that is in none of these by itself.
   */
  static List<List<Case>> together(List<Case> cases, List<Goal> goals) {
    Map<String, Case> byId = new HashMap<>();
    cases.forEach(one -> byId.put(one.id(), one));
    Set<List<Case>> sets = new LinkedHashSet<>();
    for (Goal goal : goals) {
      if (goal.needs().size() > 1 && !goal.counted() && byId.keySet().containsAll(goal.needs())) {
        sets.add(goal.needs().stream().map(id -> byId.get(id)).toList());
      }
    }
    Set<Case> taken = sets.stream().flatMap(List::stream).collect(Collectors.toSet());
    for (Case one : cases) {
      if (!taken.contains(one)) {
        sets.add(List.of(one));
      }
    }
    return List.copyOf(sets);
  }

  private boolean measure(List<Case> set, Servers servers) throws InterruptedException {
    try {
      rounds.add(
          set,
          gauge.measure(
              set.stream().map(one -> Subject.here(one, arguments(one, servers))).toList()));
      return true;
    } catch (IOException | RuntimeException failed) {
      failures.add(label(set) + ": " + failed.getMessage());
      out.println("  failed: " + failed.getMessage());
      return false;
    }
  }

  /** Tells whether another round would change no verdict. */
  private boolean isDecided(List<Case> set) {
    List<String> ids = set.stream().map(Case::id).toList();
    return goals.stream()
        .filter(goal -> goal.needs().equals(ids))
        .noneMatch(goal -> goal.judge(rounds).verdict() == Verdict.UNDECIDED);
  }

  /** Returns what the JVM of a case is told. */
  static List<String> arguments(Case one, Servers servers) {
    if (one.server().isPresent()) {
      return List.of(servers.argument(one.server().get()));
    }
    if (one.benchmark().equals("Probe.serve")) {
      return List.of("-D" + Probe.LAUNCHER + "=" + System.getProperty(Probe.LAUNCHER));
    }
    return List.of();
  }

  private void say(String group, int round, List<Case> set, double left) {
    out.printf(
        Locale.ROOT,
        "%s, round %d: %s; %s%n",
        group,
        round,
        label(set),
        round > pace.rounds() ? "not decided yet" : "about " + time(left) + " left");
    out.flush();
  }

  private static String label(List<Case> set) {
    String labels = set.stream().map(Case::label).collect(Collectors.joining(" | "));
    String chart = set.get(0).chart();
    return chart.isEmpty() ? labels : chart + ": " + labels;
  }

  private static String time(double seconds) {
    Duration left = Duration.ofSeconds(Math.max(0, Math.round(seconds)));
    return left.toMinutes() > 0
        ? left.toMinutes() + " min " + left.toSecondsPart() + " s"
        : left.toSecondsPart() + " s";
  }
}
