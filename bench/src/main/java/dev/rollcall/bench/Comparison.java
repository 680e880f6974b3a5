package dev.rollcall.bench;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Measures the cases of this checkout and the same ones of another commit by turns, and tells which
 * of them differ. One thread's.
 */
final class Comparison {
  private static final String THERE = " there";

  private final Commit other;
  private final Gauge.Pace pace;
  private final PrintWriter out;
  private final Rounds rounds = new Rounds();
  private final List<String> failures = new ArrayList<>();

  Comparison(Commit other, Gauge.Pace pace, PrintWriter out) {
    this.other = other;
    this.pace = pace;
    this.out = out;
  }

  /** Tells whether a case can be compared: one that rests while another commit has its turn. */
  static boolean takes(Case one) {
    return one.isOurs() && !one.params().containsKey("writes") && !one.chart().equals(Plan.TAIL);
  }

  /** Measures all of them and prints what came of it; returns what could not be measured. */
  List<String> run(List<Case> cases) throws InterruptedException {
    Gauge gauge = new Gauge(pace);
    List<Case> open = new ArrayList<>(cases);
    try (Servers servers = new Servers()) {
      for (int round = 1; round <= pace.rounds(); round++) {
        for (Case one : List.copyOf(open)) {
          out.printf("round %d of %d: %s%n", round, pace.rounds(), one.label());
          out.flush();
          try {
            measure(one, gauge, servers);
          } catch (IOException | RuntimeException failed) {
            failures.add(name(one) + ": " + failed.getMessage());
            open.remove(one);
          }
        }
      }
    }
    print(open);
    return failures;
  }

  private void measure(Case one, Gauge gauge, Servers servers)
      throws IOException, InterruptedException {
    Case there = one.named(one.id() + THERE);
    List<String> arguments = new ArrayList<>(Session.arguments(one, servers));
    Subject here = Subject.here(one, List.copyOf(arguments));
    arguments.add("-D" + Probe.LAUNCHER + "=" + other.launcher());
    rounds.add(
        List.of(one, there),
        gauge.measure(List.of(here, new Subject(there, other.classPath(), arguments))));
  }

  /** Returns the row by which one case is compared: what it is here, relative to there. */
  static Goal row(Case one) {
    String there = one.id() + THERE;
    return new Goal(
        name(one),
        one.group(),
        "× there",
        1,
        List.of(one.id(), there),
        all -> all.get(one.id()).score() / all.get(there).score(),
        one.id());
  }

  private static String name(Case one) {
    return one.chart().isEmpty() ? one.label() : one.chart() + ": " + one.label();
  }

  /** What a ratio to another commit says. */
  static String verdict(Interval ratio) {
    if (!ratio.isBounded()) {
      return "not known";
    }
    return ratio.low() > 1 ? "SLOWER" : ratio.high() < 1 ? "FASTER" : "";
  }

  private void print(List<Case> measured) {
    Map<String, Measurement> all = rounds.measurements();
    out.printf("%n%-62s %10s %10s %8s %15s%n", "", other.name(), "here", "ratio", "between");
    int differ = 0;
    for (Case one : measured) {
      Interval ratio = row(one).judge(rounds).interval();
      Measurement here = all.get(one.id());
      Measurement there = all.get(one.id() + THERE);
      String verdict = verdict(ratio);
      differ += verdict.equals("SLOWER") || verdict.equals("FASTER") ? 1 : 0;
      out.printf(
          Locale.ROOT,
          "%-62s %10s %10s %8s %15s  %s%s%n",
          name(one),
          Table.number(there.score()),
          Table.number(here.score()),
          Table.number(ratio.value()),
          Table.between(ratio),
          verdict,
          bytes(here, there));
    }
    out.printf("%n%d of %d differ beyond noise.%n", differ, measured.size());
    failures.forEach(one -> out.println("not compared: " + one.lines().findFirst().orElse("")));
  }

  private static String bytes(Measurement here, Measurement there) {
    double more = here.bytesPerOp() - there.bytesPerOp();
    return !(Math.abs(more) >= 0.5)
        ? ""
        : String.format(
            Locale.ROOT, "  %.0f B in place of %.0f", here.bytesPerOp(), there.bytesPerOp());
  }
}
