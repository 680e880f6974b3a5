package dev.rollcall.bench;

import dev.rollcall.bench.fleet.Figure;
import dev.rollcall.bench.fleet.Scenario;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Runs the scenarios of a fleet and of the centre, one after the other and all of them again, and
 * judges their figures. A scenario that fails is told and left out. One thread's.
 */
final class Fleets {
  private static final List<String> STORES = List.of("Consul", "etcd");
  private static final String RAW = "× the raw client";
  private static final String MEMORY = "centre.memory.";

  /** What the raw client's own noise may add. */
  private static final double AS_THE_RAW_CLIENT = 1.05;

  private final PrintWriter out;
  private final List<String> failures = new ArrayList<>();

  Fleets(PrintWriter out) {
    this.out = out;
  }

  /** Returns what went wrong, a scenario a line. */
  List<String> failures() {
    return failures;
  }

  /** Returns the scenarios of some groups, as far as they can be run here. */
  static List<Scenario> of(List<String> groups) {
    List<Scenario> scenarios = Scenario.all();
    scenarios.removeIf(
        one ->
            !groups.contains(one.group())
                || (one.group().equals(Scenario.CENTRE)
                    && System.getProperty(Scenario.LAUNCHER, "").isEmpty()));
    return scenarios;
  }

  /** Runs them so often, each time in processes of their own; adds each figure as a round. */
  void run(List<Scenario> scenarios, boolean quick, int rounds, Rounds measured)
      throws InterruptedException {
    for (int i = 0; i < rounds * scenarios.size(); i++) {
      Scenario scenario = scenarios.get(i % scenarios.size());
      out.printf(
          "[%d/%d] %s: %s%n", i + 1, rounds * scenarios.size(), scenario.group(), scenario.label());
      out.flush();
      try {
        for (Figure figure : scenario.run(quick)) {
          measured.add(
              List.of(caseOf(scenario, figure)),
              List.of(
                  new Gauge.Round(List.of(figure.value()), Double.NaN, List.of(), figure.unit())));
        }
      } catch (IOException failed) {
        failures.add(scenario.label() + ": " + failed.getMessage());
        out.println("  failed: " + failed.getMessage());
      }
    }
  }

  private static Case caseOf(Scenario scenario, Figure figure) {
    return new Case(
        figure.id(),
        scenario.group(),
        "",
        figure.label(),
        scenario.program().getSimpleName(),
        Map.of(),
        1,
        false,
        scenario.heapMegabytes(),
        false);
  }

  /** Tells whether a measurement is a figure of a scenario. */
  static boolean isFigure(Measurement one) {
    return one.of().group().equals(Scenario.FLEET) || one.of().group().equals(Scenario.CENTRE);
  }

  /** The rows of the goal table. Of what is timed and ran once, nobody knows how it varies. */
  static List<Goal> goals() {
    List<Goal> table = new ArrayList<>();
    for (String store : STORES) {
      String word = store.toLowerCase(Locale.ROOT);
      String first = "first." + word + ".";
      table.add(asRaw("first registration, " + store + ", bytes", first + "register", ".bytes"));
      table.add(asRaw("first pick, " + store + ", CPU", first + "pick", ".cpu"));
      table.add(asRaw("first pick, " + store + ", bytes", first + "pick", ".bytes"));
      for (String size : List.of("10", "2000")) {
        String row = "an hour, " + store + ", " + Plan.grouped(size) + " services";
        String id = "idle." + word + "." + size;
        table.add(asRaw(row + ", idle, bytes", id, ".bytes"));
        table.add(asRaw(row + ", 100 changes, bytes", id, ".changing.bytes"));
      }
      table.add(
          fleet(
              "a deploy, " + store + ", bytes a change, 10 × the instances",
              "× with a tenth of them",
              1.2,
              "deploy." + word + ".many.bytes",
              "deploy." + word + ".few.bytes"));
      table.add(asRaw("many leases, " + store + ", CPU", "leases." + word, ".client"));
      table.add(asRaw("many leases, " + store + ", the store's CPU", "leases." + word, ".store"));
      table.add(
          single(
              "a herd, " + store + ", until it is calm",
              "s, the TTL",
              10,
              "herd." + word + ".calm"));
      table.add(single("a herd, " + store + ", LOST", "times", 1, "herd." + word + ".lost"));
    }
    String consul = "Consul's agent ÷ the centre";
    for (String kept : List.of("memory", "data")) {
      String with = kept.equals("data") ? ", with a data folder" : "";
      table.add(
          centre(
              "the centre, registrations" + with,
              consul,
              0.5,
              "centre.register.consul",
              "centre.register." + kept));
      table.add(
          centre(
              "the centre, renewals" + with,
              consul,
              1,
              "centre.renew.consul",
              "centre.renew." + kept));
    }
    for (String waiting : List.of("1", "100", "5000")) {
      table.add(
          centre(
              "the centre, " + Plan.grouped(waiting) + " waiting, the last is woken",
              "× Consul's agent, p50",
              1,
              "centre.wake." + waiting + ".memory",
              "centre.wake." + waiting + ".consul"));
    }
    table.add(
        centre(
            "the centre, memory with 10,000 instances",
            "× Consul's agent",
            1,
            MEMORY + "memory",
            MEMORY + "consul"));
    table.add(
        centre(
            "the centre, another client beside the worst reader, p99",
            "× beside nobody",
            2,
            "centre.reader.worst",
            "centre.reader.idle"));
    return table;
  }

  private static Goal asRaw(String row, String prefix, String what) {
    return fleet(row, RAW, AS_THE_RAW_CLIENT, prefix + ".rollcall" + what, prefix + ".raw" + what);
  }

  private static Goal fleet(String row, String against, double atMost, String ours, String limit) {
    return ratio(row, Scenario.FLEET, against, atMost, ours, limit);
  }

  private static Goal centre(
      String row, String against, double atMost, String value, String limit) {
    return ratio(row, Scenario.CENTRE, against, atMost, value, limit);
  }

  private static Goal ratio(
      String row, String group, String against, double atMost, String value, String limit) {
    return new Goal(
        row,
        group,
        against,
        atMost,
        List.of(value, limit),
        all -> Goals.at(all, value).score() / Goals.at(all, limit).score(),
        "",
        value.endsWith(".bytes") || value.startsWith(MEMORY));
  }

  private static Goal single(String row, String unit, double atMost, String id) {
    return new Goal(
        row,
        Scenario.FLEET,
        unit,
        atMost,
        List.of(id),
        all -> Goals.at(all, id).score(),
        "",
        id.endsWith(".lost"));
  }
}
