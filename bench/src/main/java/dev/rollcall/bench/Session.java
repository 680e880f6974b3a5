package dev.rollcall.bench;

import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Measures cases in rounds: what is compared is measured in turn, so that a machine that is slow
 * for a while is slow for all of them. A case that fails is told and left out. One thread's.
 */
final class Session {
  private final Gauge gauge;
  private final Gauge.Pace pace;
  private final PrintWriter out;
  private final List<String> failures = new ArrayList<>();

  Session(Gauge gauge, Gauge.Pace pace, PrintWriter out) {
    this.gauge = gauge;
    this.pace = pace;
    this.out = out;
  }

  /** Returns what went wrong, a case a line. */
  List<String> failures() {
    return failures;
  }

  /** Runs everything; returns the measurements by their case's id. */
  Map<String, Measurement> run(List<Case> cases) throws InterruptedException {
    Map<Case, List<Gauge.Round>> rounds = new LinkedHashMap<>();
    double planned = 0;
    for (Case one : cases) {
      planned += pace.seconds(one) * times(one);
    }
    double done = 0;
    long began = System.nanoTime();
    int count = 0;
    int total = cases.stream().mapToInt(this::times).sum();
    try (Servers servers = new Servers()) {
      for (String group : Plan.GROUPS) {
        for (int round = 0; round < pace.rounds(); round++) {
          for (Case one : cases) {
            if (!one.group().equals(group) || round >= times(one)) {
              continue;
            }
            say(++count, total, one, left(began, done, planned));
            try {
              Gauge.Round result = gauge.measure(one, arguments(one, servers));
              rounds.computeIfAbsent(one, any -> new ArrayList<>()).add(result);
            } catch (IOException | RuntimeException failed) {
              failures.add(one.label() + ": " + failed.getMessage());
              out.println("  failed: " + failed.getMessage());
            }
            done += pace.seconds(one);
          }
        }
      }
    }
    return Gauge.combine(rounds);
  }

  private int times(Case one) {
    return one.isProbe() && one.heapMegabytes() > 2000 ? 1 : pace.rounds();
  }

  private static List<String> arguments(Case one, Servers servers) {
    if (one.server().isPresent()) {
      return List.of(servers.argument(one.server().get()));
    }
    if (one.benchmark().equals("Probe.serve")) {
      return List.of("-D" + Probe.LAUNCHER + "=" + System.getProperty(Probe.LAUNCHER));
    }
    return List.of();
  }

  private void say(int count, int total, Case one, double left) {
    out.printf(
        Locale.ROOT,
        "[%d/%d] %s: %s%s; about %s left%n",
        count,
        total,
        one.group(),
        one.chart().isEmpty() ? "" : one.chart() + ": ",
        one.label(),
        time(left));
    out.flush();
  }

  /** What is planned and not done, at the pace at which it has gone so far. */
  private static double left(long began, double done, double planned) {
    double took = (System.nanoTime() - began) / 1e9;
    return (planned - done) * (done > 10 ? took / done : 1);
  }

  private static String time(double seconds) {
    Duration left = Duration.ofSeconds(Math.round(seconds));
    return left.toMinutes() > 0
        ? left.toMinutes() + " min " + left.toSecondsPart() + " s"
        : left.toSecondsPart() + " s";
  }
}
